package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** A distance where the target is 1, and what it lacks to the margin where it is -1. PyTorch's HingeEmbeddingLoss. */
public final class HingeEmbeddingLoss extends Loss {
  private final double margin;

  public HingeEmbeddingLoss() {
    this(1, Reduction.MEAN);
  }

  public HingeEmbeddingLoss(double margin, Reduction reduction) {
    super(reduction);
    this.margin = margin;
  }

  public Tensor invoke(Tensor distance, Tensor target) {
    return distance.hingeEmbeddingLoss(target, margin, reduction());
  }

  @Override
  public List<Object> arguments() {
    return List.of(margin, reduction());
  }
}

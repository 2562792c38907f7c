package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Whether rows of a and b point the same way (target 1) or not (-1). PyTorch's CosineEmbeddingLoss. */
public final class CosineEmbeddingLoss extends Loss {
  private final double margin;

  public CosineEmbeddingLoss() {
    this(0, Reduction.MEAN);
  }

  public CosineEmbeddingLoss(double margin, Reduction reduction) {
    super(reduction);
    this.margin = margin;
  }

  public Tensor invoke(Tensor a, Tensor b, Tensor target) {
    return a.cosineEmbeddingLoss(b, target, margin, reduction());
  }

  @Override
  public List<Object> arguments() {
    return List.of(margin, reduction());
  }
}

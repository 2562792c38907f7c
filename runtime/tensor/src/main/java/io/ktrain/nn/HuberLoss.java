package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Half the squared difference up to delta, and a straight line from there (Huber 1964). PyTorch's HuberLoss. */
public final class HuberLoss extends Loss {
  private final double delta;

  public HuberLoss() {
    this(1, Reduction.MEAN);
  }

  public HuberLoss(double delta, Reduction reduction) {
    super(reduction);
    this.delta = delta;
  }

  public Tensor invoke(Tensor prediction, Tensor target) {
    return prediction.huberLoss(target, delta, reduction());
  }

  @Override
  public List<Object> arguments() {
    return List.of(delta, reduction());
  }
}

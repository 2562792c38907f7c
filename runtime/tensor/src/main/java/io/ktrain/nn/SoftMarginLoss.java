package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;

/** log(1 + exp(-target score)) for targets of 1 and -1. PyTorch's SoftMarginLoss. */
public final class SoftMarginLoss extends Loss {
  public SoftMarginLoss() {
    this(Reduction.MEAN);
  }

  public SoftMarginLoss(Reduction reduction) {
    super(reduction);
  }

  public Tensor invoke(Tensor scores, Tensor target) {
    return scores.softMarginLoss(target, reduction());
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;

/** The squared difference of prediction and target. PyTorch's MSELoss. */
public final class MSELoss extends Loss {
  public MSELoss() {
    this(Reduction.MEAN);
  }

  public MSELoss(Reduction reduction) {
    super(reduction);
  }

  public Tensor invoke(Tensor prediction, Tensor target) {
    return prediction.mseLoss(target, reduction());
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;

/** The absolute difference of prediction and target. PyTorch's L1Loss. */
public final class L1Loss extends Loss {
  public L1Loss() {
    this(Reduction.MEAN);
  }

  public L1Loss(Reduction reduction) {
    super(reduction);
  }

  public Tensor invoke(Tensor prediction, Tensor target) {
    return prediction.l1Loss(target, reduction());
  }
}

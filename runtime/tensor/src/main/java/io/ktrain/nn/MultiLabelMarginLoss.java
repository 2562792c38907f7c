package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;

/** Whether the scores of a row's labels, ended by -1, are above all others by 1. PyTorch's MultiLabelMarginLoss. */
public final class MultiLabelMarginLoss extends Loss {
  public MultiLabelMarginLoss() {
    this(Reduction.MEAN);
  }

  public MultiLabelMarginLoss(Reduction reduction) {
    super(reduction);
  }

  public Tensor invoke(Tensor scores, Tensor target) {
    return scores.multilabelMarginLoss(target, reduction());
  }
}

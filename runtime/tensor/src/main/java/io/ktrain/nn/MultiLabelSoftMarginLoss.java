package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Binary cross entropy of logits, averaged over the classes; weight: one number a class. PyTorch's MultiLabelSoftMarginLoss. */
public final class MultiLabelSoftMarginLoss extends Loss {
  private final @Nullable Tensor weight;

  public MultiLabelSoftMarginLoss() {
    this(null, Reduction.MEAN);
  }

  public MultiLabelSoftMarginLoss(@Nullable Tensor weight, Reduction reduction) {
    super(reduction);
    this.weight = weight == null ? null : registerBuffer("weight", weight);
  }

  public Tensor invoke(Tensor logits, Tensor target) {
    return logits.multilabelSoftMarginLoss(target, weight, reduction());
  }

  @Override
  public List<Object> arguments() {
    return Arrays.asList(weight, reduction());
  }
}

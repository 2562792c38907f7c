package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whether the label's score is above all others by the margin; weight: one number a class. PyTorch's MultiMarginLoss. */
public final class MultiMarginLoss extends Loss {
  private final int p;
  private final double margin;
  private final @Nullable Tensor weight;

  public MultiMarginLoss() {
    this(1, 1, null, Reduction.MEAN);
  }

  public MultiMarginLoss(int p, double margin, @Nullable Tensor weight, Reduction reduction) {
    super(reduction);
    this.p = p;
    this.margin = margin;
    this.weight = weight == null ? null : registerBuffer("weight", weight);
  }

  public Tensor invoke(Tensor scores, Tensor target) {
    return scores.multiMarginLoss(target, p, margin, weight, reduction());
  }

  @Override
  public List<Object> arguments() {
    return Arrays.asList(p, margin, weight, reduction());
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Minus the log probability [n, classes, ...] at the label [n, ...]; weight: one number a class. PyTorch's NLLLoss. */
public final class NLLLoss extends Loss {
  private final @Nullable Tensor weight;
  private final long ignoreIndex;

  public NLLLoss() {
    this(null, -100, Reduction.MEAN);
  }

  public NLLLoss(@Nullable Tensor weight, long ignoreIndex, Reduction reduction) {
    super(reduction);
    this.weight = weight == null ? null : registerBuffer("weight", weight);
    this.ignoreIndex = ignoreIndex;
  }

  public Tensor invoke(Tensor logProbabilities, Tensor target) {
    return logProbabilities.nllLoss(target, weight, ignoreIndex, reduction());
  }

  @Override
  public List<Object> arguments() {
    return Arrays.asList(weight, ignoreIndex, reduction());
  }
}

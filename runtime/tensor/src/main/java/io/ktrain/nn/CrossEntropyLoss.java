package io.ktrain.nn;

import io.ktrain.tensor.CrossEntropyOptions;
import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Of logits [n, classes, ...] and labels [n, ...], or probabilities; weight: one number a class. PyTorch's CrossEntropyLoss. */
public final class CrossEntropyLoss extends Loss {
  private final @Nullable Tensor weight;
  private final long ignoreIndex;
  private final double labelSmoothing;

  public CrossEntropyLoss() {
    this(null, -100, 0, Reduction.MEAN);
  }

  public CrossEntropyLoss(@Nullable Tensor weight, long ignoreIndex, double labelSmoothing, Reduction reduction) {
    super(reduction);
    this.weight = weight == null ? null : registerBuffer("weight", weight);
    this.ignoreIndex = ignoreIndex;
    this.labelSmoothing = labelSmoothing;
  }

  public Tensor invoke(Tensor logits, Tensor target) {
    return logits.crossEntropy(target, new CrossEntropyOptions(weight, labelSmoothing, ignoreIndex, reduction()));
  }

  @Override
  public List<Object> arguments() {
    return Arrays.asList(weight, ignoreIndex, labelSmoothing, reduction());
  }
}

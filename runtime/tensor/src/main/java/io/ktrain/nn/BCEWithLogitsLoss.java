package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Binary cross entropy of sigmoid(logits); posWeight multiplies what the positive ones count. PyTorch's BCEWithLogitsLoss. */
public final class BCEWithLogitsLoss extends Loss {
  private final @Nullable Tensor weight;
  private final @Nullable Tensor posWeight;

  public BCEWithLogitsLoss() {
    this(null, null, Reduction.MEAN);
  }

  public BCEWithLogitsLoss(@Nullable Tensor weight, @Nullable Tensor posWeight, Reduction reduction) {
    super(reduction);
    this.weight = weight == null ? null : registerBuffer("weight", weight);
    this.posWeight = posWeight == null ? null : registerBuffer("pos_weight", posWeight);
  }

  public Tensor invoke(Tensor logits, Tensor target) {
    return logits.bceWithLogits(target, weight, posWeight, reduction());
  }

  @Override
  public List<Object> arguments() {
    return Arrays.asList(weight, posWeight, reduction());
  }
}

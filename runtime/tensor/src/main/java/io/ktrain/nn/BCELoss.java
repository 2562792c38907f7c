package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Binary cross entropy of probabilities against targets in 0..1; weight: of the elements. PyTorch's BCELoss. */
public final class BCELoss extends Loss {
  private final @Nullable Tensor weight;

  public BCELoss() {
    this(null, Reduction.MEAN);
  }

  public BCELoss(@Nullable Tensor weight, Reduction reduction) {
    super(reduction);
    this.weight = weight == null ? null : registerBuffer("weight", weight);
  }

  public Tensor invoke(Tensor probabilities, Tensor target) {
    return probabilities.bceLoss(target, weight, reduction());
  }

  @Override
  public List<Object> arguments() {
    return Arrays.asList(weight, reduction());
  }
}

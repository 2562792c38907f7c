package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/** TripletMarginLoss by a distance of your own. PyTorch's TripletMarginWithDistanceLoss. */
public final class TripletMarginWithDistanceLoss extends Loss {
  private final @Nullable BinaryOperator<Tensor> distance;
  private final @Nullable PairwiseDistance layer;
  private final double margin;
  private final boolean swap;

  public TripletMarginWithDistanceLoss() {
    super(Reduction.MEAN);
    distance = null;
    layer = register("distance_function", new PairwiseDistance());
    margin = 1;
    swap = false;
  }

  public TripletMarginWithDistanceLoss(
      BinaryOperator<Tensor> distance, double margin, boolean swap, Reduction reduction) {
    super(reduction);
    this.distance = distance;
    layer = null;
    this.margin = margin;
    this.swap = swap;
  }

  public Tensor invoke(Tensor anchor, Tensor positive, Tensor negative) {
    return anchor.tripletMarginWithDistanceLoss(positive, negative, layer == null ? distance : layer::invoke, margin, swap, reduction());
  }

  /** Of a function of your own no file can keep the code. */
  @Override
  public @Nullable List<Object> arguments() {
    return children().isEmpty() ? null : List.of();
  }
}

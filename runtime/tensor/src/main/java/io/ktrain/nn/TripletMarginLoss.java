package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Whether the anchor is nearer to the positive than to the negative by the margin. PyTorch's TripletMarginLoss. */
public final class TripletMarginLoss extends Loss {
  private final double margin;
  private final double p;
  private final double eps;
  private final boolean swap;

  public TripletMarginLoss() {
    this(1, 2, 1e-6, false, Reduction.MEAN);
  }

  public TripletMarginLoss(double margin, double p, double eps, boolean swap, Reduction reduction) {
    super(reduction);
    this.margin = margin;
    this.p = p;
    this.eps = eps;
    this.swap = swap;
  }

  public Tensor invoke(Tensor anchor, Tensor positive, Tensor negative) {
    return anchor.tripletMarginLoss(positive, negative, margin, p, eps, swap, reduction());
  }

  @Override
  public List<Object> arguments() {
    return List.of(margin, p, eps, swap, reduction());
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Whether a is larger than b by the margin (target 1) or smaller (-1). PyTorch's MarginRankingLoss. */
public final class MarginRankingLoss extends Loss {
  private final double margin;

  public MarginRankingLoss() {
    this(0, Reduction.MEAN);
  }

  public MarginRankingLoss(double margin, Reduction reduction) {
    super(reduction);
    this.margin = margin;
  }

  public Tensor invoke(Tensor a, Tensor b, Tensor target) {
    return a.marginRankingLoss(b, target, margin, reduction());
  }

  @Override
  public List<Object> arguments() {
    return List.of(margin, reduction());
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** The absolute difference, with a parabola where it is below beta (Girshick 2015). PyTorch's SmoothL1Loss. */
public final class SmoothL1Loss extends Loss {
  private final double beta;

  public SmoothL1Loss() {
    this(1, Reduction.MEAN);
  }

  public SmoothL1Loss(double beta, Reduction reduction) {
    super(reduction);
    this.beta = beta;
  }

  public Tensor invoke(Tensor prediction, Tensor target) {
    return prediction.smoothL1Loss(target, beta, reduction());
  }

  @Override
  public List<Object> arguments() {
    return List.of(beta, reduction());
  }
}

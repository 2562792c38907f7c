package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** The negative log likelihood of targets under normal distributions. PyTorch's GaussianNLLLoss. */
public final class GaussianNLLLoss extends Loss {
  private final boolean full;
  private final double eps;

  public GaussianNLLLoss() {
    this(false, 1e-6, Reduction.MEAN);
  }

  public GaussianNLLLoss(boolean full, double eps, Reduction reduction) {
    super(reduction);
    this.full = full;
    this.eps = eps;
  }

  public Tensor invoke(Tensor mean, Tensor target, Tensor variance) {
    return mean.gaussianNllLoss(target, variance, full, eps, reduction());
  }

  @Override
  public List<Object> arguments() {
    return List.of(full, eps, reduction());
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** The negative log likelihood of counts under Poisson distributions of given (log) rates. PyTorch's PoissonNLLLoss. */
public final class PoissonNLLLoss extends Loss {
  private final boolean logInput;
  private final boolean full;
  private final double eps;

  public PoissonNLLLoss() {
    this(true, false, 1e-8, Reduction.MEAN);
  }

  public PoissonNLLLoss(boolean logInput, boolean full, double eps, Reduction reduction) {
    super(reduction);
    this.logInput = logInput;
    this.full = full;
    this.eps = eps;
  }

  public Tensor invoke(Tensor rate, Tensor target) {
    return rate.poissonNllLoss(target, logInput, full, eps, reduction());
  }

  @Override
  public List<Object> arguments() {
    return List.of(logInput, full, eps, reduction());
  }
}

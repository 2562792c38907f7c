package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;

/** The p-norm of a - b + eps over the last dim. PyTorch's PairwiseDistance. */
public final class PairwiseDistance extends Module {
  private final double p;
  private final double eps;
  private final boolean keepDim;

  public PairwiseDistance() {
    this(2, 1e-6, false);
  }

  public PairwiseDistance(double p, double eps, boolean keepDim) {
    this.p = p;
    this.eps = eps;
    this.keepDim = keepDim;
  }

  public Tensor invoke(Tensor a, Tensor b) {
    return call(a, in -> in.pairwiseDistance(b, p, eps, keepDim));
  }

  @Override
  public List<Object> arguments() {
    return List.of(p, eps, keepDim);
  }
}

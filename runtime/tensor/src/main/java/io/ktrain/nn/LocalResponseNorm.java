package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;

/**
 * x / (k + alpha * the mean square of size neighbouring channels)^beta (Krizhevsky et al. 2012). PyTorch's
 * LocalResponseNorm.
 */
public final class LocalResponseNorm extends Module {
  private final int size;
  private final double alpha;
  private final double beta;
  private final double k;

  public LocalResponseNorm(int size) {
    this(size, 1e-4, 0.75, 1);
  }

  public LocalResponseNorm(int size, double alpha, double beta, double k) {
    this.size = size;
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.localResponseNorm(size, alpha, beta, k);
  }

  @Override
  public List<Object> arguments() {
    return List.of(size, alpha, beta, k);
  }

  @Override
  public String extraRepr() {
    return size + ", alpha=" + Repr.number(alpha) + ", beta=" + Repr.number(beta) + ", k=" + Repr.number(k);
  }
}

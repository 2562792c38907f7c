package io.ktrain.nn;

import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** The p-th root of the sum of p-th powers of each window. */
public abstract sealed class LPPool extends Module permits LPPool1d, LPPool2d {
  private final double norm;
  private final PoolOptions options;

  LPPool(double norm, PoolOptions options) {
    this.norm = norm;
    this.options = options;
  }

  abstract Tensor pooled(Tensor x, double norm, PoolOptions options);

  @Override
  public final Tensor forward(Tensor x) {
    return pooled(x, norm, options);
  }

  @Override
  public final List<Object> arguments() {
    return List.of(norm, options);
  }

  @Override
  public final String extraRepr() {
    String stride = options.stride().equals(options.kernel()) ? "None" : Repr.given(options.stride());
    return "norm_type=" + Repr.shortest(norm) + ", kernel_size=" + Repr.given(options.kernel()) + ", stride=" + stride
        + ", ceil_mode=" + Repr.flag(options.ceilMode());
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** The p-th root of the sum of p-th powers of each window of [batch, channels, height, width]. PyTorch's LPPool2d. */
public final class LPPool2d extends Module {
  private final double norm;
  private final PoolOptions options;

  public LPPool2d(double norm, PoolOptions options) {
    this.norm = norm;
    this.options = options;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.lpPool2d(norm, options);
  }

  @Override
  public List<Object> arguments() {
    return List.of(norm, options);
  }

  @Override
  public String extraRepr() {
    String stride = options.stride().equals(options.kernel()) ? "None" : Repr.given(options.stride());
    return "norm_type=" + Repr.shortest(norm) + ", kernel_size=" + Repr.given(options.kernel()) + ", stride=" + stride
        + ", ceil_mode=" + Repr.flag(options.ceilMode());
  }
}

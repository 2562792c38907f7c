package io.ktrain.nn;

import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** The mean of each window, of any number of spatial dims. */
public abstract sealed class AvgPool extends Module permits AvgPool1d, AvgPool2d, AvgPool3d {
  final PoolOptions options;

  AvgPool(PoolOptions options) {
    this.options = options;
  }

  abstract Tensor pooled(Tensor x, PoolOptions options);

  @Override
  public final Tensor forward(Tensor x) {
    return pooled(x, options);
  }

  @Override
  public final List<Object> arguments() {
    return List.of(options);
  }

  @Override
  public String extraRepr() {
    return "kernel_size=" + Repr.given(options.kernel()) + ", stride=" + Repr.given(options.stride()) + ", padding="
        + Repr.given(options.padding());
  }
}

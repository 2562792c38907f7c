package io.ktrain.nn;

import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** The largest of each window, of any number of spatial dims. */
public abstract sealed class MaxPool extends Module permits MaxPool1d, MaxPool2d, MaxPool3d {
  private final PoolOptions options;

  MaxPool(PoolOptions options) {
    this.options = options;
  }

  abstract Extreme pooled(Tensor x, PoolOptions options);

  @Override
  public final Tensor forward(Tensor x) {
    return pooled(x, options).values();
  }

  /** The values, and their places among the elements of a channel for a MaxUnpool: PyTorch's return_indices. */
  public final Extreme withIndices(Tensor x) {
    return pooled(x, options);
  }

  @Override
  public final List<Object> arguments() {
    return List.of(options);
  }

  @Override
  public final String extraRepr() {
    return "kernel_size=" + Repr.given(options.kernel()) + ", stride=" + Repr.given(options.stride()) + ", padding="
        + Repr.given(options.padding()) + ", dilation=" + Repr.given(options.dilation())
        + ", ceil_mode=" + Repr.flag(options.ceilMode());
  }
}

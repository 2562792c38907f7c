package io.ktrain.nn;

import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;

/** The mean of each window of [batch, channels, length]. PyTorch's AvgPool1d. */
public final class AvgPool1d extends AvgPool {
  public AvgPool1d(int kernel) {
    this(PoolOptions.of(kernel));
  }

  public AvgPool1d(PoolOptions options) {
    super(options);
  }

  @Override
  Tensor pooled(Tensor x, PoolOptions options) {
    return x.avgPool1d(options);
  }

  @Override
  public String extraRepr() {
    return "kernel_size=" + Repr.tuple(options.kernel()) + ", stride=" + Repr.tuple(options.stride()) + ", padding="
        + Repr.tuple(options.padding());
  }
}

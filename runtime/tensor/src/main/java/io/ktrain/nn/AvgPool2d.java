package io.ktrain.nn;

import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;

/** The mean of each window of [batch, channels, height, width]. PyTorch's AvgPool2d. */
public final class AvgPool2d extends AvgPool {
  public AvgPool2d(int kernel) {
    this(PoolOptions.of(kernel));
  }

  public AvgPool2d(PoolOptions options) {
    super(options);
  }

  @Override
  Tensor pooled(Tensor x, PoolOptions options) {
    return x.avgPool2d(options);
  }
}

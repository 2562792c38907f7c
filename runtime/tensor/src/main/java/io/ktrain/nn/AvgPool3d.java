package io.ktrain.nn;

import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;

/** The mean of each window of [batch, channels, depth, height, width]. PyTorch's AvgPool3d. */
public final class AvgPool3d extends AvgPool {
  public AvgPool3d(int kernel) {
    this(PoolOptions.of(kernel));
  }

  public AvgPool3d(PoolOptions options) {
    super(options);
  }

  @Override
  Tensor pooled(Tensor x, PoolOptions options) {
    return x.avgPool3d(options);
  }
}

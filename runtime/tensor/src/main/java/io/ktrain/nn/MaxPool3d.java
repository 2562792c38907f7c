package io.ktrain.nn;

import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;

/** The largest of each window of [batch, channels, depth, height, width]. PyTorch's MaxPool3d. */
public final class MaxPool3d extends MaxPool {
  public MaxPool3d(int kernel) {
    this(PoolOptions.of(kernel));
  }

  public MaxPool3d(PoolOptions options) {
    super(options);
  }

  @Override
  Extreme pooled(Tensor x, PoolOptions options) {
    return x.maxPool3dWithIndices(options);
  }
}

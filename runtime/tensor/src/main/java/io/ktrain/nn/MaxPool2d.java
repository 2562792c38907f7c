package io.ktrain.nn;

import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;

/** The largest of each window of [batch, channels, height, width]. PyTorch's MaxPool2d. */
public final class MaxPool2d extends MaxPool {
  public MaxPool2d(int kernel) {
    this(PoolOptions.of(kernel));
  }

  public MaxPool2d(PoolOptions options) {
    super(options);
  }

  @Override
  Extreme pooled(Tensor x, PoolOptions options) {
    return x.maxPool2dWithIndices(options);
  }
}

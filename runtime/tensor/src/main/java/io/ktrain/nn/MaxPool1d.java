package io.ktrain.nn;

import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;

/** The largest of each window of [batch, channels, length]. PyTorch's MaxPool1d. */
public final class MaxPool1d extends MaxPool {
  public MaxPool1d(int kernel) {
    this(PoolOptions.of(kernel));
  }

  public MaxPool1d(PoolOptions options) {
    super(options);
  }

  @Override
  Extreme pooled(Tensor x, PoolOptions options) {
    return x.maxPool1dWithIndices(options);
  }
}

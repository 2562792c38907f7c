package io.ktrain.nn;

import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;

/** The p-th root of the sum of p-th powers of each window of [batch, channels, height, width]. PyTorch's LPPool2d. */
public final class LPPool2d extends LPPool {
  public LPPool2d(double norm, PoolOptions options) {
    super(norm, options);
  }

  @Override
  Tensor pooled(Tensor x, double norm, PoolOptions options) {
    return x.lpPool2d(norm, options);
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;

/** The p-th root of the sum of p-th powers of each window of [batch, channels, length]. PyTorch's LPPool1d. */
public final class LPPool1d extends LPPool {
  public LPPool1d(double norm, PoolOptions options) {
    super(norm, options);
  }

  @Override
  Tensor pooled(Tensor x, double norm, PoolOptions options) {
    return x.lpPool1d(norm, options);
  }
}

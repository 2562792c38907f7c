package io.ktrain.nn;

import io.ktrain.tensor.PoolOptions;

/** Puts what MaxPool1d found back at its places, among zeros. PyTorch's MaxUnpool1d. */
public final class MaxUnpool1d extends MaxUnpool {
  public MaxUnpool1d(PoolOptions options) {
    super(1, options);
  }
}

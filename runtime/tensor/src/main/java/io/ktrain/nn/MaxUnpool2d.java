package io.ktrain.nn;

import io.ktrain.tensor.PoolOptions;

/** Puts what MaxPool2d found back at its places, among zeros. PyTorch's MaxUnpool2d. */
public final class MaxUnpool2d extends MaxUnpool {
  public MaxUnpool2d(PoolOptions options) {
    super(2, options);
  }
}

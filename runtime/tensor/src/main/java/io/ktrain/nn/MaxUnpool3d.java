package io.ktrain.nn;

import io.ktrain.tensor.PoolOptions;

/** Puts what MaxPool3d found back at its places, among zeros. PyTorch's MaxUnpool3d. */
public final class MaxUnpool3d extends MaxUnpool {
  public MaxUnpool3d(PoolOptions options) {
    super(3, options);
  }
}

package io.ktrain.nn;

import org.jspecify.annotations.Nullable;

/**
 * Instance normalization of [batch, channels, depth, height, width], or without the batch. PyTorch's InstanceNorm3d.
 */
public final class InstanceNorm3d extends InstanceNorm {
  public InstanceNorm3d(int channels) {
    this(channels, 1e-5, 0.1, false, false);
  }

  /** @param momentum how far running averages move; null: they stay, as PyTorch's do */
  public InstanceNorm3d(int channels, double eps, @Nullable Double momentum, boolean affine,
      boolean trackRunningStats) {
    super("instanceNorm3d", 3, channels, eps, momentum, affine, trackRunningStats);
  }
}

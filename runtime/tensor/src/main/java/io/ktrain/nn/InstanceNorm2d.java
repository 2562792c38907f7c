package io.ktrain.nn;

import org.jspecify.annotations.Nullable;

/** Instance normalization of [batch, channels, height, width], or without the batch. PyTorch's InstanceNorm2d. */
public final class InstanceNorm2d extends InstanceNorm {
  public InstanceNorm2d(int channels) {
    this(channels, 1e-5, 0.1, false, false);
  }

  /** @param momentum how far running averages move; null: they stay, as PyTorch's do */
  public InstanceNorm2d(int channels, double eps, @Nullable Double momentum, boolean affine,
      boolean trackRunningStats) {
    super("instanceNorm2d", 2, channels, eps, momentum, affine, trackRunningStats);
  }
}

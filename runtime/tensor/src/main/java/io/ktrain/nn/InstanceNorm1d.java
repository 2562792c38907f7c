package io.ktrain.nn;

import org.jspecify.annotations.Nullable;

/** Instance normalization of [batch, channels, length], or without the batch. PyTorch's InstanceNorm1d. */
public final class InstanceNorm1d extends InstanceNorm {
  public InstanceNorm1d(int channels) {
    this(channels, 1e-5, 0.1, false, false);
  }

  /** @param momentum how far running averages move; null: they stay, as PyTorch's do */
  public InstanceNorm1d(int channels, double eps, @Nullable Double momentum, boolean affine,
      boolean trackRunningStats) {
    super("instanceNorm1d", 1, channels, eps, momentum, affine, trackRunningStats);
  }
}

package io.ktrain.nn;

import io.ktrain.op.Normalizations;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes each channel (dim 1) by the batch's mean and variance while training, by their running averages in
 * evaluation, then scales and shifts it (Ioffe and Szegedy 2015).
 */
public abstract sealed class BatchNorm extends RunningNorm permits BatchNorm1d, BatchNorm2d, BatchNorm3d {
  BatchNorm(int channels, double eps, @Nullable Double momentum, boolean affine, boolean track) {
    super("batchNorm", channels, eps, momentum, affine, track);
  }

  @Override
  final Tensor normalized(Tensor x) {
    long n = x.numel() / Math.max(1, x.size(1));
    if (n <= 1 && isTraining())
      throw new ShapeError("batchNorm: more than one value a channel is needed while training, got " + x.describe()
          + ". Fix: a larger batch, or eval().");
    Tensor[] y = Normalizations.batchNorm(x, weight, bias, eps);
    follow(y[1].detach(), y[2].detach().mul((double) n / Math.max(1, n - 1)));
    return y[0];
  }

  @Override
  final boolean counts() {
    return true;
  }
}

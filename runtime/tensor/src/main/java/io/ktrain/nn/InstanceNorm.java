package io.ktrain.nn;

import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes each channel of each sample by its own mean and variance (Ulyanov et al. 2016); without weights and
 * running averages unless asked for.
 */
public abstract sealed class InstanceNorm extends RunningNorm permits InstanceNorm1d, InstanceNorm2d, InstanceNorm3d {
  private final String word;
  private final int dims;

  InstanceNorm(String word, int dims, int channels, double eps, @Nullable Double momentum, boolean affine,
      boolean track) {
    super(word, channels, eps, momentum, affine, track);
    this.word = word;
    this.dims = dims;
  }

  @Override
  final void requireShape(Tensor x) {
    if (x.getNdim() != dims + 1 && x.getNdim() != dims + 2)
      throw new ShapeError(word + ": needs [batch, channels, "
          + (dims == 1 ? "length" : dims == 2 ? "height, width" : "depth, height, width")
          + "], or without the batch, got " + x.describe() + ".");
  }

  @Override
  final Tensor batched(Tensor x) {
    return x.getNdim() == dims + 1 ? x.unsqueeze(0) : x;
  }

  @Override
  final Tensor normalized(Tensor x) {
    Tensor y = x.instanceNorm(weight, bias, eps);
    if (isTracking()) {
      int[] spatial = IntStream.range(2, x.getNdim()).toArray();
      Tensor seen = x.detach(), mean = seen.mean(spatial, true);
      double n = Math.max(2, (double) x.numel() / x.size(0) / x.size(1));
      follow(mean.reshape(x.size(0), x.size(1)).mean(0, false), seen.sub(mean).square().mean(spatial, false)
          .mean(0, false).mul(n / (n - 1)));
    }
    return y;
  }

  /** As PyTorch, which never counts here: without a momentum the running averages stay as they are. */
  @Override
  final boolean counts() {
    return false;
  }
}

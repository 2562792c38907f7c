package io.ktrain.nn;

import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Batch normalization of [batch, channels, height, width]. PyTorch's BatchNorm2d. */
public final class BatchNorm2d extends BatchNorm {
  public BatchNorm2d(int channels) {
    this(channels, 1e-5, 0.1);
  }

  public BatchNorm2d(int channels, double eps, double momentum) {
    this(channels, eps, momentum, true, true);
  }

  /** @param momentum null: running averages are the mean of all batches seen */
  public BatchNorm2d(int channels, double eps, @Nullable Double momentum, boolean affine, boolean trackRunningStats) {
    super(channels, eps, momentum, affine, trackRunningStats);
  }

  @Override
  void requireShape(Tensor x) {
    if (x.getNdim() != 4)
      throw new ShapeError("batchNorm2d: needs [batch, channels, height, width], got " + x.describe() + ".");
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Batch normalization of [batch, channels] or [batch, channels, length]. PyTorch's BatchNorm1d. */
public final class BatchNorm1d extends BatchNorm {
  public BatchNorm1d(int channels) {
    this(channels, 1e-5, 0.1);
  }

  public BatchNorm1d(int channels, double eps, double momentum) {
    this(channels, eps, momentum, true, true);
  }

  /** @param momentum null: running averages are the mean of all batches seen */
  public BatchNorm1d(int channels, double eps, @Nullable Double momentum, boolean affine, boolean trackRunningStats) {
    super(channels, eps, momentum, affine, trackRunningStats);
  }

  @Override
  void requireShape(Tensor x) {
    if (x.getNdim() != 2 && x.getNdim() != 3)
      throw new ShapeError("batchNorm1d: needs [batch, channels] or [batch, channels, length], got " + x.describe() + ".");
  }
}

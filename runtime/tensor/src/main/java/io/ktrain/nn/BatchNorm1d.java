package io.ktrain.nn;

import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;

/** Batch normalization of [batch, channels] or [batch, channels, length]. PyTorch's BatchNorm1d. */
public final class BatchNorm1d extends BatchNorm {
  public BatchNorm1d(int channels) {
    this(channels, 1e-5, 0.1);
  }

  public BatchNorm1d(int channels, double eps, double momentum) {
    super(channels, eps, momentum);
  }

  @Override
  void requireShape(Tensor x) {
    if (x.getNdim() != 2 && x.getNdim() != 3)
      throw new ShapeError("batchNorm1d: needs [batch, channels] or [batch, channels, length], got " + x.describe() + ".");
  }
}

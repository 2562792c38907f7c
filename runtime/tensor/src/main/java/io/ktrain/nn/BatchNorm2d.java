package io.ktrain.nn;

import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;

/** Batch normalization of [batch, channels, height, width]. PyTorch's BatchNorm2d. */
public final class BatchNorm2d extends BatchNorm {
  public BatchNorm2d(int channels) {
    this(channels, 1e-5, 0.1);
  }

  public BatchNorm2d(int channels, double eps, double momentum) {
    super(channels, eps, momentum);
  }

  @Override
  void requireShape(Tensor x) {
    if (x.getNdim() != 4)
      throw new ShapeError("batchNorm2d: needs [batch, channels, height, width], got " + x.describe() + ".");
  }
}

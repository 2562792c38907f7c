package io.ktrain.tensor;

import io.ktrain.op.Pooling;

/** Windows' maxima and means: inputs are [batch, channels, spatial...], or one of them without the batch. */
public sealed interface PoolingMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  default Tensor maxPool1d(PoolOptions options) { return Pooling.maxPool(self(), 1, options).values(); }
  default Tensor maxPool2d(PoolOptions options) { return Pooling.maxPool(self(), 2, options).values(); }
  default Tensor maxPool2d(int kernel) { return maxPool2d(PoolOptions.of(kernel)); }
  default Tensor maxPool3d(PoolOptions options) { return Pooling.maxPool(self(), 3, options).values(); }
  /** The values, and their places among the elements of a channel: PyTorch's return_indices. */
  default Extreme maxPool1dWithIndices(PoolOptions options) { return Pooling.maxPool(self(), 1, options); }
  default Extreme maxPool2dWithIndices(PoolOptions options) { return Pooling.maxPool(self(), 2, options); }
  default Extreme maxPool3dWithIndices(PoolOptions options) { return Pooling.maxPool(self(), 3, options); }

  default Tensor avgPool1d(PoolOptions options) { return Pooling.avgPool(self(), 1, options); }
  default Tensor avgPool2d(PoolOptions options) { return Pooling.avgPool(self(), 2, options); }
  default Tensor avgPool2d(int kernel) { return avgPool2d(PoolOptions.of(kernel)); }
  default Tensor avgPool3d(PoolOptions options) { return Pooling.avgPool(self(), 3, options); }

  /** The means of that many cells, whatever the input's size. */
  default Tensor adaptiveAvgPool1d(int length) { return Pooling.adaptiveAvgPool(self(), length); }
  default Tensor adaptiveAvgPool2d(int height, int width) { return Pooling.adaptiveAvgPool(self(), height, width); }
  default Tensor adaptiveAvgPool3d(int depth, int height, int width) {
    return Pooling.adaptiveAvgPool(self(), depth, height, width);
  }
  /** The largest of each of that many cells, and their places among the elements of a channel. */
  default Extreme adaptiveMaxPool1d(int length) { return Pooling.adaptiveMaxPool(self(), length); }
  default Extreme adaptiveMaxPool2d(int height, int width) { return Pooling.adaptiveMaxPool(self(), height, width); }
  default Extreme adaptiveMaxPool3d(int depth, int height, int width) {
    return Pooling.adaptiveMaxPool(self(), depth, height, width);
  }

  /** The root of the sum of powers of each window: norm 1 sums, infinity would be the maximum. */
  default Tensor lpPool1d(double norm, PoolOptions options) { return Pooling.lpPool(self(), 1, norm, options); }
  default Tensor lpPool2d(double norm, PoolOptions options) { return Pooling.lpPool(self(), 2, norm, options); }

  /** Zeros with the values at the places that a pool with indices gave; the result has those spatial sizes. */
  default Tensor maxUnpool1d(Tensor indices, int length) { return Pooling.maxUnpool(self(), indices, length); }
  default Tensor maxUnpool2d(Tensor indices, int height, int width) {
    return Pooling.maxUnpool(self(), indices, height, width);
  }
  default Tensor maxUnpool3d(Tensor indices, int depth, int height, int width) {
    return Pooling.maxUnpool(self(), indices, depth, height, width);
  }
}

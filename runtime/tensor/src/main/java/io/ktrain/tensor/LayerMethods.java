package io.ktrain.tensor;

import io.ktrain.op.Convolutions;
import io.ktrain.op.Normalizations;
import org.jspecify.annotations.Nullable;

/** The maths of layers: convolutions, pools, normalizations. */
public sealed interface LayerMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  default Tensor conv2d(Tensor weight, @Nullable Tensor bias, Conv2dOptions options) {
    return Convolutions.conv2d(self(), weight, bias, options);
  }
  default Tensor maxPool2d(Pool2dOptions options) { return Convolutions.maxPool2d(self(), options).values(); }
  default Tensor maxPool2d(int kernel) { return maxPool2d(Pool2dOptions.of(kernel)); }
  default Tensor avgPool2d(Pool2dOptions options) { return Convolutions.avgPool2d(self(), options); }
  default Tensor avgPool2d(int kernel) { return avgPool2d(Pool2dOptions.of(kernel)); }
  default Tensor adaptiveAvgPool2d(int height, int width) {
    return Convolutions.adaptiveAvgPool2d(self(), height, width);
  }
  default Tensor layerNorm(int dims, @Nullable Tensor weight, @Nullable Tensor bias, double eps) {
    return Normalizations.layerNorm(self(), dims, weight, bias, eps);
  }
  /** By the mean and variance of each channel (dim 1) over this batch; the layer keeps running averages besides. */
  default Tensor batchNorm(@Nullable Tensor weight, @Nullable Tensor bias, double eps) {
    return Normalizations.batchNorm(self(), weight, bias, eps)[0];
  }
}

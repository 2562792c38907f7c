package io.ktrain.tensor;

import io.ktrain.op.Convolutions;
import io.ktrain.op.Dropouts;
import io.ktrain.op.Normalizations;
import org.jspecify.annotations.Nullable;

/** The maths of layers: convolutions, normalizations, dropout of channels. */
public sealed interface LayerMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  /** Input [batch, channels, length], or without the batch; weight [out, channels / groups, kernel]. */
  default Tensor conv1d(Tensor weight, @Nullable Tensor bias, ConvOptions options) {
    return Convolutions.conv(self(), 1, weight, bias, options);
  }
  default Tensor conv2d(Tensor weight, @Nullable Tensor bias, ConvOptions options) {
    return Convolutions.conv(self(), 2, weight, bias, options);
  }
  default Tensor conv3d(Tensor weight, @Nullable Tensor bias, ConvOptions options) {
    return Convolutions.conv(self(), 3, weight, bias, options);
  }
  /** Also called deconvolution; weight [channels, out / groups, kernel]. */
  default Tensor convTranspose1d(Tensor weight, @Nullable Tensor bias, ConvOptions options) {
    return Convolutions.convTranspose(self(), 1, weight, bias, options);
  }
  default Tensor convTranspose2d(Tensor weight, @Nullable Tensor bias, ConvOptions options) {
    return Convolutions.convTranspose(self(), 2, weight, bias, options);
  }
  default Tensor convTranspose3d(Tensor weight, @Nullable Tensor bias, ConvOptions options) {
    return Convolutions.convTranspose(self(), 3, weight, bias, options);
  }
  default Tensor layerNorm(int dims, @Nullable Tensor weight, @Nullable Tensor bias, double eps) {
    return Normalizations.layerNorm(self(), dims, weight, bias, eps);
  }
  /** By the mean and variance of each channel (dim 1) over this batch; the layer keeps running averages besides. */
  default Tensor batchNorm(@Nullable Tensor weight, @Nullable Tensor bias, double eps) {
    return Normalizations.batchNorm(self(), weight, bias, eps)[0];
  }
  /** By the mean and variance of each sample's groups of channels (dim 1). */
  default Tensor groupNorm(int groups, @Nullable Tensor weight, @Nullable Tensor bias, double eps) {
    return Normalizations.groupNorm(self(), groups, weight, bias, eps);
  }
  /** By the mean and variance of each channel of each sample. */
  default Tensor instanceNorm(@Nullable Tensor weight, @Nullable Tensor bias, double eps) {
    return Normalizations.instanceNorm(self(), weight, bias, eps);
  }
  /** By the root mean square over the last dims. */
  default Tensor rmsNorm(int dims, @Nullable Tensor weight, double eps) {
    return Normalizations.rmsNorm(self(), dims, weight, eps);
  }
  /** Divides by (k + alpha * the mean square of size neighbouring channels)^beta. */
  default Tensor localResponseNorm(int size, double alpha, double beta, double k) {
    return Normalizations.localResponseNorm(self(), size, alpha, beta, k);
  }

  /** Zeroes whole channels with probability p and scales the rest; the identity outside training. */
  default Tensor featureDropout(double p, boolean training) {
    return Dropouts.dropout(Dropouts.FEATURE_DROPOUT, self(), p, training);
  }
  /** Dropout for selu: mean and variance stay. */
  default Tensor alphaDropout(double p, boolean training) {
    return Dropouts.dropout(Dropouts.ALPHA_DROPOUT, self(), p, training);
  }
  default Tensor featureAlphaDropout(double p, boolean training) {
    return Dropouts.dropout(Dropouts.FEATURE_ALPHA_DROPOUT, self(), p, training);
  }
}

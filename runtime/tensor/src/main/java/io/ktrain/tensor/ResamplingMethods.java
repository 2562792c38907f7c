package io.ktrain.tensor;

import io.ktrain.op.Rearranging;
import io.ktrain.op.Resampling;

/** Other sizes and places: interpolation, borders, windows as columns, pixels as channels. */
public sealed interface ResamplingMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  /** Adds what {@code mode} says around: pairs of widths (before, after) from the last dim on. PyTorch's F.pad. */
  default Tensor pad(int[] widths, PaddingMode mode) { return Resampling.pad(self(), widths, mode); }
  /** [batch, channels, spatial...] with these spatial sizes. PyTorch's F.interpolate. */
  default Tensor interpolate(InterpolateMode mode, boolean alignCorners, int... sizes) {
    return Resampling.interpolate(self(), mode, alignCorners, false, sizes);
  }
  /** Bilinear and bicubic may be antialiased: where the result is smaller, nothing between its samples is skipped. */
  default Tensor interpolate(InterpolateMode mode, boolean alignCorners, boolean antialias, int... sizes) {
    return Resampling.interpolate(self(), mode, alignCorners, antialias, sizes);
  }
  /** By scales: one for all spatial dims, or one for each. */
  default Tensor interpolateBy(InterpolateMode mode, boolean alignCorners, double... scales) {
    return Resampling.interpolateBy(self(), mode, alignCorners, false, scales);
  }

  /** [batch, c, h, w] to [batch, c * kernel, places]: what is under a window at each place. PyTorch's F.unfold. */
  default Tensor im2col(int kernelH, int kernelW, ConvOptions options) {
    return Rearranging.im2col(self(), kernelH, kernelW, options);
  }
  /** Adds the columns up to pictures of height and width. PyTorch's F.fold. */
  default Tensor col2im(int height, int width, int kernelH, int kernelW, ConvOptions options) {
    return Rearranging.col2im(self(), height, width, kernelH, kernelW, options);
  }
  /** [..., c r r, h, w] to [..., c, h r, w r]. */
  default Tensor pixelShuffle(int factor) {
    return Rearranging.shuffled(Rearranging.PIXEL_SHUFFLE, self(), factor);
  }
  default Tensor pixelUnshuffle(int factor) {
    return Rearranging.shuffled(Rearranging.PIXEL_UNSHUFFLE, self(), factor);
  }
  /** Deals the channels (dim 1) of the groups out in turn. */
  default Tensor channelShuffle(int groups) {
    return Rearranging.shuffled(Rearranging.CHANNEL_SHUFFLE, self(), groups);
  }
}

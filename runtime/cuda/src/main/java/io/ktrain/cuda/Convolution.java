package io.ktrain.cuda;

import io.ktrain.op.Conv2dOptions;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;

/**
 * One convolution's sizes: what a plan for it depends on.
 *
 * @param channelsLast how the pictures that it reads and makes lie
 */
record Convolution(DType type, int n, int c, int h, int w, int o, int kh, int kw, int oh, int ow, Conv2dOptions by,
    boolean channelsLast) {
  Convolution {
    if (Math.max((long) c * h * w, (long) o * oh * ow) > Integer.MAX_VALUE)
      throw new ShapeError("conv2d: one picture has more than 2^31 elements: " + c + "x" + h + "x" + w + " gives " + o
          + "x" + oh + "x" + ow + ". Fix: cut it into tiles.");
  }

  static Convolution of(DType type, Shape x, Shape weight, Shape y, Conv2dOptions by, boolean channelsLast) {
    return new Convolution(type, x.get(0), x.get(1), x.get(2), x.get(3), weight.get(0), weight.get(2), weight.get(3),
        y.get(2), y.get(3), by, channelsLast);
  }

  /** The same of another number of pictures. */
  Convolution pictures(int count) {
    return new Convolution(type, count, c, h, w, o, kh, kw, oh, ow, by, channelsLast);
  }

  /** Pixels of one output picture. */
  int pixels() {
    return oh * ow;
  }

  /** Weights of one output channel, which are the elements of one patch. */
  int patch() {
    return c / by.groups() * kh * kw;
  }

  /** Whether each patch is one pixel and each pixel one patch, so that pictures are their own patches. */
  boolean isPointwise() {
    return kh == 1 && kw == 1 && by.strideH() == 1 && by.strideW() == 1 && by.paddingH() == 0 && by.paddingW() == 0;
  }
}

package io.ktrain.op;

import io.ktrain.tensor.ConvOptions;
import java.util.List;

/** Where the elements of pictures should go, one by one; see {@link OpTests#reference}. */
final class RearrangingOracles {
  private RearrangingOracles() {}

  private interface Pair {
    /** Element {@code row} of column {@code column} stands for the pixel, of channel c and picture n, at h and w. */
    void of(int n, int c, int h, int w, int row, int column);
  }

  private static void pairs(Rearranging.Columns by, int n, int c, int height, int width, Pair pair) {
    ConvOptions o = by.options();
    int[] s = o.strides("", 2), p = o.paddings("", 2), d = o.dilations("", 2);
    int kh = by.kernel().get(0), kw = by.kernel().get(1);
    int oh = (height + 2 * p[0] - d[0] * (kh - 1) - 1) / s[0] + 1, ow = (width + 2 * p[1] - d[1] * (kw - 1) - 1) / s[1]
        + 1;
    for (int i = 0; i < n; i++)
      for (int row = 0; row < c * kh * kw; row++)
        for (int column = 0; column < oh * ow; column++) {
          int h = column / ow * s[0] - p[0] + row / kw % kh * d[0], w = column % ow * s[1] - p[1] + row % kw * d[1];
          boolean inside = h >= 0 && h < height && w >= 0 && w < width;
          pair.of(i, row / (kh * kw), inside ? h : -1, w, row, column);
        }
  }

  static NdArray im2col(Rearranging.Columns by, List<NdArray> in) {
    NdArray x = WindowOracles.batched(in.get(0), 2);
    int[] s = x.shape(), size = {s[0], 0, 0};
    pairs(by, 1, s[1], s[2], s[3], (n, c, h, w, row, column) -> {
      size[1] = row + 1;
      size[2] = column + 1;
    });
    NdArray y = NdArray.zeros(size);
    pairs(by, s[0], s[1], s[2], s[3], (n, c, h, w, row, column) -> {
      if (h >= 0) y.set(x.at(n, c, h, w), n, row, column);
    });
    return WindowOracles.like(in.get(0), 2, y);
  }

  static NdArray col2im(Rearranging.Columns by, List<NdArray> in) {
    NdArray x = WindowOracles.batched(in.get(0), 1);
    int c = x.shape()[1] / (by.kernel().get(0) * by.kernel().get(1)), height = by.sizes().get(0), width = by.sizes()
        .get(1);
    NdArray y = NdArray.zeros(x.shape()[0], c, height, width);
    pairs(by, x.shape()[0], c, height, width, (n, channel, h, w, row, column) -> {
      if (h >= 0) y.add(x.at(n, row, column), n, channel, h, w);
    });
    return WindowOracles.like(in.get(0), 1, y);
  }

  static NdArray pixelShuffle(Rearranging.By by, List<NdArray> in) {
    int r = by.factor(), n = in.get(0).shape().length;
    int[] shape = in.get(0).shape().clone();
    shape[n - 3] /= r * r;
    shape[n - 2] *= r;
    shape[n - 1] *= r;
    return NdArray.by(shape, i -> {
      i[n - 3] = (i[n - 3] * r + i[n - 2] % r) * r + i[n - 1] % r;
      i[n - 2] /= r;
      i[n - 1] /= r;
      return in.get(0).at(i);
    });
  }

  static NdArray pixelUnshuffle(Rearranging.By by, List<NdArray> in) {
    int r = by.factor(), n = in.get(0).shape().length;
    int[] shape = in.get(0).shape().clone();
    shape[n - 3] *= r * r;
    shape[n - 2] /= r;
    shape[n - 1] /= r;
    return NdArray.by(shape, i -> {
      i[n - 2] = i[n - 2] * r + i[n - 3] / r % r;
      i[n - 1] = i[n - 1] * r + i[n - 3] % r;
      i[n - 3] /= r * r;
      return in.get(0).at(i);
    });
  }

  static NdArray channelShuffle(Rearranging.By by, List<NdArray> in) {
    int each = in.get(0).shape()[1] / by.factor();
    return NdArray.by(in.get(0).shape(), i -> {
      i[1] = i[1] % by.factor() * each + i[1] / by.factor();
      return in.get(0).at(i);
    });
  }
}

package io.ktrain.op;

import io.ktrain.tensor.InterpolateMode;
import io.ktrain.tensor.PaddingMode;
import java.util.List;

/** What resampling should give, element by element in double, from the definitions; see {@link OpTests#reference}. */
final class ResamplingOracles {
  private ResamplingOracles() {}

  static NdArray product(Resampling.Along a, List<NdArray> in) {
    NdArray x = in.get(0);
    double[][] dense = new double[a.by().rows()][a.by().width()];
    for (int r = 0; r < dense.length; r++)
      for (int k = a.by().starts()[r]; k < a.by().starts()[r + 1]; k++)
        dense[r][a.by().columns()[k]] += a.by().weights()[k];
    int[] shape = x.shape().clone();
    shape[a.dim()] = dense.length;
    return NdArray.by(shape, i -> {
      int row = i[a.dim()];
      double sum = 0;
      for (i[a.dim()] = 0; i[a.dim()] < a.by().width(); i[a.dim()]++) sum += dense[row][i[a.dim()]] * x.at(i);
      return sum;
    });
  }

  static NdArray border(Resampling.Border b, List<NdArray> in) {
    NdArray x = in.get(0);
    int n = x.shape().length;
    int[] shape = x.shape().clone();
    for (int i = 0; i < b.widths().size(); i++) shape[n - 1 - i / 2] += b.widths().get(i);
    return NdArray.by(shape, i -> {
      for (int k = 0; k < b.widths().size() / 2; k++) {
        int d = n - 1 - k, size = x.shape()[d];
        i[d] -= b.widths().get(2 * k);
        // A step at a time, back into the input.
        while (i[d] < 0 || i[d] >= size) {
          if (b.mode() == PaddingMode.REFLECT) i[d] = i[d] < 0 ? -i[d] : size - 1 - (i[d] - (size - 1));
          else if (b.mode() == PaddingMode.REPLICATE) i[d] += i[d] < 0 ? 1 : -1;
          else i[d] += i[d] < 0 ? size : -size;
        }
      }
      return x.at(i);
    });
  }

  static NdArray interpolate(Resampling.Interpolate by, List<NdArray> in) {
    NdArray x = in.get(0);
    for (int d = 0; d < by.sizes().size(); d++) x = along(by, d, x);
    return x;
  }

  /** One dim at a time: sample k of the old ones weighs w(k) in each new one. */
  private static NdArray along(Resampling.Interpolate by, int d, NdArray x) {
    int n = x.shape()[2 + d], m = by.sizes().get(d);
    double step = by.alignCorners() ? (m > 1 ? (n - 1.0) / (m - 1) : 0) : by.scales().isEmpty() ? (double) n / m
        : 1 / by.scales().get(d);
    int[] shape = x.shape().clone();
    shape[2 + d] = m;
    return NdArray.by(shape, i -> {
      int r = i[2 + d];
      double sum = 0, total = 0;
      for (int k = -6 * n; k < 7 * n; k++) {
        boolean inside = k >= 0 && k < n;
        double w = weight(by, r, k, n, m, step, inside);
        i[2 + d] = Math.clamp(k, 0, n - 1);
        if (w != 0) sum += w * x.at(i);
        total += w;
      }
      return sum / total;
    });
  }

  private static double weight(Resampling.Interpolate by, int r, int k, int n, int m, double step, boolean inside) {
    if (n == m && (by.mode().dims() > 0 && by.mode() != InterpolateMode.BICUBIC && !by.antialias()
        || by.mode() == InterpolateMode.AREA)) return k == r ? 1 : 0;
    double centre = by.alignCorners() ? step * r : step * (r + 0.5) - 0.5;
    return switch (by.mode()) {
      case NEAREST -> k == Math.min(n - 1, (int) (r * step)) ? 1 : 0;
      case NEAREST_EXACT -> k == Math.min(n - 1, (int) ((r + 0.5) * step)) ? 1 : 0;
      case AREA -> k >= (int) Math.floor((double) r * n / m) && k < (int) Math.ceil((r + 1.0) * n / m) ? 1 : 0;
      case BICUBIC -> by.antialias() ? inside ? keys(smooth(r, k, step), -0.5) : 0 : keys(k - centre, -0.75);
      default -> by.antialias() ? inside ? Math.max(0, 1 - Math.abs(smooth(r, k, step))) : 0
          : Math.max(0, 1 - Math.abs(k - centre));
    };
  }

  private static double smooth(int r, int k, double step) {
    return (k + 0.5 - step * (r + 0.5)) / Math.max(1, step);
  }

  private static double keys(double x, double a) {
    double t = Math.abs(x);
    if (t <= 1) return (a + 2) * t * t * t - (a + 3) * t * t + 1;
    return t < 2 ? a * t * t * t - 5 * a * t * t + 8 * a * t - 4 * a : 0;
  }
}

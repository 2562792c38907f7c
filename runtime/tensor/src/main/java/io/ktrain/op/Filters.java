package io.ktrain.op;

import io.ktrain.tensor.InterpolateMode;

/** What each new sample along a dim is made of: PyTorch's coordinates, and weights by linear or cubic convolution. */
final class Filters {
  private Filters() {}

  /** The matrix from n samples to m; {@code scale}: what m was made by, or 0. */
  static SparseMatrix of(Resampling.Interpolate by, int n, int m, double scale) {
    return switch (by.mode()) {
      case NEAREST, NEAREST_EXACT -> nearest(by.mode() == InterpolateMode.NEAREST ? 0 : 0.5f, n, m, scale);
      default -> by.antialias() ? smoothed(by, n, m, scale) : taps(by, n, m, scale);
    };
  }

  /** In float, as PyTorch decides which one is nearest. */
  private static SparseMatrix nearest(float shift, int n, int m, double scale) {
    float step = scale > 0 ? (float) (1 / scale) : (float) n / m;
    return SparseMatrix.of(m, n, (r, e) -> e.add(Math.min((int) Math.floor((r + shift) * step), n - 1), 1));
  }

  private static double step(Resampling.Interpolate by, int n, int m, double scale) {
    if (by.alignCorners()) return m > 1 ? (double) (n - 1) / (m - 1) : 0;
    return scale > 0 ? 1 / scale : (double) n / m;
  }

  private static SparseMatrix taps(Resampling.Interpolate by, int n, int m, double scale) {
    double step = step(by, n, m, scale);
    boolean cubic = by.mode() == InterpolateMode.BICUBIC;
    return SparseMatrix.of(m, n, (r, e) -> {
      double at = by.alignCorners() ? step * r : step * (r + 0.5) - 0.5;
      if (!cubic) at = Math.max(0, at);
      int first = (int) Math.floor(at);
      double t = at - first;
      if (!cubic) {
        int i = Math.min(first, n - 1);
        e.add(i, 1 - t);
        e.add(Math.min(i + 1, n - 1), t);
      } else for (int k = -1; k <= 2; k++) e.add(Math.clamp(first + k, 0, n - 1), cubic(t - k, -0.75));
    });
  }

  /** The filter stretched over what a new sample covers where there are fewer of them, so that nothing is skipped. */
  private static SparseMatrix smoothed(Resampling.Interpolate by, int n, int m, double scale) {
    double step = step(by, n, m, scale), wide = Math.max(1, step);
    boolean cubic = by.mode() == InterpolateMode.BICUBIC;
    double support = (cubic ? 2 : 1) * wide;
    return SparseMatrix.of(m, n, (r, e) -> {
      double centre = step * (r + 0.5);
      int from = Math.max(0, (int) (centre - support + 0.5)), to = Math.min(n, (int) (centre + support + 0.5));
      double total = 0;
      for (int i = from; i < to; i++) total += weight(cubic, (i - centre + 0.5) / wide);
      for (int i = from; i < to; i++) e.add(i, weight(cubic, (i - centre + 0.5) / wide) / total);
    });
  }

  private static double weight(boolean cubic, double x) {
    return cubic ? cubic(x, -0.5) : Math.max(0, 1 - Math.abs(x));
  }

  /** Cubic convolution (Keys 1981). */
  private static double cubic(double x, double a) {
    double t = Math.abs(x);
    if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
    return t < 2 ? ((t - 5) * t + 8) * t * a - 4 * a : 0;
  }
}

package io.ktrain.backend.cpu;

/**
 * U S V^T = A by rotations of A's columns (of its rows, where they are fewer) until they are orthogonal: their lengths are
 * then the singular values. Small values come out as accurate as large ones.
 */
final class JacobiSvd {
  private static final int SWEEPS = 60;
  private static final double ORTHOGONAL = 1e-15;

  private final boolean wide;
  private final int rows;
  private final int columns;
  /** The rotated columns, and what they were rotated by; both one a row, longest first in the end. */
  private final double[][] turned;
  private final double[][] rotation;
  private final double[] values;

  private JacobiSvd(double[][] a) {
    wide = a.length < a[0].length;
    rows = a.length;
    columns = a[0].length;
    turned = wide ? a : transposed(a);
    int n = turned.length;
    rotation = new double[n][n];
    for (int i = 0; i < n; i++) rotation[i][i] = 1;
    values = new double[n];
  }

  static JacobiSvd of(double[][] a) {
    var svd = new JacobiSvd(a);
    boolean moved = true;
    for (int sweep = 0; sweep < SWEEPS && moved; sweep++) {
      moved = false;
      for (int p = 0; p < svd.values.length; p++) for (int q = p + 1; q < svd.values.length; q++) moved |= svd.turn(p, q);
    }
    svd.sort();
    return svd;
  }

  private boolean turn(int p, int q) {
    double[] x = turned[p], y = turned[q];
    double xx = dot(x, x), yy = dot(y, y), xy = dot(x, y);
    if (xy == 0 || Math.abs(xy) <= ORTHOGONAL * Math.sqrt(xx) * Math.sqrt(yy)) return false;
    double theta = (yy - xx) / (2 * xy), t = Math.copySign(1, theta) / (Math.abs(theta) + Math.hypot(theta, 1));
    double c = 1 / Math.hypot(t, 1), s = t * c;
    rotate(x, y, c, s);
    rotate(rotation[p], rotation[q], c, s);
    return true;
  }

  private static void rotate(double[] x, double[] y, double c, double s) {
    for (int i = 0; i < x.length; i++) {
      double a = x[i], b = y[i];
      x[i] = c * a - s * b;
      y[i] = s * a + c * b;
    }
  }

  private void sort() {
    for (int i = 0; i < values.length; i++) {
      double length = 0;
      for (double v : turned[i]) length = Math.hypot(length, v);
      double[] row = turned[i], by = rotation[i];
      int at = i;
      for (; at > 0 && values[at - 1] < length; at--) {
        values[at] = values[at - 1];
        turned[at] = turned[at - 1];
        rotation[at] = rotation[at - 1];
      }
      values[at] = length;
      turned[at] = row;
      rotation[at] = by;
    }
  }

  double[] values() {
    return values;
  }

  double[][] u(boolean full) {
    double[][] u = wide ? rotation : orthonormal(full ? rows : values.length);
    return transposed(u);
  }

  double[][] vh(boolean full) {
    return wide ? orthonormal(full ? columns : values.length) : rotation;
  }

  /** The directions of the rotated columns, one a row, filled up to {@code count} by what is orthogonal to them. */
  private double[][] orthonormal(int count) {
    double[][] out = new double[count][];
    double floor = values[0] * 1e-300;
    int k = 0;
    for (; k < values.length && values[k] > floor; k++) {
      out[k] = turned[k].clone();
      for (int i = 0; i < out[k].length; i++) out[k][i] /= values[k];
    }
    for (; k < count; k++) out[k] = beside(out, k, turned[0].length);
    return out;
  }

  /** A unit vector orthogonal to the first {@code k}: what is left of the axis of which most is left. */
  private static double[] beside(double[][] others, int k, int size) {
    double[] best = null;
    double longest = 0;
    for (int axis = 0; axis < size; axis++) {
      double[] v = new double[size];
      v[axis] = 1;
      for (int pass = 0; pass < 2; pass++)
        for (int o = 0; o < k; o++) {
          double dot = dot(others[o], v);
          for (int i = 0; i < size; i++) v[i] -= dot * others[o][i];
        }
      double length = Math.sqrt(dot(v, v));
      if (length <= longest) continue;
      longest = length;
      best = v;
    }
    for (int i = 0; i < size; i++) best[i] /= longest;
    return best;
  }

  /** V S^-1 U^T without the values up to {@code rtol} times the largest. */
  double[][] pseudoInverse(double rtol) {
    double[][] u = u(false), vh = vh(false), out = new double[columns][rows];
    for (int k = 0; k < values.length && values[k] > rtol * values[0]; k++)
      for (int i = 0; i < columns; i++) for (int j = 0; j < rows; j++) out[i][j] += vh[k][i] / values[k] * u[j][k];
    return out;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) sum += a[i] * b[i];
    return sum;
  }

  private static double[][] transposed(double[][] a) {
    double[][] out = new double[a[0].length][a.length];
    for (int i = 0; i < a.length; i++) for (int j = 0; j < a[0].length; j++) out[j][i] = a[i][j];
    return out;
  }
}

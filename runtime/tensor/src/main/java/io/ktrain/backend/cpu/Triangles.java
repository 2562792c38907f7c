package io.ktrain.backend.cpu;

/** Cholesky's factor, and substitution in triangles. */
final class Triangles {
  private Triangles() {}

  /** L with L L^T = (A + A^T) / 2. */
  static double[][] cholesky(double[][] a) {
    int n = a.length;
    double[][] l = new double[n][n];
    for (int j = 0; j < n; j++) {
      double pivot = a[j][j];
      for (int k = 0; k < j; k++) pivot -= l[j][k] * l[j][k];
      if (!(pivot > 0)) throw new LinalgKernels.Unsuitable("not positive definite: its minor of order " + (j + 1) + " is not positive.");
      l[j][j] = Math.sqrt(pivot);
      for (int i = j + 1; i < n; i++) {
        double rest = 0.5 * (a[i][j] + a[j][i]);
        for (int k = 0; k < j; k++) rest -= l[i][k] * l[j][k];
        l[i][j] = rest / l[j][j];
      }
    }
    return l;
  }

  /** x of T x = b, where T is a triangle of {@code a}, with ones on its diagonal if {@code unit}. */
  static double[][] solve(double[][] a, double[][] b, boolean upper, boolean unit) {
    int n = a.length;
    double[][] x = new double[n][];
    for (int step = 0; step < n; step++) {
      int i = upper ? n - 1 - step : step;
      x[i] = b[i].clone();
      for (int k = upper ? i + 1 : 0; k < (upper ? n : i); k++) subtract(x[i], a[i][k], x[k]);
      if (unit) continue;
      if (a[i][i] == 0) throw new LinalgKernels.Unsuitable("singular. Fix: lstsq() or pinv().");
      for (int c = 0; c < x[i].length; c++) x[i][c] /= a[i][i];
    }
    return x;
  }

  private static void subtract(double[] from, double times, double[] row) {
    for (int c = 0; c < from.length; c++) from[c] -= times * row[c];
  }
}

package io.ktrain.backend.cpu;

/** Q R = A by reflections. R's diagonal has the sign LAPACK gives it: opposite to what stands there. */
final class HouseholderQr {
  /** R on and above the diagonal. */
  private final double[][] a;
  /** The k-th reflection is I - 2 v v^T of the vector v in row k, which is 0 before place k. */
  private final double[][] reflections;

  private HouseholderQr(double[][] a) {
    this.a = a;
    reflections = new double[Math.min(a.length, a[0].length)][];
  }

  /** Writes to {@code a}. */
  static HouseholderQr of(double[][] a) {
    var qr = new HouseholderQr(a);
    for (int k = 0; k < qr.reflections.length; k++) qr.reflect(k);
    return qr;
  }

  private void reflect(int k) {
    double below = 0;
    for (int i = k + 1; i < a.length; i++) below = Math.hypot(below, a[i][k]);
    if (below == 0) return;
    double[] v = new double[a.length];
    for (int i = k; i < a.length; i++) v[i] = a[i][k];
    v[k] += Math.copySign(Math.hypot(a[k][k], below), a[k][k]);
    double length = 0;
    for (int i = k; i < v.length; i++) length = Math.hypot(length, v[i]);
    for (int i = k; i < v.length; i++) v[i] /= length;
    apply(v, k, a, k);
    reflections[k] = v;
  }

  private static void apply(double[] v, int k, double[][] to, int fromColumn) {
    for (int j = fromColumn; j < to[0].length; j++) {
      double dot = 0;
      for (int i = k; i < v.length; i++) dot += v[i] * to[i][j];
      for (int i = k; i < v.length; i++) to[i][j] -= 2 * dot * v[i];
    }
  }

  /** Its first columns. */
  double[][] q(int columns) {
    double[][] q = new double[a.length][columns];
    for (int i = 0; i < columns; i++) q[i][i] = 1;
    for (int k = reflections.length - 1; k >= 0; k--) if (reflections[k] != null) apply(reflections[k], k, q, 0);
    return q;
  }

  /** Its first rows. */
  double[][] r(int rows) {
    double[][] r = new double[rows][a[0].length];
    for (int i = 0; i < rows; i++) for (int j = i; j < r[i].length; j++) r[i][j] = a[i][j];
    return r;
  }
}

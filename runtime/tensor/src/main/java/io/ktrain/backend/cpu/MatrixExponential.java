package io.ktrain.backend.cpu;

/** exp(A) by a diagonal Pade approximant of a halved matrix, squared again: Higham 2005. */
final class MatrixExponential {
  /** Up to this 1-norm the approximant of degree 13 is exact to f64's precision. */
  private static final double RADIUS = 5.371920351148152;
  private static final double[] B = {
      64764752532480000., 32382376266240000., 7771770303897600., 1187353796428800., 129060195264000., 10559470521600.,
      670442572800., 33522128640., 1323241920., 40840800., 960960., 16380., 182., 1.};

  private MatrixExponential() {}

  static double[][] of(double[][] a) {
    int n = a.length, halvings = 0;
    double norm = norm(a);
    while (norm > RADIUS) {
      norm /= 2;
      halvings++;
    }
    double scale = Math.scalb(1, -halvings);
    for (double[] row : a) for (int j = 0; j < n; j++) row[j] *= scale;
    double[][] a2 = product(a, a), a4 = product(a2, a2), a6 = product(a4, a2);
    double[][] odd = product(a, sum(product(a6, sum(a2, B[9], a4, B[11], a6, B[13], 0)), 1, sum(a2, B[3], a4, B[5], a6, B[7], B[1]), 1));
    double[][] even = sum(product(a6, sum(a2, B[8], a4, B[10], a6, B[12], 0)), 1, sum(a2, B[2], a4, B[4], a6, B[6], B[0]), 1);
    double[][] e = PivotedLu.of(sum(even, 1, odd, -1)).solve(sum(even, 1, odd, 1));
    for (int i = 0; i < halvings; i++) e = product(e, e);
    return e;
  }

  private static double norm(double[][] a) {
    double most = 0;
    for (int j = 0; j < a.length; j++) {
      double sum = 0;
      for (double[] row : a) sum += Math.abs(row[j]);
      most = Math.max(most, sum);
    }
    return most;
  }

  private static double[][] product(double[][] a, double[][] b) {
    int n = a.length;
    double[][] out = new double[n][n];
    for (int i = 0; i < n; i++) for (int k = 0; k < n; k++) for (int j = 0; j < n; j++) out[i][j] += a[i][k] * b[k][j];
    return out;
  }

  private static double[][] sum(double[][] a, double x, double[][] b, double y) {
    double[][] out = new double[a.length][a.length];
    for (int i = 0; i < a.length; i++) for (int j = 0; j < a.length; j++) out[i][j] = x * a[i][j] + y * b[i][j];
    return out;
  }

  /** x a + y b + z c, and {@code w} on the diagonal. */
  private static double[][] sum(double[][] a, double x, double[][] b, double y, double[][] c, double z, double w) {
    double[][] out = sum(sum(a, x, b, y), 1, c, z);
    for (int i = 0; i < out.length; i++) out[i][i] += w;
    return out;
  }
}

package io.ktrain.backend.cpu;

/** Eigenvalues and eigenvectors of (A + A^T) / 2 by rotations that zero one pair of elements after another. */
final class JacobiEigen {
  private static final int SWEEPS = 60;

  private final double[][] a;
  private final double[][] v;
  private final int[] order;

  private JacobiEigen(double[][] matrix) {
    int n = matrix.length;
    a = new double[n][n];
    v = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) a[i][j] = 0.5 * (matrix[i][j] + matrix[j][i]);
      v[i][i] = 1;
    }
    order = new int[n];
  }

  static JacobiEigen of(double[][] matrix) {
    var eigen = new JacobiEigen(matrix);
    eigen.run();
    return eigen;
  }

  private void run() {
    int n = a.length;
    boolean turned = true;
    for (int sweep = 0; sweep < SWEEPS && turned; sweep++) {
      turned = false;
      for (int p = 0; p < n; p++) for (int q = p + 1; q < n; q++) turned |= turn(p, q);
    }
    for (int i = 0; i < n; i++) {
      int at = i;
      while (at > 0 && a[order[at - 1]][order[at - 1]] > a[i][i]) order[at] = order[--at];
      order[at] = i;
    }
  }

  /** Rotates rows and columns p and q so that they have nothing in common; false where they had nothing to speak of. */
  private boolean turn(int p, int q) {
    double off = a[p][q];
    if (Math.abs(off) <= 1e-17 * Math.sqrt(Math.abs(a[p][p] * a[q][q])) || off == 0) {
      a[p][q] = 0;
      a[q][p] = 0;
      return false;
    }
    double theta = (a[q][q] - a[p][p]) / (2 * off);
    double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.hypot(theta, 1)), c = 1 / Math.hypot(t, 1), s = t * c;
    for (int k = 0; k < a.length; k++) {
      double kp = a[k][p], kq = a[k][q];
      a[k][p] = c * kp - s * kq;
      a[k][q] = s * kp + c * kq;
    }
    for (int k = 0; k < a.length; k++) {
      double pk = a[p][k], qk = a[q][k];
      a[p][k] = c * pk - s * qk;
      a[q][k] = s * pk + c * qk;
      double kp = v[k][p], kq = v[k][q];
      v[k][p] = c * kp - s * kq;
      v[k][q] = s * kp + c * kq;
    }
    a[p][q] = 0;
    a[q][p] = 0;
    return true;
  }

  /** Smallest first. */
  double[] values() {
    double[] out = new double[order.length];
    for (int i = 0; i < out.length; i++) out[i] = a[order[i]][order[i]];
    return out;
  }

  /** One a column. */
  double[][] vectors() {
    double[][] out = new double[order.length][order.length];
    for (int i = 0; i < out.length; i++) for (int j = 0; j < out.length; j++) out[i][j] = v[i][order[j]];
    return out;
  }
}

package io.ktrain.backend.cpu;

/** P L U = A by elimination, the largest element left in each column being its pivot. */
final class PivotedLu {
  /** L below the diagonal, U from it on, rows in their new order. */
  private final double[][] a;
  /** Which row of A each row was. */
  private final int[] order;
  private int swaps;

  private PivotedLu(double[][] a) {
    this.a = a;
    order = new int[a.length];
    for (int i = 0; i < order.length; i++) order[i] = i;
  }

  /** Writes to {@code a}. */
  static PivotedLu of(double[][] a) {
    var lu = new PivotedLu(a);
    for (int k = 0; k < a.length && k < a[0].length; k++) lu.eliminate(k);
    return lu;
  }

  private void eliminate(int k) {
    int pivot = k;
    for (int i = k + 1; i < a.length; i++) if (Math.abs(a[i][k]) > Math.abs(a[pivot][k])) pivot = i;
    if (pivot != k) {
      double[] row = a[k];
      a[k] = a[pivot];
      a[pivot] = row;
      int o = order[k];
      order[k] = order[pivot];
      order[pivot] = o;
      swaps++;
    }
    if (a[k][k] == 0) return;
    for (int i = k + 1; i < a.length; i++) {
      double by = a[i][k] / a[k][k];
      a[i][k] = by;
      for (int j = k + 1; j < a[i].length; j++) a[i][j] -= by * a[k][j];
    }
  }

  double[][] solve(double[][] b) {
    double[][] moved = new double[b.length][];
    for (int i = 0; i < b.length; i++) moved[i] = b[order[i]];
    return Triangles.solve(a, Triangles.solve(a, moved, false, true), true, false);
  }

  double determinant() {
    double product = swaps % 2 == 0 ? 1 : -1;
    for (int i = 0; i < a.length; i++) product *= a[i][i];
    return product;
  }

  /** Of the determinant: 1, -1, or 0 where it is 0. */
  double sign() {
    double sign = swaps % 2 == 0 ? 1 : -1;
    for (int i = 0; i < a.length; i++) sign *= Math.signum(a[i][i]);
    return sign;
  }

  double logOfSize() {
    double sum = 0;
    for (int i = 0; i < a.length; i++) sum += Math.log(Math.abs(a[i][i]));
    return sum;
  }

  double[][] permutation() {
    double[][] p = new double[a.length][a.length];
    for (int i = 0; i < order.length; i++) p[order[i]][i] = 1;
    return p;
  }

  double[][] lower() {
    double[][] l = new double[a.length][Math.min(a.length, a[0].length)];
    for (int i = 0; i < l.length; i++) for (int j = 0; j < l[i].length; j++) l[i][j] = j < i ? a[i][j] : j == i ? 1 : 0;
    return l;
  }

  double[][] upper() {
    double[][] u = new double[Math.min(a.length, a[0].length)][a[0].length];
    for (int i = 0; i < u.length; i++) for (int j = i; j < u[i].length; j++) u[i][j] = a[i][j];
    return u;
  }
}

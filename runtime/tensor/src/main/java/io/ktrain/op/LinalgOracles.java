package io.ktrain.op;

import io.ktrain.tensor.MatrixNorm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** What linear algebra should give, by textbook definitions that kernels do not use; see {@link OpTests#reference}. */
final class LinalgOracles {
  /** Of the plain QR iteration: enough for eigenvalues that lie apart. */
  private static final int ITERATIONS = 2000;

  private LinalgOracles() {}

  /** Applies {@code f} to the i-th matrices of all inputs, for each i of the batch. */
  static NdArray each(List<NdArray> in, Function<List<double[][]>, double[][]> f) {
    int[] shape = in.get(0).shape();
    int n = shape.length, count = in.get(0).data().length / (shape[n - 2] * shape[n - 1]);
    var all = new ArrayList<Double>();
    int[] size = new int[2];
    for (int b = 0; b < count; b++) {
      var matrices = new ArrayList<double[][]>();
      for (NdArray x : in) matrices.add(matrix(x, b));
      double[][] out = f.apply(matrices);
      size = new int[] {out.length, out[0].length};
      for (double[] row : out) for (double v : row) all.add(v);
    }
    int[] to = shape.clone();
    to[n - 2] = size[0];
    to[n - 1] = size[1];
    return new NdArray(to, all.stream().mapToDouble(Double::doubleValue).toArray());
  }

  static NdArray vectors(List<NdArray> in, Function<double[][], double[]> f) {
    NdArray rows = each(in, m -> new double[][] {f.apply(m.get(0))});
    int n = rows.shape().length;
    int[] shape = Arrays.copyOf(rows.shape(), n - 1);
    shape[n - 2] = rows.shape()[n - 1];
    return new NdArray(shape, rows.data());
  }

  static NdArray scalars(List<NdArray> in, ToDoubleFunction<double[][]> f) {
    NdArray ones = each(in, m -> new double[][] {{f.applyAsDouble(m.get(0))}});
    return new NdArray(Arrays.copyOf(ones.shape(), ones.shape().length - 2), ones.data());
  }

  private static double[][] matrix(NdArray x, int b) {
    int n = x.shape().length, rows = x.shape()[n - 2], columns = x.shape()[n - 1];
    double[][] out = new double[rows][];
    for (int r = 0; r < rows; r++)
      out[r] = Arrays.copyOfRange(x.data(), (b * rows + r) * columns, (b * rows + r + 1) * columns);
    return out;
  }

  static double[][] unit(int n) {
    double[][] out = new double[n][n];
    for (int i = 0; i < n; i++) out[i][i] = 1;
    return out;
  }

  static double[][] transposed(double[][] a) {
    double[][] out = new double[a[0].length][a.length];
    for (int i = 0; i < a.length; i++) for (int j = 0; j < a[0].length; j++) out[j][i] = a[i][j];
    return out;
  }

  static double[][] product(double[][] a, double[][] b) {
    double[][] out = new double[a.length][b[0].length];
    for (int i = 0; i < a.length; i++)
      for (int j = 0; j < b[0].length; j++) for (int k = 0; k < b.length; k++) out[i][j] += a[i][k] * b[k][j];
    return out;
  }

  private static double[][] without(double[][] a, int row, int column) {
    int n = a.length - 1;
    double[][] out = new double[n][n];
    for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) out[i][j] = a[i < row ? i : i + 1][j < column ? j : j + 1];
    return out;
  }

  /** Laplace's expansion. */
  static double determinant(double[][] a) {
    if (a.length == 0) return 1;
    double sum = 0;
    for (int j = 0; j < a.length; j++) sum += (j % 2 == 0 ? 1 : -1) * a[0][j] * determinant(without(a, 0, j));
    return sum;
  }

  /** Cramer's rule. */
  static double[][] inverse(double[][] a) {
    int n = a.length;
    double det = determinant(a);
    double[][] out = new double[n][n];
    for (int i = 0; i < n; i++)
      for (int j = 0; j < n; j++) out[j][i] = ((i + j) % 2 == 0 ? 1 : -1) * determinant(without(a, i, j)) / det;
    return out;
  }

  static double[][] triangle(double[][] a, Linalg.Triangle of) {
    double[][] out = new double[a.length][a.length];
    for (int i = 0; i < a.length; i++)
      for (int j = 0; j < a.length; j++)
        if (i == j || of.upper() == j > i) out[i][j] = i == j && of.unit() ? 1 : a[i][j];
    return out;
  }

  /** (A^T A)^-1 A^T, for full rank. */
  static double[][] pseudoInverse(double[][] a) {
    double[][] t = transposed(a);
    return a.length >= a[0].length ? product(inverse(product(t, a)), t) : product(t, inverse(product(a, t)));
  }

  static double[][] symmetric(double[][] a) {
    double[][] out = new double[a.length][a.length];
    for (int i = 0; i < a.length; i++) for (int j = 0; j < a.length; j++) out[i][j] = (a[i][j] + a[j][i]) / 2;
    return out;
  }

  /** Row by row, each element from the equation it stands in. */
  static double[][] cholesky(double[][] matrix) {
    double[][] a = symmetric(matrix), l = new double[a.length][a.length];
    for (int i = 0; i < a.length; i++)
      for (int j = 0; j <= i; j++) {
        double rest = a[i][j];
        for (int k = 0; k < j; k++) rest -= l[i][k] * l[j][k];
        l[i][j] = i == j ? Math.sqrt(rest) : rest / l[j][j];
      }
    return l;
  }

  /** Gram and Schmidt's orthonormal basis of the columns, each pointing as its column does. */
  private static double[][] gramSchmidt(double[][] a) {
    int m = a.length, k = Math.min(m, a[0].length);
    double[][] q = new double[m][k];
    for (int j = 0; j < k; j++) {
      double[] v = new double[m];
      for (int i = 0; i < m; i++) v[i] = a[i][j];
      for (int pass = 0; pass < 2; pass++)
        for (int p = 0; p < j; p++) {
          double dot = 0;
          for (int i = 0; i < m; i++) dot += q[i][p] * v[i];
          for (int i = 0; i < m; i++) v[i] -= dot * q[i][p];
        }
      double length = Math.sqrt(Arrays.stream(v).map(x -> x * x).sum());
      for (int i = 0; i < m; i++) q[i][j] = v[i] / length;
    }
    return q;
  }

  /** The same with the signs of reflections: away from a positive diagonal, except where only one element is left. */
  static double[][] orthonormal(double[][] a) {
    double[][] q = gramSchmidt(a);
    for (double[] row : q) for (int j = 0; j < row.length; j++) if (j < a.length - 1) row[j] = -row[j];
    return q;
  }

  /**
   * The eigenvectors of a symmetric matrix as columns, largest eigenvalue first, by the plain QR iteration; each points
   * towards its largest element.
   */
  private static double[][] eigenvectors(double[][] a) {
    double[][] now = a, all = unit(a.length);
    for (int i = 0; i < ITERATIONS; i++) {
      double[][] q = gramSchmidt(now);
      now = product(product(transposed(q), now), q);
      all = product(all, q);
    }
    for (int j = 0; j < a.length; j++) {
      int best = 0;
      for (int i = 0; i < a.length; i++) if (Math.abs(all[i][j]) > Math.abs(all[best][j])) best = i;
      double sign = Math.signum(all[best][j]);
      for (int i = 0; i < a.length; i++) all[i][j] *= sign;
    }
    return all;
  }

  static double[] symmetricEigenvalues(double[][] matrix) {
    double[][] a = symmetric(matrix), v = eigenvectors(a), d = product(product(transposed(v), a), v);
    double[] values = new double[a.length];
    for (int i = 0; i < values.length; i++) values[i] = d[i][i];
    Arrays.sort(values);
    return values;
  }

  static double[] singularValues(double[][] a) {
    double[][] small = a.length <= a[0].length ? product(a, transposed(a)) : product(transposed(a), a);
    double[] squares = symmetricEigenvalues(small), values = new double[squares.length];
    for (int i = 0; i < values.length; i++) values[i] = Math.sqrt(squares[values.length - 1 - i]);
    return values;
  }

  static double[][] leftSingular(double[][] a) {
    int k = Math.min(a.length, a[0].length);
    double[][] v = eigenvectors(product(a, transposed(a))), out = new double[a.length][];
    for (int i = 0; i < a.length; i++) out[i] = Arrays.copyOf(v[i], k);
    return out;
  }

  /** The series itself. */
  static double[][] exponential(double[][] a) {
    double[][] sum = unit(a.length), term = unit(a.length);
    for (int k = 1; k < 100; k++) {
      term = product(term, a);
      for (double[] row : term) for (int j = 0; j < row.length; j++) row[j] /= k;
      for (int i = 0; i < a.length; i++) for (int j = 0; j < a.length; j++) sum[i][j] += term[i][j];
    }
    return sum;
  }

  static double norm(double[][] a, MatrixNorm of) {
    double[] rows = Arrays.stream(a).mapToDouble(r -> Arrays.stream(r).map(Math::abs).sum()).toArray();
    double[] columns = Arrays.stream(transposed(a)).mapToDouble(r -> Arrays.stream(r).map(Math::abs).sum()).toArray();
    return switch (of) {
      case FROBENIUS -> Math.sqrt(Arrays.stream(a).flatMapToDouble(Arrays::stream).map(v -> v * v).sum());
      case NUCLEAR -> Arrays.stream(singularValues(a)).sum();
      case TWO -> Arrays.stream(singularValues(a)).max().orElseThrow();
      case MINUS_TWO -> Arrays.stream(singularValues(a)).min().orElseThrow();
      case ONE -> Arrays.stream(columns).max().orElseThrow();
      case MINUS_ONE -> Arrays.stream(columns).min().orElseThrow();
      case INFINITY -> Arrays.stream(rows).max().orElseThrow();
      case MINUS_INFINITY -> Arrays.stream(rows).min().orElseThrow();
    };
  }
}

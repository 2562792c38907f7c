package io.ktrain.backend.cpu;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Decompositions;
import io.ktrain.op.Linalg;
import io.ktrain.op.Op;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;

/** Linear algebra in f64, one matrix of a batch a tile. */
final class LinalgKernels {
  private LinalgKernels() {}

  /** What one matrix of each input gives, one matrix an output; a vector is one row. */
  private interface OfMatrices<A> {
    double[][][] run(A attributes, double[][][] in);
  }

  /** What a matrix has that an algorithm cannot go on with. */
  static final class Unsuitable extends RuntimeException {
    Unsuitable(String what) {
      super(what, null, false, false);
    }
  }

  static void register(CpuBackend cpu) {
    add(cpu, Linalg.SOLVE, (none, in) -> {
      PivotedLu lu = PivotedLu.of(in[0]);
      return outputs(lu.solve(in[1]));
    });
    add(cpu, Linalg.SOLVE_TRIANGULAR, (of, in) -> outputs(Triangles.solve(in[0], in[1], of.upper(), of.unit())));
    add(cpu, Linalg.DET, (none, in) -> outputs(new double[][] {{PivotedLu.of(in[0]).determinant()}}));
    add(cpu, Linalg.SLOGDET, (none, in) -> {
      PivotedLu lu = PivotedLu.of(in[0]);
      return outputs(new double[][] {{lu.sign()}}, new double[][] {{lu.logOfSize()}});
    });
    add(cpu, Linalg.MATRIX_EXP, (none, in) -> outputs(MatrixExponential.of(in[0])));
    add(cpu, Linalg.PINV, (rank, in) -> outputs(JacobiSvd.of(in[0]).pseudoInverse(rank.rtol())));
    add(cpu, Decompositions.CHOLESKY, (none, in) -> outputs(Triangles.cholesky(in[0])));
    add(cpu, Decompositions.LU, (none, in) -> {
      PivotedLu lu = PivotedLu.of(in[0]);
      return outputs(lu.permutation(), lu.lower(), lu.upper());
    });
    add(cpu, Decompositions.QR, (complete, in) -> {
      HouseholderQr qr = HouseholderQr.of(in[0]);
      int k = complete.full() ? in[0].length : Math.min(in[0].length, in[0][0].length);
      return outputs(qr.q(k), qr.r(k));
    });
    add(cpu, Decompositions.SVD, (complete, in) -> {
      JacobiSvd svd = JacobiSvd.of(in[0]);
      return outputs(svd.u(complete.full()), new double[][] {svd.values()}, svd.vh(complete.full()));
    });
    add(cpu, Decompositions.EIGH, (none, in) -> {
      JacobiEigen eigen = JacobiEigen.of(in[0]);
      return outputs(new double[][] {eigen.values()}, eigen.vectors());
    });
  }

  private static double[][][] outputs(double[][]... matrices) {
    return matrices;
  }

  private static <A> void add(CpuBackend cpu, Op<A> op, OfMatrices<A> f) {
    cpu.add(op, new Kernel<A>() {
      @Override
      public void run(Call<A> call) {
        if (call.out(call.outputs() - 1).numel() == 0) return;
        Tensor first = call.in(0);
        int batch = 1; // not by the number of elements: an empty matrix has a determinant
        for (int d = 0; d < first.getNdim() - 2; d++) batch *= first.size(d);
        int matrices = batch;
        double[][] from = new double[call.inputs()][], to = new double[call.outputs()][];
        for (int i = 0; i < from.length; i++) from[i] = call.in(i).toDoubleArray();
        for (int i = 0; i < to.length; i++) to[i] = new double[Math.toIntExact(call.out(i).numel())];
        String[] wrong = new String[batch];
        ThreadPool.run(batch, b -> {
          double[][][] in = new double[from.length][][];
          for (int i = 0; i < in.length; i++) in[i] = matrix(from[i], b, call.in(i).size(-2), call.in(i).size(-1));
          try {
            double[][][] out = f.run(call.attributes(), in);
            for (int i = 0; i < to.length; i++) store(out[i], to[i], b, matrices);
          } catch (Unsuitable e) {
            wrong[b] = e.getMessage();
          }
        });
        for (int b = 0; b < batch; b++)
          if (wrong[b] != null) throw new KtrainException(op.name() + ": matrix " + b + " of " + first.describe() + " is " + wrong[b]);
        for (int i = 0; i < to.length; i++) Elements.store(to[i], call.out(i).storage().host(), call.out(i).getDtype(), 0, 1, to[i].length);
      }
    });
  }

  private static double[][] matrix(double[] all, int b, int rows, int columns) {
    double[][] a = new double[rows][];
    for (int r = 0; r < rows; r++) a[r] = Arrays.copyOfRange(all, (b * rows + r) * columns, (b * rows + r + 1) * columns);
    return a;
  }

  private static void store(double[][] matrix, double[] all, int b, int batch) {
    int at = b * (all.length / batch);
    for (double[] row : matrix) {
      System.arraycopy(row, 0, all, at, row.length);
      at += row.length;
    }
  }
}

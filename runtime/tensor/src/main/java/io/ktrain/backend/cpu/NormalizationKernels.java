package io.ktrain.backend.cpu;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Losses;
import io.ktrain.op.Normalizations;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.function.Consumer;

/** Softmax, cross entropy and the normalizations over f32 rows; what is absent here runs by its decomposition. */
final class NormalizationKernels {
  /** Elements of one tile. */
  private static final int TILE = 16 * 1024;

  /** Below this many elements plain loops are quicker and spare a young process the vector classes. */
  private static final int VECTORS_FROM = 256;

  private NormalizationKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Normalizations.SOFTMAX, new AlongRows((call, in, out, rows, cols) -> VectorSoftmax.softmax(in[0], out, rows, cols)));
    cpu.add(Normalizations.LOG_SOFTMAX, new AlongRows((call, in, out, rows, cols) -> VectorSoftmax.logSoftmax(in[0], out, rows, cols)));
    cpu.add(Normalizations.SOFTMAX_GRAD, new AlongRows((call, in, out, rows, cols) -> VectorSoftmax.softmaxBackward(in[1], in[0], out, rows, cols)));
    cpu.add(Normalizations.LOG_SOFTMAX_GRAD, new AlongRows((call, in, out, rows, cols) -> VectorSoftmax.logSoftmaxBackward(in[1], in[0], out, rows, cols)));
    cpu.add(Losses.CROSS_ENTROPY_ROWS, new Kernel<Losses.Rows>() {
      @Override
      public boolean takes(Call<Losses.Rows> call) {
        return isRows(call.in(0)) && isLabels(call.in(1));
      }

      @Override
      public void run(Call<Losses.Rows> call) {
        crossEntropy(call);
      }
    });
    cpu.add(Losses.CROSS_ENTROPY_ROWS_GRAD, new Kernel<Losses.Rows>() {
      @Override
      public boolean takes(Call<Losses.Rows> call) {
        Tensor g = call.in(0);
        return isRows(call.in(1)) && isLabels(call.in(2)) && g.getDtype() == DType.f32 && (g.isContiguous() || g.layout().stride(0) == 0);
      }

      @Override
      public void run(Call<Losses.Rows> call) {
        crossEntropyGrad(call);
      }
    });
    cpu.addInF32(Normalizations.SOFTMAX, Normalizations.LOG_SOFTMAX, Normalizations.SOFTMAX_GRAD, Normalizations.LOG_SOFTMAX_GRAD,
        Losses.CROSS_ENTROPY_ROWS, Losses.CROSS_ENTROPY_ROWS_GRAD);
    cpu.add(Losses.CROSS_ENTROPY_ROWS, new Plain(PlainCrossEntropy::forward));
    cpu.add(Losses.CROSS_ENTROPY_ROWS_GRAD, new Plain(PlainCrossEntropy::gradient));
  }

  /** f32 rows of any kind. */
  private record Plain(Consumer<Call<Losses.Rows>> rows) implements Kernel<Losses.Rows> {
    @Override
    public boolean takes(Call<Losses.Rows> call) {
      return call.in(0).getDtype() == DType.f32;
    }

    @Override
    public void run(Call<Losses.Rows> call) {
      rows.accept(call);
    }
  }

  private static boolean isRows(Tensor t) {
    return t.getDtype() == DType.f32 && t.isContiguous() && t.numel() >= VECTORS_FROM && Vectors.available();
  }

  private static boolean isLabels(Tensor t) {
    return t.getDtype() == DType.i64 && t.isContiguous();
  }

  private static int each(int cols) {
    return Math.max(1, TILE / cols);
  }

  private interface Rows {
    void run(Call<?> call, long[] in, long out, int rows, int cols);
  }

  /** A kernel that takes the last dim of row-major tensors of one shape. */
  private record AlongRows(Rows rows) implements Kernel<Normalizations.Dim> {
    @Override
    public boolean takes(Call<Normalizations.Dim> call) {
      for (int i = 0; i < call.inputs(); i++) if (!isRows(call.in(i))) return false;
      return call.in(0).getNdim() > 0 && call.attributes().dim() == call.in(0).getNdim() - 1;
    }

    @Override
    public void run(Call<Normalizations.Dim> call) {
      int cols = call.in(0).size(-1), count = Math.toIntExact(call.in(0).numel() / cols), each = each(cols);
      long out = MatMulKernels.address(call.out(0));
      ThreadPool.run((count + each - 1) / each, t -> {
        long[] in = new long[call.inputs()];
        long shift = 4L * t * each * cols;
        for (int i = 0; i < in.length; i++) in[i] = MatMulKernels.address(call.in(i)) + shift;
        rows.run(call, in, out + shift, Math.min(each, count - t * each), cols);
      });
    }
  }

  private static void crossEntropy(Call<Losses.Rows> call) {
    int rows = call.in(0).size(0), cols = call.in(0).size(1), each = each(cols);
    long x = MatMulKernels.address(call.in(0)), labels = MatMulKernels.address(call.in(1)), loss = MatMulKernels.address(call.out(0)), stats = MatMulKernels.address(call.out(1));
    ThreadPool.run((rows + each - 1) / each, t -> {
      long from = (long) t * each;
      int bad = VectorSoftmax.crossEntropy(x + 4 * from * cols, labels + 8 * from, call.attributes().ignoreIndex(), loss + 4 * from, stats + 8 * from, (int) Math.min(each, rows - from), cols);
      if (bad != VectorSoftmax.ALL_VALID) throw new KtrainException("crossEntropy: the label of row " + (from + bad) + " is out of range for " + cols + " classes.");
    });
  }

  private static void crossEntropyGrad(Call<Losses.Rows> call) {
    Tensor g = call.in(0);
    int rows = call.in(1).size(0), cols = call.in(1).size(1), each = each(cols);
    int step = rows == 1 || g.layout().stride(0) == 0 ? 0 : 1;
    long up = MatMulKernels.address(g), x = MatMulKernels.address(call.in(1)), labels = MatMulKernels.address(call.in(2)), stats = MatMulKernels.address(call.in(3)), dx = MatMulKernels.address(call.out(0));
    ThreadPool.run((rows + each - 1) / each, t -> {
      long from = (long) t * each;
      VectorSoftmax.crossEntropyBackward(x + 4 * from * cols, labels + 8 * from, call.attributes().ignoreIndex(), stats + 8 * from, up + 4 * from * step, step, dx + 4 * from * cols,
          (int) Math.min(each, rows - from), cols);
    });
  }
}

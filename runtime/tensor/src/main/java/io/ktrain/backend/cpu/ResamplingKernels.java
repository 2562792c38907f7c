package io.ktrain.backend.cpu;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Resampling;
import io.ktrain.op.SparseMatrix;
import io.ktrain.op.Spec;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * Products with a sparse matrix along a dim. What lies behind the dim in memory is added up as whole rows, in the order
 * of the matrix; a result lies as its input did, so that pictures stay channels-last.
 */
final class ResamplingKernels {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
  /** Input elements of one tile. */
  private static final int TILE = 16 * 1024;
  /** Elements of a row that are worth a loop of their own. */
  private static final int SHORT = 8;

  private ResamplingKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Resampling.RESAMPLE, new Kernel<Resampling.Along>() {
      @Override
      public Layout layout(Call<Resampling.Along> call, List<Spec> specs, int i) {
        return ResamplingKernels.layout(call.in(0), specs.get(0).shape());
      }

      @Override
      public void run(Call<Resampling.Along> call) {
        resample(call.in(0), call.attributes().dim(), call.attributes().by(), call.out(0));
      }
    });
  }

  /** How a result made of x lies; null for row-major. */
  static Layout layout(Tensor x, Shape result) {
    return x.layout().isDense(x.getShape()) ? Layout.permuted(result, x.layout().order()) : null;
  }

  /** y lies as {@link #layout} says. */
  static void resample(Tensor x, int dim, SparseMatrix by, Tensor y) {
    if (y.numel() == 0) return;
    if (x.numel() == 0) {
      CopyKernels.fill(y, 0);
      return;
    }
    boolean dense = x.layout().isDense(x.getShape());
    Tensor from = x;
    if (!dense) {
      from = Temporary.like(x);
      CopyKernels.copy(x, from);
    }
    int outer = 1, inner = 1;
    boolean behind = false;
    for (int d : from.layout().order())
      if (d == dim) behind = true;
      else if (behind) inner *= x.size(d);
      else outer *= x.size(d);
    if (x.getDtype() == DType.f32) floats(from, y, by, outer, inner);
    else any(from, y, by, outer, inner);
    if (!dense) Temporary.free(from);
  }

  private static void floats(Tensor x, Tensor y, SparseMatrix by, int outer, int inner) {
    int n = by.width(), m = by.rows(), chunk = Math.min(inner, Math.max(64, TILE / n)),
        chunks = Math.ceilDiv(inner, chunk);
    int together = chunks > 1 ? 1 : Math.clamp(TILE / ((long) n * inner), 1, outer);
    float[] weights = new float[by.weights().length];
    for (int k = 0; k < weights.length; k++) weights[k] = (float) by.weights()[k];
    MemorySegment source = x.storage().host(), target = y.storage().host();
    long first = x.layout().offset(), to = y.layout().offset();
    ThreadPool.run(Math.ceilDiv(outer, together) * chunks, t -> {
      int begin = t % chunks * chunk, width = Math.min(chunk, inner - begin), start = t / chunks * together,
          count = Math.min(together, outer - start);
      float[] in = new float[n * width], out = new float[m * width];
      for (int o = start; o < start + count; o++) {
        long place = first + (long) o * n * inner + begin, result = to + (long) o * m * inner + begin;
        if (chunks == 1) MemorySegment.copy(source, F32, 4 * place, in, 0, n * width);
        else for (int r = 0; r < n; r++) MemorySegment.copy(source, F32, 4 * (place + (long) r * inner), in, r * width,
            width);
        if (width < SHORT) columns(by, weights, in, out, width);
        else rows(by, weights, in, out, width);
        if (chunks == 1) MemorySegment.copy(out, 0, target, F32, 4 * result, m * width);
        else for (int r = 0; r < m; r++) MemorySegment.copy(out, r * width, target, F32, 4
            * (result + (long) r * inner), width);
      }
    });
  }

  private static void rows(SparseMatrix by, float[] weights, float[] in, float[] out, int width) {
    int[] starts = by.starts(), columns = by.columns();
    for (int r = 0; r < by.rows(); r++) {
      int at = r * width;
      Arrays.fill(out, at, at + width, 0f);
      for (int k = starts[r]; k < starts[r + 1]; k++) add(weights[k], in, columns[k] * width, out, at, width);
    }
  }

  private static void add(float weight, float[] in, int from, float[] out, int to, int count) {
    for (int i = 0; i < count; i++) out[to + i] += weight * in[from + i];
  }

  private static void columns(SparseMatrix by, float[] weights, float[] in, float[] out, int width) {
    int[] starts = by.starts(), columns = by.columns();
    for (int r = 0; r < by.rows(); r++)
      for (int i = 0; i < width; i++) {
        float sum = 0;
        for (int k = starts[r]; k < starts[r + 1]; k++) sum += weights[k] * in[columns[k] * width + i];
        out[r * width + i] = sum;
      }
  }

  /** Any floating type, in double. */
  private static void any(Tensor x, Tensor y, SparseMatrix by, int outer, int inner) {
    int n = by.width(), m = by.rows();
    MemorySegment source = x.storage().host(), target = y.storage().host();
    ThreadPool.run(outer, o -> {
      double[] in = new double[n * inner], out = new double[m * inner];
      Elements.load(source, x.getDtype(), x.layout().offset() + (long) o * n * inner, 1, in, in.length);
      for (int r = 0; r < m; r++)
        for (int k = by.starts()[r]; k < by.starts()[r + 1]; k++)
          for (int i = 0; i < inner; i++) out[r * inner + i] += by.weights()[k] * in[by.columns()[k] * inner + i];
      Elements.store(out, target, y.getDtype(), y.layout().offset() + (long) o * m * inner, 1, out.length);
    });
  }
}

package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.MatMulKernels.address;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Normalizations;
import io.ktrain.op.Spec;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Layer and batch normalization of f32 by vector kernels, cut into ranges of rows or channels by the shape alone. */
final class NormKernels {
  /** Elements of one tile. */
  private static final int TILE = 16 * 1024;

  private NormKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Normalizations.LAYER_NORM, new LayerNorm());
    cpu.add(Normalizations.LAYER_NORM_GRAD, new LayerNormGrad());
    cpu.add(Normalizations.BATCH_NORM, new BatchNorm());
    cpu.add(Normalizations.BATCH_NORM_GRAD, new BatchNormGrad());
    cpu.addInF32(Normalizations.LAYER_NORM, Normalizations.LAYER_NORM_GRAD, Normalizations.BATCH_NORM, Normalizations.BATCH_NORM_GRAD);
  }

  static boolean isDense(Tensor t) {
    return t == null || t.getDtype() == DType.f32 && t.isContiguous() && t.numel() > 0;
  }

  static long orNone(Tensor t) {
    return t == null ? VectorNorm.NONE : address(t);
  }

  private static void scale(long x, int n, float by) {
    for (int i = 0; i < n; i++) VectorMemory.set(x + 4L * i, VectorMemory.get(x + 4L * i) * by);
  }

  interface Range {
    void run(long from, int count, int tile);
  }

  /** Rows in ranges of about a tile; gives how many ranges there are. */
  static int ranges(int rows, int cols) {
    int each = Math.max(1, TILE / cols);
    return (rows + each - 1) / each;
  }

  static void overRows(int rows, int cols, Range range) {
    int each = Math.max(1, TILE / cols);
    ThreadPool.run(ranges(rows, cols), t -> range.run((long) t * each, Math.min(each, rows - t * each), t));
  }

  /** Each range of rows sums into a row of a buffer; the buffer's rows are added in order. */
  private static void sums(Tensor like, int rows, int cols, long out, Range into, long[] buffer) {
    int n = ranges(rows, cols);
    Tensor partial = Temporary.of(like, Shape.of(n, cols));
    buffer[0] = address(partial);
    overRows(rows, cols, into);
    VectorReductions.columnSums(buffer[0], cols, n, cols, out);
    Temporary.free(partial);
  }

  private static final class LayerNorm implements Kernel<Normalizations.Layer> {
    @Override
    public boolean takes(Call<Normalizations.Layer> call) {
      return Vectors.available() && isDense(call.in(0)) && isDense(call.in(1)) && isDense(call.in(2));
    }

    @Override
    public void run(Call<Normalizations.Layer> call) {
      int rows = Math.toIntExact(call.out(1).numel()), cols = Math.toIntExact(call.in(0).numel() / rows);
      long x = address(call.in(0)), w = orNone(call.in(1)), b = orNone(call.in(2)), y = address(call.out(0)), mean = address(call.out(1)), rstd = address(call.out(2));
      double eps = call.attributes().eps();
      overRows(rows, cols, (from, n, t) -> VectorNorm.layerNorm(x + 4 * from * cols, w, b, eps, y + 4 * from * cols, mean + 4 * from, rstd + 4 * from, n, cols));
    }
  }

  private static final class LayerNormGrad implements Kernel<Normalizations.Layer> {
    @Override
    public boolean takes(Call<Normalizations.Layer> call) {
      return Vectors.available() && isDense(call.in(0)) && isDense(call.in(1)) && isDense(call.in(2));
    }

    @Override
    public void run(Call<Normalizations.Layer> call) {
      int rows = Math.toIntExact(call.in(3).numel()), cols = Math.toIntExact(call.in(1).numel() / rows);
      long g = address(call.in(0)), x = address(call.in(1)), w = orNone(call.in(2)), mean = address(call.in(3)), rstd = address(call.in(4)), dx = address(call.out(0));
      int n = ranges(rows, cols);
      Tensor partial = Temporary.of(call.in(1), Shape.of(2, n, cols));
      long dw = address(partial), db = dw + 4L * n * cols;
      overRows(rows, cols, (from, count, t) -> {
        long at = 4 * from * cols;
        VectorNorm.layerNormBackward(g + at, x + at, w, mean + 4 * from, rstd + 4 * from, dx + at, count, cols);
        VectorReductions.fill(dw + 4L * t * cols, cols, 0f);
        VectorReductions.fill(db + 4L * t * cols, cols, 0f);
        VectorNorm.layerNormParameters(g + at, x + at, mean + 4 * from, rstd + 4 * from, dw + 4L * t * cols, db + 4L * t * cols, count, cols);
      });
      VectorReductions.columnSums(dw, cols, n, cols, address(call.out(1)));
      VectorReductions.columnSums(db, cols, n, cols, address(call.out(2)));
      Temporary.free(partial);
    }
  }

  /** How a batch lies: rows of channels, or planes of one channel each. */
  private record Batch(int n, int channels, int hw, boolean channelsLast) {
    static Batch of(Tensor x) {
      int hw = Math.toIntExact(x.numel() / Math.max(1, (long) x.size(0) * x.size(1)));
      boolean last = hw == 1 && x.isContiguous() || x.getNdim() == 4 && ConvolutionKernels.Picture.isChannelsLast(x);
      return last || x.isContiguous() ? new Batch(x.size(0), x.size(1), hw, last) : null;
    }

    int rows() {
      return n * hw;
    }

    /** Channels in ranges of about a tile. */
    void overChannels(Range range) {
      int each = (int) Math.clamp(TILE / Math.max(1L, (long) n * hw), 1, channels);
      ThreadPool.run((channels + each - 1) / each, t -> range.run((long) t * each, Math.min(each, channels - t * each), t));
    }
  }

  private static final class BatchNorm implements Kernel<Normalizations.Eps> {
    @Override
    public boolean takes(Call<Normalizations.Eps> call) {
      Tensor x = call.in(0);
      return Vectors.available() && x.getDtype() == DType.f32 && x.numel() > 0 && Batch.of(x) != null && isDense(call.in(1)) && isDense(call.in(2));
    }

    @Override
    public Layout layout(Call<Normalizations.Eps> call, List<Spec> specs, int i) {
      return i == 0 ? new Layout(call.in(0).layout().strides(), 0) : null;
    }

    @Override
    public void run(Call<Normalizations.Eps> call) {
      Tensor x = call.in(0);
      Batch s = Batch.of(x);
      int channels = s.channels, rows = s.rows();
      long from = address(x), y = address(call.out(0)), mean = address(call.out(1)), var = address(call.out(2));
      Tensor extra = Temporary.of(x, Shape.of(2, channels));
      long scale = address(extra), shift = scale + 4L * channels;
      if (s.channelsLast) {
        new FastReduction(1, rows, channels, false, false).sum(x, call.out(1));
        scale(mean, channels, 1f / rows);
        long[] buffer = new long[1];
        sums(x, rows, channels, var, (r, n, t) -> VectorBatchNorm.squaredDeviations(from + 4 * r * channels, mean, n, channels, buffer[0] + 4L * t * channels), buffer);
      } else {
        s.overChannels((c, n, t) -> {
          int first = (int) c, end = first + n;
          VectorBatchNorm.planeSums(from, s.n, channels, s.hw, first, end, mean);
          scale(mean + 4 * c, n, 1f / rows);
          VectorBatchNorm.planeSquaredDeviations(from, mean, s.n, channels, s.hw, first, end, var);
        });
      }
      Tensor w = call.in(1), b = call.in(2);
      for (int c = 0; c < channels; c++) {
        float r = VectorNorm.reciprocalRoot(VectorMemory.get(var + 4L * c), rows, call.attributes().eps());
        VectorMemory.set(scale + 4L * c, w == null ? r : r * VectorMemory.get(address(w) + 4L * c));
        VectorMemory.set(shift + 4L * c, b == null ? 0f : VectorMemory.get(address(b) + 4L * c));
        VectorMemory.set(var + 4L * c, VectorMemory.get(var + 4L * c) / rows);
      }
      if (s.channelsLast) overRows(rows, channels, (r, n, t) -> VectorBatchNorm.apply(from + 4 * r * channels, mean, scale, shift, y + 4 * r * channels, n, channels));
      else s.overChannels((c, n, t) -> VectorBatchNorm.applyToPlanes(from, mean, scale, shift, y, s.n, channels, s.hw, (int) c, (int) c + n));
      Temporary.free(extra);
    }
  }

  private static final class BatchNormGrad implements Kernel<Normalizations.Eps> {
    @Override
    public boolean takes(Call<Normalizations.Eps> call) {
      Tensor g = call.in(0), x = call.in(1);
      return Vectors.available() && x.getDtype() == DType.f32 && x.numel() > 0 && g.getDtype() == DType.f32 && Batch.of(x) != null && isDense(call.in(2));
    }

    @Override
    public Layout layout(Call<Normalizations.Eps> call, List<Spec> specs, int i) {
      return i == 0 ? new Layout(call.in(1).layout().strides(), 0) : null;
    }

    @Override
    public void run(Call<Normalizations.Eps> call) {
      Tensor x = call.in(1), g = call.in(0);
      Batch s = Batch.of(x);
      boolean same = java.util.Arrays.equals(g.layout().strides(), x.layout().strides());
      if (!same) {
        g = Temporary.of(x, new Layout(x.layout().strides(), 0));
        CopyKernels.copy(call.in(0), g);
      }
      int channels = s.channels, rows = s.rows();
      long from = address(x), up = address(g), mean = address(call.in(3)), dx = address(call.out(0)), dots = address(call.out(1)), sums = address(call.out(2));
      Tensor extra = Temporary.of(x, Shape.of(4, channels));
      long rstd = address(extra), a = rstd + 4L * channels, b = a + 4L * channels, c = b + 4L * channels;
      for (int k = 0; k < channels; k++) VectorMemory.set(rstd + 4L * k, VectorNorm.reciprocalRoot(VectorMemory.get(address(call.in(4)) + 4L * k), 1, call.attributes().eps()));
      if (s.channelsLast) {
        new FastReduction(1, rows, channels, false, false).sum(g, call.out(2));
        long[] buffer = new long[1];
        sums(x, rows, channels, dots, (r, n, t) -> VectorBatchNorm.centredDots(up + 4 * r * channels, from + 4 * r * channels, mean, n, channels, buffer[0] + 4L * t * channels), buffer);
      } else {
        s.overChannels((k, n, t) -> {
          VectorBatchNorm.planeSums(up, s.n, channels, s.hw, (int) k, (int) k + n, sums);
          VectorBatchNorm.planeCentredDots(up, from, mean, s.n, channels, s.hw, (int) k, (int) k + n, dots);
        });
      }
      VectorBatchNorm.coefficients(orNone(call.in(2)), rstd, sums, dots, rows, a, b, c, channels);
      if (s.channelsLast) overRows(rows, channels, (r, n, t) -> VectorBatchNorm.backward(up + 4 * r * channels, from + 4 * r * channels, mean, a, b, c, dx + 4 * r * channels, n, channels));
      else s.overChannels((k, n, t) -> VectorBatchNorm.backwardOfPlanes(up, from, mean, a, b, c, dx, s.n, channels, s.hw, (int) k, (int) k + n));
      VectorNorm.multiply(dots, rstd, dots, channels);
      Temporary.free(extra);
      if (!same) Temporary.free(g);
    }
  }
}

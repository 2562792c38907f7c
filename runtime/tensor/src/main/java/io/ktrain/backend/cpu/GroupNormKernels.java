package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.MatMulKernels.address;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Normalizations;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Group and root-mean-square normalization of f32 by vector kernels, a tile of groups or rows at a time. */
final class GroupNormKernels {
  private GroupNormKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Normalizations.GROUP_NORM, new GroupNorm());
    cpu.add(Normalizations.GROUP_NORM_GRAD, new GroupNormGrad());
    cpu.add(Normalizations.RMS_NORM, new RmsNorm());
    cpu.add(Normalizations.RMS_NORM_GRAD, new RmsNormGrad());
  }

  private static boolean takes(Call<?> call, int inputs) {
    boolean takes = Vectors.available();
    for (int i = 0; i < inputs; i++) takes &= NormKernels.isDense(call.in(i));
    return takes;
  }

  private static float at(long values, int i, float otherwise) {
    return values == VectorNorm.NONE ? otherwise : VectorMemory.get(values + 4L * i);
  }

  /**
   * Samples of channels in groups: each channel is one run of {@code run} elements, each group of {@code each}
   * channels.
   */
  private record Groups(int samples, int channels, int groups, int each, int run) {
    static Groups of(Tensor x, int groups) {
      int n = x.size(0), c = x.size(1);
      return new Groups(n, c, groups, c / groups, Math.toIntExact(x.numel() / ((long) n * c)));
    }

    int length() {
      return each * run;
    }
  }

  private static final class GroupNorm implements Kernel<Normalizations.Groups> {
    @Override
    public boolean takes(Call<Normalizations.Groups> call) {
      return GroupNormKernels.takes(call, 3);
    }

    @Override
    public void run(Call<Normalizations.Groups> call) {
      Groups s = Groups.of(call.in(0), call.attributes().groups());
      long x = address(call.in(0)), w = NormKernels.orNone(call.in(1)), b = NormKernels.orNone(call.in(2));
      long y = address(call.out(0)), mean = address(call.out(1)), rstd = address(call.out(2));
      int n = s.length();
      NormKernels.overRows(s.samples * s.groups, n, (from, count, t) -> {
        for (long row = from; row < from + count; row++) {
          long at = x + 4 * row * n;
          float average = VectorReductions.sum(at, n) / n;
          float scale = VectorNorm.reciprocalRoot(VectorReductions.squaredDeviations(at, average, n), n,
              call.attributes().eps());
          VectorMemory.set(mean + 4 * row, average);
          VectorMemory.set(rstd + 4 * row, scale);
          int first = (int) (row % s.groups) * s.each;
          for (int c = 0; c < s.each; c++) {
            long run = 4L * (row * n + (long) c * s.run);
            VectorNorm.standardise(x + run, average, scale * at(w, first + c, 1f), at(b, first + c, 0f), y + run,
                s.run);
          }
        }
      });
    }
  }

  private static final class GroupNormGrad implements Kernel<Normalizations.Groups> {
    @Override
    public boolean takes(Call<Normalizations.Groups> call) {
      return GroupNormKernels.takes(call, 5);
    }

    @Override
    public void run(Call<Normalizations.Groups> call) {
      Tensor input = call.in(1);
      Groups s = Groups.of(input, call.attributes().groups());
      long g = address(call.in(0)), x = address(input), w = NormKernels.orNone(call.in(2));
      long mean = address(call.in(3)), rstd = address(call.in(4)), dx = address(call.out(0));
      int n = s.length();
      // What each channel of each sample gives its weight and its bias.
      Tensor parts = Temporary.of(input, Shape.of(2, s.samples, s.channels));
      long dw = address(parts), db = dw + 4L * s.samples * s.channels;
      NormKernels.overRows(s.samples * s.groups, n, (from, count, t) -> {
        for (long row = from; row < from + count; row++) {
          float average = VectorMemory.get(mean + 4 * row), scale = VectorMemory.get(rstd + 4 * row);
          int first = (int) (row % s.groups) * s.each;
          long place = 4 * row * s.each;
          double sum = 0, dot = 0;
          for (int c = 0; c < s.each; c++) {
            long run = 4L * (row * n + (long) c * s.run);
            float up = VectorReductions.sum(g + run, s.run),
                with = VectorReductions.centredDot(g + run, x + run, average, s.run);
            VectorMemory.set(db + place + 4L * c, up);
            VectorMemory.set(dw + place + 4L * c, with * scale);
            float weight = at(w, first + c, 1f);
            sum += weight * up;
            dot += weight * with;
          }
          float b = (float) (-scale * scale * scale * dot / n), shift = (float) (-scale * sum / n);
          for (int c = 0; c < s.each; c++) {
            long run = 4L * (row * n + (long) c * s.run);
            VectorNorm.combine(g + run, x + run, scale * at(w, first + c, 1f), average, b, shift, dx + run, s.run);
          }
        }
      });
      VectorReductions.columnSums(dw, s.channels, s.samples, s.channels, address(call.out(1)));
      VectorReductions.columnSums(db, s.channels, s.samples, s.channels, address(call.out(2)));
      Temporary.free(parts);
    }
  }

  private static final class RmsNorm implements Kernel<Normalizations.Layer> {
    @Override
    public boolean takes(Call<Normalizations.Layer> call) {
      return GroupNormKernels.takes(call, 2);
    }

    @Override
    public void run(Call<Normalizations.Layer> call) {
      int rows = Math.toIntExact(call.out(1).numel()), cols = Math.toIntExact(call.in(0).numel() / rows);
      long x = address(call.in(0)), w = NormKernels.orNone(call.in(1)), y = address(call.out(0)),
          root = address(call.out(1));
      NormKernels.overRows(rows, cols, (from, n, t) ->
          VectorNorm.rmsNorm(x + 4 * from * cols, w, call.attributes().eps(), y + 4 * from * cols, root + 4 * from, n,
              cols));
    }
  }

  private static final class RmsNormGrad implements Kernel<Normalizations.Layer> {
    @Override
    public boolean takes(Call<Normalizations.Layer> call) {
      return GroupNormKernels.takes(call, 4);
    }

    @Override
    public void run(Call<Normalizations.Layer> call) {
      int rows = Math.toIntExact(call.in(3).numel()), cols = Math.toIntExact(call.in(1).numel() / rows),
          ranges = NormKernels.ranges(rows, cols);
      long g = address(call.in(0)), x = address(call.in(1)), w = NormKernels.orNone(call.in(2)),
          root = address(call.in(3)), dx = address(call.out(0));
      Tensor parts = Temporary.of(call.in(1), Shape.of(ranges, cols));
      long dw = address(parts);
      NormKernels.overRows(rows, cols, (from, n, t) -> {
        long at = 4 * from * cols, part = dw + 4L * t * cols;
        VectorReductions.fill(part, cols, 0f);
        VectorNorm.rmsNormBackward(g + at, x + at, w, root + 4 * from, dx + at, part, n, cols);
      });
      VectorReductions.columnSums(dw, cols, ranges, cols, address(call.out(1)));
      Temporary.free(parts);
    }
  }
}

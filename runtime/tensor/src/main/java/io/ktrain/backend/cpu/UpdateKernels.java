package io.ktrain.backend.cpu;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Updates;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Tensor;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/** Optimizer steps over all f32 parameters of a group in one run of the pool. */
final class UpdateKernels {
  /** Elements of one tile. */
  private static final int TILE = 32 * 1024;

  /** Below this many elements in all, plain loops are quicker and spare a young process the vector classes. */
  private static final int VECTORS_FROM = 4096;

  private UpdateKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Updates.SGD, new Fused<Updates.Sgd>(s -> s.momentum() == 0 ? 2 : 3) {
      @Override
      public void run(Call<Updates.Sgd> call) {
        Updates.Sgd s = call.attributes();
        var step = VectorOptimizers.SgdStep.of(s.lr(), s.momentum(), s.dampening(), s.nesterov(), s.weightDecay(), s.first());
        each(call, (at, n) -> {
          if (s.momentum() == 0) VectorOptimizers.sgd(at[0], at[1], n, step);
          else VectorOptimizers.sgdMomentum(at[0], at[1], at[2], n, step);
        });
      }
    });
    cpu.add(Updates.ADAM, new Fused<Updates.Adam>(a -> a.amsgrad() ? 5 : 4) {
      @Override
      public void run(Call<Updates.Adam> call) {
        Updates.Adam a = call.attributes();
        var step = AdamStep.of(a.lr(), a.beta1(), a.beta2(), a.eps(), a.weightDecay(), a.decoupled(), a.step());
        each(call, (at, n) -> {
          if (a.amsgrad()) VectorOptimizers.amsgrad(at[0], at[1], at[2], at[3], at[4], n, step);
          else VectorOptimizers.adam(at[0], at[1], at[2], at[3], n, step);
        });
      }
    });
    cpu.add(Updates.SGD, new Small<>(PlainUpdates::sgd));
    cpu.add(Updates.ADAM, new Small<>(PlainUpdates::adam));
    cpu.add(Updates.TOTAL_NORM, new Kernel<Void>() {
      @Override
      public boolean takes(Call<Void> call) {
        return rows(call);
      }

      @Override
      public void run(Call<Void> call) {
        totalNorm(call);
      }
    });
  }

  /** Whether all inputs are f32 rows, enough of them for vectors to pay. */
  private static boolean rows(Call<?> call) {
    if (!Vectors.available() || !isFlat(call)) return false;
    long all = 0;
    for (int i = 0; i < call.inputs(); i++) all += call.in(i).numel();
    return all >= VECTORS_FROM;
  }

  private static boolean isFlat(Call<?> call) {
    for (int i = 0; i < call.inputs(); i++) if (call.in(i).getDtype() != DType.f32 || !call.in(i).isContiguous()) return false;
    return true;
  }

  /** Few parameters, or no vectors. */
  private record Small<A>(Consumer<Call<A>> step) implements Kernel<A> {
    @Override
    public boolean takes(Call<A> call) {
      return isFlat(call);
    }

    @Override
    public void run(Call<A> call) {
      step.accept(call);
    }
  }

  private interface Range {
    /** {@code at}: where the range starts in the parameter, its gradient and each state. */
    void run(long[] at, int n);
  }

  private abstract static class Fused<A> implements Kernel<A> {
    private final ToIntFunction<A> lists;

    /** {@code lists}: how many tensors belong to one parameter. */
    Fused(ToIntFunction<A> lists) {
      this.lists = lists;
    }

    @Override
    public boolean takes(Call<A> call) {
      return rows(call);
    }

    /** Cuts every parameter into ranges and runs all of them. */
    final void each(Call<A> call, Range range) {
      int k = lists.applyAsInt(call.attributes()), n = call.inputs() / k;
      int[] first = new int[n + 1];
      for (int i = 0; i < n; i++) first[i + 1] = first[i] + Math.toIntExact((call.in(i).numel() + TILE - 1) / TILE);
      long total = 0;
      for (int i = 0; i < n; i++) total += call.in(i).numel();
      if (total <= TILE) {
        for (int t = 0; t < first[n]; t++) tile(call, range, k, n, first, t);
        return;
      }
      ThreadPool.run(first[n], t -> tile(call, range, k, n, first, t));
    }

    private void tile(Call<A> call, Range range, int k, int n, int[] first, int t) {
      int i = 0;
      while (first[i + 1] <= t) i++;
      long from = (long) (t - first[i]) * TILE;
      long[] at = new long[k];
      for (int j = 0; j < k; j++) at[j] = MatMulKernels.address(call.in(j * n + i)) + 4 * from;
      range.run(at, (int) Math.min(TILE, call.in(i).numel() - from));
    }
  }

  /** Squares of fixed ranges, added in order in double. */
  private static void totalNorm(Call<Void> call) {
    int n = call.inputs();
    int[] first = new int[n + 1];
    for (int i = 0; i < n; i++) first[i + 1] = first[i] + Math.toIntExact((call.in(i).numel() + TILE - 1) / TILE);
    float[] squares = new float[first[n]];
    ThreadPool.run(first[n], t -> {
      int i = 0;
      while (first[i + 1] <= t) i++;
      Tensor x = call.in(i);
      long from = (long) (t - first[i]) * TILE;
      squares[t] = VectorReductions.sumSquares(MatMulKernels.address(x) + 4 * from, (int) Math.min(TILE, x.numel() - from));
    });
    double sum = 0;
    for (float s : squares) sum += s;
    Elements.real(call.out(0).storage().host(), DType.f32, 0, Math.sqrt(sum));
  }
}

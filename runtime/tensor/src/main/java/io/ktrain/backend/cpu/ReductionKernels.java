package io.ktrain.backend.cpu;

import io.ktrain.op.Call;
import io.ktrain.op.Expr;
import io.ktrain.op.Orders;
import io.ktrain.op.Reductions;
import io.ktrain.op.Reductions.Along;
import io.ktrain.op.Reductions.Over;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Host;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;

/** Sums, extremes, running sums, sorting. The general kernels accumulate in double (or long) in the order of the elements. */
final class ReductionKernels {
  private static final Expr QUOTIENT = new Expr.Input(0).div(Expr.param(0));

  /** The places of all elements that fold into one are held in an array. */
  private static final int MOST_FOLDED = Integer.MAX_VALUE - 64;

  private ReductionKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Reductions.SUM, call -> {
      FastReduction fast = FastReduction.of(call);
      if (fast != null) fast.sum(call.in(0), call.out(0));
      else fold(call, 0, (a, x) -> a + x, (a, x) -> a + x, 1);
    });
    cpu.add(Reductions.MEAN, call -> {
      FastReduction fast = FastReduction.of(call);
      if (fast == null) {
        fold(call, 0, (a, x) -> a + x, (a, x) -> a + x, count(call));
        return;
      }
      fast.sum(call.in(0), call.out(0));
      PointwiseKernels.KERNEL.run(QUOTIENT, DType.f32, new double[] {count(call)}, call.out(0), call.out(0));
    });
    cpu.add(Reductions.PROD, call -> fold(call, 1, (a, x) -> a * x, (a, x) -> a * x, 1));
    cpu.add(Reductions.AMAX, call -> {
      FastReduction fast = FastReduction.of(call);
      if (fast != null && fast.isByRows()) fast.byRows(VectorReductions::rowMax, call.in(0), call.out(0));
      else fold(call, Double.NEGATIVE_INFINITY, Math::max, Math::max, 1);
    });
    cpu.add(Reductions.AMIN, call -> {
      FastReduction fast = FastReduction.of(call);
      if (fast != null && fast.isByRows()) fast.byRows(VectorReductions::rowMin, call.in(0), call.out(0));
      else fold(call, Double.POSITIVE_INFINITY, Math::min, Math::min, 1);
    });
    cpu.add(Reductions.MAX, call -> extreme(call, true));
    cpu.add(Reductions.MIN, call -> extreme(call, false));
    cpu.add(Reductions.CUMSUM, call -> running(call, false));
    cpu.add(Reductions.CUMPROD, call -> running(call, true));
    cpu.add(Reductions.SORT, ReductionKernels::sort);
    cpu.add(Orders.CUMMAX, call -> runningExtreme(call, true));
    cpu.add(Orders.CUMMIN, call -> runningExtreme(call, false));
  }

  private interface Fold {
    double of(double accumulated, double x);
  }

  private interface WholeFold {
    long of(long accumulated, long x);
  }

  static long count(Call<Over> call) {
    long n = 1;
    for (int d : call.attributes().dims()) n *= call.in(0).size(d);
    return n;
  }

  /** Where the elements that fold into one lie, relative to the first of them. */
  private static long[] inner(String op, Tensor x, int[] dims) {
    long count = 1;
    for (int d : dims) count *= x.size(d);
    if (count > MOST_FOLDED)
      throw new ShapeError(op + ": " + count + " elements of " + x.describe() + " go into one; at most " + MOST_FOLDED + " can. Fix: reduce one dim after the other.");
    int n = (int) count;
    long[] at = new long[n];
    for (int i = 0; i < n; i++) {
      int rest = i;
      for (int k = dims.length - 1; k >= 0; k--) {
        at[i] += rest % x.size(dims[k]) * x.layout().stride(dims[k]);
        rest /= x.size(dims[k]);
      }
    }
    return at;
  }

  private static long outer(Tensor x, int[] kept, int i) {
    long at = x.layout().offset();
    for (int k = kept.length - 1; k >= 0; k--) {
      at += i % x.size(kept[k]) * x.layout().stride(kept[k]);
      i /= x.size(kept[k]);
    }
    return at;
  }

  static int[] others(int ndim, int[] dims) {
    int[] kept = new int[ndim - dims.length];
    int k = 0;
    for (int d = 0; d < ndim; d++) {
      boolean goes = false;
      for (int r : dims) goes |= r == d;
      if (!goes) kept[k++] = d;
    }
    return kept;
  }

  private static void fold(Call<Over> call, double start, Fold fold, WholeFold whole, long divisor) {
    Tensor x = call.in(0), y = call.out(0);
    int n = Math.toIntExact(y.numel());
    if (n == 0) return;
    int[] dims = call.attributes().dims(), kept = others(x.getNdim(), dims);
    long[] inner = inner(call.op().name(), x, dims);
    MemorySegment from = x.storage().host(), to = y.storage().host();
    DType a = x.getDtype(), b = y.getDtype();
    int each = Math.max(1, 16384 / Math.max(1, inner.length));
    ThreadPool.run((n + each - 1) / each, tile -> {
      for (int i = tile * each; i < Math.min(n, (tile + 1) * each); i++) {
        long at = outer(x, kept, i);
        if (a.isFloating()) {
          double sum = start;
          for (long o : inner) sum = fold.of(sum, Host.real(from, a, at + o));
          Elements.real(to, b, i, sum / divisor);
        } else {
          long sum = Double.isInfinite(start) ? start < 0 ? Long.MIN_VALUE : Long.MAX_VALUE : (long) start;
          for (long o : inner) sum = whole.of(sum, Host.whole(from, a, at + o));
          Elements.whole(to, b, i, sum);
        }
      }
    });
  }

  /** Calls for every run of elements along a dim: where it starts in x, and its number among the runs. */
  private interface Run {
    void at(long from, int number);
  }

  private static void runs(Tensor x, int dim, Run run) {
    int[] kept = x.getNdim() == 0 ? new int[0] : others(x.getNdim(), new int[] {dim});
    int n = 1;
    for (int d : kept) n *= x.size(d);
    for (int i = 0; i < n; i++) run.at(outer(x, kept, i), i);
  }

  private static int length(Tensor x, int dim) {
    return x.getNdim() == 0 ? 1 : x.size(dim);
  }

  private static long step(Tensor x, int dim) {
    return x.getNdim() == 0 ? 1 : x.layout().stride(dim);
  }

  private static void extreme(Call<Along> call, boolean max) {
    Tensor x = call.in(0);
    int dim = call.attributes().dim(), n = length(x, dim);
    long step = step(x, dim);
    MemorySegment from = x.storage().host(), values = call.out(0).storage().host(), places = call.out(1).storage().host();
    DType type = x.getDtype();
    if (x.numel() == 0) return;
    runs(x, dim, (at, i) -> {
      int best = 0;
      if (type.isFloating()) {
        double b = Host.real(from, type, at);
        for (int k = 1; k < n && b == b; k++) {
          double v = Host.real(from, type, at + k * step);
          if (v != v || (max ? v > b : v < b)) {
            b = v;
            best = k;
          }
        }
        Elements.real(values, type, i, b);
      } else {
        long b = Host.whole(from, type, at);
        for (int k = 1; k < n; k++) {
          long v = Host.whole(from, type, at + k * step);
          if (max ? v > b : v < b) {
            b = v;
            best = k;
          }
        }
        Elements.whole(values, type, i, b);
      }
      Elements.whole(places, DType.i64, i, best);
    });
  }

  private static void running(Call<Along> call, boolean product) {
    Tensor x = call.in(0), y = call.out(0);
    int dim = call.attributes().dim(), n = length(x, dim);
    long step = step(x, dim);
    MemorySegment from = x.storage().host(), to = y.storage().host();
    int[] kept = x.getNdim() == 0 ? new int[0] : others(x.getNdim(), new int[] {dim});
    long stepOut = step(y, dim);
    if (x.numel() == 0) return;
    runs(x, dim, (at, i) -> {
      long out = outer(y, kept, i);
      double sum = product ? 1 : 0;
      long wholeSum = product ? 1 : 0;
      for (int k = 0; k < n; k++) {
        if (x.getDtype().isFloating()) {
          double v = Host.real(from, x.getDtype(), at + k * step);
          sum = product ? sum * v : sum + v;
          Elements.real(to, y.getDtype(), out + k * stepOut, sum);
        } else {
          long v = Host.whole(from, x.getDtype(), at + k * step);
          wholeSum = product ? wholeSum * v : wholeSum + v;
          Elements.whole(to, y.getDtype(), out + k * stepOut, wholeSum);
        }
      }
    });
  }

  /** Of equal elements the last; from a NaN on, NaN. */
  private static void runningExtreme(Call<Along> call, boolean max) {
    Tensor x = call.in(0), y = call.out(0), places = call.out(1);
    int dim = call.attributes().dim(), n = length(x, dim);
    long step = step(x, dim), stepOut = step(y, dim);
    MemorySegment from = x.storage().host(), to = y.storage().host(), index = places.storage().host();
    int[] kept = x.getNdim() == 0 ? new int[0] : others(x.getNdim(), new int[] {dim});
    DType type = x.getDtype();
    if (x.numel() == 0) return;
    runs(x, dim, (at, i) -> {
      long out = outer(y, kept, i);
      int best = 0;
      for (int k = 0; k < n; k++) {
        long a = at + k * step, b = at + best * step;
        boolean better;
        if (type.isFloating()) {
          double v = Host.real(from, type, a), held = Host.real(from, type, b);
          better = v != v || (max ? v >= held : v <= held);
        } else {
          long v = Host.whole(from, type, a), held = Host.whole(from, type, b);
          better = max ? v >= held : v <= held;
        }
        if (better) best = k;
        long found = at + best * step, here = out + k * stepOut;
        if (type.isFloating()) Elements.real(to, type, here, Host.real(from, type, found));
        else Elements.whole(to, type, here, Host.whole(from, type, found));
        Elements.whole(index, DType.i64, here, best);
      }
    });
  }

  private static void sort(Call<Along> call) {
    Tensor x = call.in(0), y = call.out(0), places = call.out(1);
    int dim = call.attributes().dim(), n = length(x, dim);
    long step = step(x, dim), stepOut = step(y, dim);
    int[] kept = x.getNdim() == 0 ? new int[0] : others(x.getNdim(), new int[] {dim});
    DType type = x.getDtype();
    MemorySegment from = x.storage().host();
    if (x.numel() == 0) return;
    runs(x, dim, (at, i) -> {
      Integer[] order = new Integer[n];
      for (int k = 0; k < n; k++) order[k] = k;
      Comparator<Integer> by = type.isFloating() ? Comparator.comparingDouble(k -> Host.real(from, type, at + k * step))
          : Comparator.comparingLong(k -> Host.whole(from, type, at + k * step));
      Arrays.sort(order, call.attributes().flag() ? by.reversed() : by);
      long out = outer(y, kept, i);
      for (int k = 0; k < n; k++) {
        long source = at + order[k] * step;
        if (type.isFloating()) Elements.real(y.storage().host(), type, out + k * stepOut, Host.real(from, type, source));
        else Elements.whole(y.storage().host(), type, out + k * stepOut, Host.whole(from, type, source));
        Elements.whole(places.storage().host(), DType.i64, out + k * stepOut, order[k]);
      }
    });
  }
}

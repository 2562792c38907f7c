package io.ktrain.cuda;

import io.ktrain.op.Call;
import io.ktrain.op.Reductions;
import io.ktrain.op.Reductions.Along;
import io.ktrain.op.Reductions.Over;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Sums, products, extremes, running sums, sorting. */
final class ReductionKernels {
  private static final Kernels REDUCTIONS = Kernels.file("reductions");
  private static final Kernels SORTING = Kernels.file("sorting");
  private static final int THREADS = 256;

  /** Elements that one block sorts; as in sorting.cu. */
  private static final int TILE = 2048;

  private ReductionKernels() {}

  static void register(CudaBackend cuda) {
    cuda.add(Reductions.SUM, (device, call) -> fold(device, call, Fold.Kind.SUM, 1));
    cuda.add(Reductions.MEAN, (device, call) -> fold(device, call, Fold.Kind.SUM, count(call)));
    cuda.add(Reductions.PROD, (device, call) -> fold(device, call, Fold.Kind.PROD, 1));
    cuda.add(Reductions.AMAX, (device, call) -> fold(device, call, Fold.Kind.LARGEST, 1));
    cuda.add(Reductions.AMIN, (device, call) -> fold(device, call, Fold.Kind.SMALLEST, 1));
    cuda.add(Reductions.MAX, (device, call) -> extreme(device, call, true));
    cuda.add(Reductions.MIN, (device, call) -> extreme(device, call, false));
    cuda.add(Reductions.CUMSUM, (device, call) -> scan(device, call, false));
    cuda.add(Reductions.CUMPROD, (device, call) -> scan(device, call, true));
    cuda.add(Reductions.SORT, ReductionKernels::sort);
  }

  private static long count(Call<Over> call) {
    long n = 1;
    for (int d : call.attributes().dims()) n *= call.in(0).size(d);
    return n;
  }

  private static void fold(CudaDevice device, Call<Over> call, Fold.Kind kind, long divisor) {
    Fold.run(device, kind, call.in(0), call.attributes(), divisor, call.out(0));
  }

  /** The kernels of these read each element as f64 or i64, which hold all values of their kind. */
  private static DType widest(Tensor x) {
    return x.getDtype().isFloating() ? DType.f64 : DType.i64;
  }

  private static void extreme(CudaDevice device, Call<Along> call, boolean max) {
    Tensor x = call.in(0);
    if (x.numel() == 0) return;
    int dim = call.attributes().dim();
    long[] to = new long[x.getNdim()];
    long step = 1;
    for (int d = to.length - 1; d >= 0; d--) {
      if (d == dim) continue;
      to[d] = step;
      step *= x.size(d);
    }
    Runs runs = Runs.of(x.getShape(), dim, x.layout().strides(), to);
    int lanes = runs.areSideBySide() ? 1 : runs.length() > 1024 ? 512 : Fold.power(runs.length(), 32);
    int threads = Math.max(THREADS, lanes);
    device.launch(REDUCTIONS, "extreme_" + widest(x), Fold.ceil(runs.count(), threads / lanes), threads,
        new Args().tensor(x).type(x).tensor(call.out(0)).tensor(call.out(1)).walk(runs.sizes(), runs.starts())
            .i64(runs.count()).i64(runs.length()).i64(runs.steps()[0]).i32(lanes).i32(max ? 1 : 0));
  }

  private static void scan(CudaDevice device, Call<Along> call, boolean product) {
    Tensor x = call.in(0), y = call.out(0);
    if (x.numel() == 0) return;
    Runs runs = Runs.of(call.attributes().dim(), x, y);
    int n = runs.length();
    boolean each = runs.areSideBySide() || n < 8;
    var args = new Args().tensor(x).type(x).tensor(y).type(y).walk(runs.sizes(), runs.starts());
    if (each) args.i64(runs.count());
    args.i64(n).i64(runs.steps()[0]).i64(runs.steps()[1]).i32(product ? 1 : 0);
    if (each) device.launch(REDUCTIONS, "scan_each_" + widest(x), device.blocks(runs.count(), 128), 128, args);
    else device.launch(REDUCTIONS, "scan_" + widest(x), runs.count(), Fold.power(Math.max(32, n), 512), args);
  }

  private static void sort(CudaDevice device, Call<Along> call) {
    Tensor x = call.in(0);
    if (x.numel() == 0) return;
    Runs runs = Runs.of(call.attributes().dim(), x, call.out(0));
    int n = runs.length(), padded = Fold.power(n, TILE);
    long tiles = Fold.ceil(n, padded);
    Sorted sorted = tiles == 1 ? new Sorted(null, null) : Sorted.of(x);
    device.launch(SORTING, "sort_" + widest(x), Fold.ceil(runs.count() * tiles, TILE / padded), THREADS,
        rows(call, runs).tensor(sorted.keys).tensor(sorted.order).i32(padded).i32(call.attributes().flag() ? 1 : 0));
    if (tiles == 1) return;
    int blocks = device.blocks(x.numel(), THREADS);
    for (long run = TILE; run < n; run *= 2) {
      Sorted merged = Sorted.of(x);
      device.launch(SORTING, "merge", blocks, THREADS, new Args().tensor(sorted.keys).tensor(sorted.order)
          .tensor(merged.keys).tensor(merged.order).i64(runs.count()).i64(n).i64(run));
      sorted.free();
      sorted = merged;
    }
    device.launch(SORTING, "gather_" + widest(x), blocks, THREADS, rows(call, runs).tensor(sorted.order));
    sorted.free();
  }

  private static Args rows(Call<Along> call, Runs runs) {
    Tensor x = call.in(0);
    return new Args().tensor(x).tensor(call.out(0)).type(x).tensor(call.out(1)).i64(runs.length())
        .i64(runs.steps()[0]).i64(runs.steps()[1]).walk(runs.sizes(), runs.starts()).i64(runs.count());
  }

  /** Rows that are being sorted: whole numbers that order as the elements do, and where each stood in its row. */
  private record Sorted(Tensor keys, Tensor order) {
    static Sorted of(Tensor x) {
      Shape all = x.getShape();
      return new Sorted(CopyKernels.temporary(all, DType.i64, x), CopyKernels.temporary(all, DType.i32, x));
    }

    void free() {
      keys.storage().free("its operation");
      order.storage().free("its operation");
    }
  }
}

package io.ktrain.cuda;

import io.ktrain.op.Reductions.Over;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Folds the elements of some dims into one: a sum, a product, an extreme. How depends on what lies innermost in memory:
 * runs of elements that go into one, columns of which neighbours stay apart, or anything else. What no single
 * launch can do, or not with enough threads, is cut into pieces whose results are folded in turn. The cuts depend on
 * the shape alone.
 */
final class Fold {
  /** As {@code Folding} in reductions.cu. */
  enum Kind { SUM, PROD, LARGEST, SMALLEST }

  private static final Kernels REDUCTIONS = Kernels.file("reductions");
  private static final int THREADS = 256;

  /** As many blocks as keep a large device busy. */
  private static final int BLOCKS = 512;

  /** Threads to aim for where each output has its own. */
  private static final int BUSY = BLOCKS * THREADS;

  /** A dim: how far apart its elements lie in what is read and in what is written, and whether it goes. */
  private record Dim(int size, long from, long to, boolean goes) {}

  private final CudaDevice device;
  private final Kind kind;
  private final long divisor;
  private final Tensor out;

  private Fold(CudaDevice device, Kind kind, long divisor, Tensor out) {
    this.device = device;
    this.kind = kind;
    this.divisor = divisor;
    this.out = out;
  }

  /** Folds {@code x} over dims into the row-major {@code out}, and divides what comes out of floating elements. */
  static void run(CudaDevice device, Kind kind, Tensor x, Over over, long divisor, Tensor out) {
    if (out.numel() == 0) return;
    var dims = new ArrayList<Dim>();
    long to = 1;
    for (int d = x.getNdim() - 1; d >= 0; d--) {
      boolean goes = over.reduces(d);
      if (x.size(d) != 1) dims.add(new Dim(x.size(d), x.layout().stride(d), goes ? 0 : to, goes));
      if (!goes) to *= x.size(d);
    }
    new Fold(device, kind, divisor, out).pass(x, dims.reversed());
  }

  /** The type that elements of a type are folded in. */
  static DType accumulator(DType t) {
    return !t.isFloating() ? DType.i64 : t == DType.f64 ? DType.f64 : DType.f32;
  }

  static int power(long atLeast, int most) {
    int p = 1;
    while (p < atLeast && p < most) p <<= 1;
    return p;
  }

  static long ceil(long a, long b) {
    return (a + b - 1) / b;
  }

  /** In the order of memory, with neighbours that lie like one dim joined. */
  private static List<Dim> joined(List<Dim> dims) {
    var sorted = new ArrayList<>(dims);
    sorted.sort(Comparator.comparingLong((Dim d) -> d.from).reversed());
    var all = new ArrayList<Dim>();
    for (Dim d : sorted) {
      Dim o = all.isEmpty() ? null : all.getLast();
      boolean joins = o != null && o.goes == d.goes && o.from == d.from * d.size && (d.goes || o.to == d.to * d.size)
          && (long) o.size * d.size <= Integer.MAX_VALUE;
      if (joins) all.set(all.size() - 1, new Dim(o.size * d.size, d.from, d.to, d.goes));
      else all.add(d);
    }
    return all;
  }

  private void pass(Tensor x, List<Dim> unsorted) {
    List<Dim> dims = joined(unsorted);
    int last = dims.size() - 1;
    long length = 1;
    for (Dim d : dims) if (d.goes) length *= d.size;
    boolean dense = last >= 0 && last < Args.DIMS && dims.get(last).from == 1 && length > 1;
    if (kind == Kind.SUM && x.getDtype().isFloating() && dense) {
      int at = last;
      while (!dims.get(at).goes) at--;
      // Kept dims between the columns and the rows that go are walked as outer ones.
      if (at == last) runs(x, dims);
      else columns(x, dims, at);
    } else {
      any(x, dims, length);
    }
  }

  /** The innermost dim goes. */
  private void runs(Tensor x, List<Dim> dims) {
    List<Dim> rest = dims.subList(0, dims.size() - 1);
    int length = dims.getLast().size, wide = Math.max(1, 16 / x.getDtype().bytes());
    long runs = count(rest);
    int lanes = length > 128 * wide ? THREADS : power(ceil(length, wide), 32);
    long blocks = ceil(runs, THREADS / lanes);
    long pieces = Math.clamp(ceil(BLOCKS, blocks), 1, ceil(length, 16384));
    long piece = ceil(ceil(length, pieces), wide) * wide;
    pieces = ceil(length, piece);
    launch("sum_runs_" + x.getDtype(), x, rest, blocks, pieces, (args, kept) ->
        walk(args, kept).i64(runs).i64(length).i64(piece).i32(lanes));
  }

  /** The innermost dim stays, and dim {@code at} is the innermost that goes. */
  private void columns(Tensor x, List<Dim> dims, int at) {
    var rest = new ArrayList<>(dims);
    Dim rows = dims.get(at), inner = rest.removeLast();
    rest.remove(at);
    int wide = 16 / x.getDtype().bytes();
    boolean packs = inner.size % wide == 0 && Args.address(x) % 16 == 0;
    for (Dim d : dims) packs &= d == inner || d.from % wide == 0;
    int n = packs ? wide : 1, width = power(ceil(inner.size, n), 32), high = THREADS / width;
    long outer = count(rest), tiles = ceil(inner.size, (long) width * n), blocks = outer * tiles;
    long pieces = Math.clamp(ceil(BLOCKS, blocks), 1, ceil(rows.size, 8L * high));
    long piece = ceil(rows.size, pieces);
    pieces = ceil(rows.size, piece);
    rest.add(inner);
    launch((packs ? "sum_packs_" : "sum_columns_") + x.getDtype(), x, rest, blocks, pieces, (args, kept) ->
        walk(args, kept.subList(0, kept.size() - 1)).i64(outer).i32((int) tiles).i64(inner.size).i64(kept.getLast().to)
            .i64(rows.size).i64(rows.from).i64(piece).i32(width));
  }

  private void any(Tensor x, List<Dim> dims, long length) {
    List<Dim> kept = dims.stream().filter(d -> !d.goes).toList(), gone = dims.stream().filter(Dim::goes).toList();
    long outputs = count(kept);
    // Neighbouring threads are given what lies side by side: one output's elements, or several outputs.
    boolean together = kept.isEmpty() || !gone.isEmpty() && gone.getLast().from <= kept.getLast().from;
    int lanes = !together ? 1 : length > 512 ? THREADS : power(length, 32);
    long blocks = ceil(outputs, THREADS / lanes);
    long pieces = Math.clamp(ceil(BUSY, outputs * lanes), 1, Math.max(1, ceil(length, 64L * lanes)));
    pieces = Math.min(pieces, 65535);
    long piece = Math.max(1, ceil(length, pieces));
    pieces = Math.max(1, ceil(length, piece));
    launch("fold_" + accumulator(x.getDtype()), x, kept, blocks, pieces, (args, written) -> {
      walk(args.type(x).i32(kind.ordinal()), written).i64(outputs);
      walk(args, gone).i64(length).i64(piece).i32(lanes);
    });
  }

  private static long count(List<Dim> dims) {
    long n = 1;
    for (Dim d : dims) n *= d.size;
    return n;
  }

  private static Args walk(Args args, List<Dim> dims) {
    int n = Math.max(1, dims.size());
    int[] sizes = new int[n];
    long[][] strides = new long[2][n];
    sizes[0] = 1;
    for (int i = 0; i < dims.size(); i++) {
      sizes[i] = dims.get(i).size;
      strides[0][i] = dims.get(i).from;
      strides[1][i] = dims.get(i).to;
    }
    return args.walk(sizes, strides);
  }

  /** Adds a kernel's own parameters, given where it writes the dims that it leaves. */
  private interface Parameters {
    void add(Args args, List<Dim> written);
  }

  /** Launches what leaves the dims of {@code rest} and a number of pieces; folds these in turn where any is to go. */
  private void launch(String kernel, Tensor x, List<Dim> rest, long blocks, long pieces, Parameters own) {
    boolean whole = pieces == 1;
    for (Dim d : rest) whole &= !d.goes;
    Tensor to = whole ? out : CopyKernels.temporary(
        Shape.of((int) pieces, Math.toIntExact(count(rest))), accumulator(x.getDtype()), x);
    List<Dim> written = whole ? rest : new ArrayList<>(), left = new ArrayList<>();
    if (!whole) {
      long step = 1;
      for (Dim d : rest.reversed()) {
        written.add(new Dim(d.size, d.from, step, false));
        left.add(new Dim(d.size, step, d.to, d.goes));
        step *= d.size;
      }
      written = written.reversed();
      if (pieces > 1) left.add(new Dim((int) pieces, step, 0, true));
    }
    var args = new Args().tensor(to).type(to).i64(whole ? divisor : 1).tensor(x);
    own.add(args, written);
    device.launch(REDUCTIONS, kernel, Math.toIntExact(blocks), (int) pieces, 1, THREADS, 0, args);
    if (whole) return;
    pass(to, left);
    to.storage().free("its operation");
  }
}

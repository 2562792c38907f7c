package io.ktrain.cuda;

import io.ktrain.backend.Strides;
import io.ktrain.op.Call;
import io.ktrain.op.Indexing;
import io.ktrain.op.Indexing.Dim;
import io.ktrain.op.Indexing.Padding;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.function.LongFunction;

/**
 * Reading and adding at places named by indices. Additions to one place happen in the order of the indices: they are
 * sorted by place, and each place is then written once.
 */
final class IndexingKernels {
  private static final Kernels INDEXING = Kernels.file("indexing");
  private static final int THREADS = 256;

  /** Bytes that a thread moves at once. */
  private static final int VECTOR = 16;

  /** Up to so many indices, and so many comparisons in all, each place looks through all of them: one launch. */
  private static final int FEW = 1024;
  private static final long FEW_COMPARISONS = 1 << 26;

  /** A line of at most so many indices is added one by one; so are those of a call that has many lines. */
  private static final int SHORT = 64;
  private static final int MANY_LINES = 1 << 14;

  /** Numbers of slices and rows that are sorted have 32 bits, and the memory for it an int's size. */
  private static final int SORTABLE = 1 << 28;

  private final CudaBackend cuda;

  private IndexingKernels(CudaBackend cuda) {
    this.cuda = cuda;
  }

  static void register(CudaBackend cuda) {
    var k = new IndexingKernels(cuda);
    cuda.add(Indexing.GATHER, k::gather);
    cuda.add(Indexing.SCATTER_ADD, k::scatterAdd);
    cuda.add(Indexing.SCATTER, k::scatter);
    cuda.add(Indexing.INDEX_SELECT, k::indexSelect);
    cuda.add(Indexing.INDEX_ADD, k::indexAdd);
    cuda.add(Indexing.EMBEDDING, k::embedding);
    cuda.add(Indexing.EMBEDDING_GRAD, k::embeddingGrad);
  }

  /** Indices into a dim of a tensor. {@code dim} may be 0 of a tensor without dims. */
  private record Index(String op, Tensor index, int dim, Tensor of) {
    int size() {
      return of.getNdim() == 0 ? 1 : of.size(dim);
    }

    long step() {
      return stride(of, dim);
    }

    /** Remembers shape and type alone: the tensor may be freed long before the host hears of the fault. */
    LongFunction<RuntimeException> error() {
      DType type = of.getDtype();
      Shape shape = of.getShape();
      int n = size();
      return i -> new ShapeError(op + ": index " + i + " is out of range for dim " + dim + " of " + type + shape
          + "; it takes 0 to " + (n - 1) + ".");
    }

    Args args(CudaDevice device, Args args) {
      return device.watched(args, error());
    }
  }

  private static long stride(Tensor t, int dim) {
    return t.getNdim() == 0 ? 0 : t.layout().stride(dim);
  }

  /** The tensor's memory seen as another shape. */
  private static Tensor window(Tensor t, Shape shape, long[] strides) {
    return CopyKernels.window(t, shape, new Layout(strides, t.layout().offset()));
  }

  /** Strides with which a dim stays where it is. */
  private static long[] without(Tensor t, int dim) {
    long[] strides = t.layout().strides();
    if (strides.length > 0) strides[dim] = 0;
    return strides;
  }

  // ---- picking

  private void gather(CudaDevice device, Call<Dim> call) {
    Tensor x = call.in(0), index = call.in(1), y = call.out(0);
    int dim = call.attributes().dim();
    pick(device, y, window(x, y.getShape(), without(x, dim)), index, new Index("gather", index, dim, x));
  }

  private void indexSelect(CudaDevice device, Call<Dim> call) {
    Tensor x = call.in(0), index = call.in(1), y = call.out(0);
    int dim = call.attributes().dim();
    long[] along = new long[y.getNdim()];
    along[dim] = index.layout().stride(0);
    pick(device, y, window(x, y.getShape(), without(x, dim)), window(index, y.getShape(), along),
        new Index("indexSelect", index, dim, x));
  }

  private void embedding(CudaDevice device, Call<Padding> call) {
    Tensor w = call.in(0), index = call.in(1), y = call.out(0);
    long[] row = new long[y.getNdim()], along = new long[y.getNdim()];
    row[row.length - 1] = w.layout().stride(1);
    for (int d = 0; d < index.getNdim(); d++) along[d] = index.layout().stride(d);
    pick(device, y, window(w, y.getShape(), row), window(index, y.getShape(), along),
        new Index("embedding", index, 0, w));
  }

  /** y = x moved along the dim by index; {@code x} and {@code index} are windows of y's shape. */
  private void pick(CudaDevice device, Tensor y, Tensor x, Tensor index, Index what) {
    if (y.numel() == 0) {
      check(device, what);
      return;
    }
    Strides s = Strides.of(y, x, index);
    int bytes = y.getDtype().bytes(), width = width(s, y, x, what.step());
    long n = y.numel() / width;
    long step = what.step() / width;
    if (width > 1) narrow(s, width);
    Args args = new Args().tensor(y).tensor(x).tensor(index).type(index).walk(s).i64(n).i64(what.size()).i64(step);
    device.launch(INDEXING, "pick_" + bytes * width, device.blocks(n, THREADS), THREADS, what.args(device, args));
  }

  /** How many elements can be moved at once: {@link #VECTOR} bytes or 1. */
  private static int width(Strides s, Tensor y, Tensor x, long step) {
    int width = VECTOR / y.getDtype().bytes(), last = s.dims() - 1;
    if (s.inner(0) != 1 || s.inner(1) != 1 || s.inner(2) != 0) return 1;
    if (s.columns() % width != 0 || step % width != 0) return 1;
    if (((Args.address(y) | Args.address(x)) & VECTOR - 1) != 0) return 1;
    for (int d = 0; d < last; d++) if (s.strides[0][d] % width != 0 || s.strides[1][d] % width != 0) return 1;
    return width;
  }

  /** Counts elements of operands 0 and 1 in packs. */
  private static void narrow(Strides s, int width) {
    int last = s.dims() - 1;
    s.sizes[last] /= width;
    for (int d = 0; d < last; d++) {
      s.strides[0][d] /= width;
      s.strides[1][d] /= width;
    }
  }

  // ---- adding

  private void indexAdd(CudaDevice device, Call<Dim> call) {
    Tensor x = call.in(0), index = call.in(1), src = call.in(2), y = call.out(0);
    int dim = call.attributes().dim();
    long inner = 1;
    for (int d = dim + 1; d < y.getNdim(); d++) inner *= y.size(d);
    add(device, y, x, src, inner, -1, new Index("indexAdd", index, dim, y));
  }

  private void embeddingGrad(CudaDevice device, Call<Padding> call) {
    Tensor y = call.out(0);
    add(device, y, null, call.in(0), y.size(1), call.attributes().index(), new Index("embedding", call.in(1), 0, y));
  }

  /** y = x (zeros where null) + the slices of src, each where its index says; y is [outer, rows, inner]. */
  private void add(CudaDevice device, Tensor y, Tensor x, Tensor src, long inner, long skip, Index what) {
    long n = what.index.numel(), total = y.numel();
    if (total == 0) {
      check(device, what);
      return;
    }
    if (n == 0 || n <= FEW && total <= FEW_COMPARISONS / n) {
      Tensor from = x == null ? null : dense(device, x), added = dense(device, src);
      Tensor index = what.index.getNdim() == 1 ? what.index : dense(device, what.index);
      Args args = new Args().tensor(y).tensor(from).tensor(added).tensor(index).type(index)
          .i64(index.getNdim() == 1 ? index.layout().stride(0) : 1)
          .i64(total).i64(what.size()).i64(inner).i64(n).i64(skip);
      device.launch(INDEXING, "add_few_" + y.getDtype(), device.blocks(total, THREADS), THREADS,
          what.args(device, args));
      if (x != null) CopyKernels.free(from, x);
      CopyKernels.free(added, src);
      CopyKernels.free(index, what.index);
      return;
    }
    sorted(device, y, x, src, n, what.size(), inner, (keys, rows) -> {
      Tensor index = what.index;
      Strides s = Strides.of(rowMajor(index), window(index, index.getShape(), new long[index.getNdim()]), index);
      keys(device, keys, s, 1, skip, rows, what);
    });
  }

  private void scatterAdd(CudaDevice device, Call<Dim> call) {
    Tensor x = call.in(0), index = call.in(1), y = call.out(0);
    Tensor src = window(call.in(2), index.getShape(), call.in(2).layout().strides());
    int dim = call.attributes().dim();
    var what = new Index("scatterAdd", index, dim, y);
    Tensor target = window(y, index.getShape(), without(y, dim));
    int length = index.getNdim() == 0 ? 1 : index.size(dim);
    long n = index.numel(), lines = n == 0 ? 0 : n / length;
    if (length > SHORT && lines < MANY_LINES && Math.max(n, y.numel()) < SORTABLE && y.numel() > 0) {
      sorted(device, y, x, src, n, y.numel(), 1, (keys, rows) ->
          keys(device, keys, Strides.of(rowMajor(index), target, index), what.step(), -1, rows, what));
      return;
    }
    cuda.copies().copy(device, x, y);
    if (n == 0) return;
    if (y.getDtype().isFloating() && y.getDtype().bytes() == 2) {
      // sums are rounded once, as the other kernels round theirs
      Tensor wide = CopyKernels.temporary(y.getShape(), DType.f32, y);
      Tensor terms = CopyKernels.temporary(src.getShape(), DType.f32, y);
      cuda.copies().copy(device, y, wide);
      cuda.copies().copy(device, src, terms);
      addLines(device, wide, terms, index, dim, what);
      cuda.copies().copy(device, wide, y);
      CopyKernels.free(terms, src);
      CopyKernels.free(wide, y);
    } else {
      addLines(device, y, src, index, dim, what);
    }
  }

  private void addLines(CudaDevice device, Tensor y, Tensor src, Tensor index, int dim, Index what) {
    Tensor target = window(y, index.getShape(), without(y, dim));
    int length = index.getNdim() == 0 ? 1 : index.size(dim);
    long lines = index.numel() / length;
    Strides s = Strides.of(line(target, dim), line(index, dim), line(src, dim));
    Args args = new Args().tensor(y).tensor(src).tensor(index).type(index).walk(s).i64(lines).i64(length)
        .i64(what.size()).i64(what.step()).i64(stride(index, dim)).i64(stride(src, dim));
    device.launch(INDEXING, "add_lines_" + y.getDtype(), device.blocks(lines, THREADS), THREADS,
        what.args(device, args));
  }

  /** Each place learns the number of the last index that points to it, then takes that element of src. */
  private void scatter(CudaDevice device, Call<Dim> call) {
    Tensor x = call.in(0), index = call.in(1), y = call.out(0);
    int dim = call.attributes().dim();
    var what = new Index("scatter", index, dim, y);
    long n = index.numel(), total = y.numel();
    if (n == 0 || total == 0) {
      cuda.copies().copy(device, x, y);
      check(device, what);
      return;
    }
    Tensor last = CopyKernels.temporary(Shape.of(Math.toIntExact(total)), DType.i32, y);
    cuda.copies().fill(device, last, 0);
    Strides s = Strides.of(rowMajor(index), window(y, index.getShape(), without(y, dim)), index);
    device.launch(INDEXING, "scatter_last", device.blocks(n, THREADS), THREADS, what.args(device,
        new Args().tensor(last).tensor(index).type(index).walk(s).i64(n).i64(what.size()).i64(what.step())));
    Tensor window = window(call.in(2), index.getShape(), call.in(2).layout().strides());
    Tensor from = dense(device, x), src = dense(device, window);
    device.launch(INDEXING, "scatter_" + y.getDtype().bytes(), device.blocks(total, THREADS), THREADS,
        new Args().tensor(y).tensor(from).tensor(src).tensor(last).i64(total));
    last.storage().free("its operation");
    CopyKernels.free(from, x);
    CopyKernels.free(src, window);
  }

  private static Tensor line(Tensor t, int dim) {
    return t.getNdim() == 0 ? t : window(t, t.getShape().with(dim, 1), t.layout().strides());
  }

  private Tensor dense(CudaDevice device, Tensor t) {
    return cuda.copies().dense(device, t);
  }

  /** What leads a walk in the order of the indices, however they lie. */
  private static Tensor rowMajor(Tensor index) {
    return window(index, index.getShape(), Layout.contiguous(index.getShape()).strides());
  }

  private interface Keys {
    /** Writes for each slice the row it is added to, {@code rows} for none, as u32 from address {@code keys} on. */
    void write(long keys, long rows);
  }

  /** Adds n slices by sorting them by row. */
  private void sorted(CudaDevice device, Tensor y, Tensor x, Tensor src, long n, long rows, long inner, Keys keys) {
    int tile = 4096, digits = 256, threads = 512;
    int tiles = Math.toIntExact((n + tile - 1) / tile);
    long counts = (long) digits * tiles;
    Tensor memory = CopyKernels.temporary(Shape.of(Math.toIntExact(4 * n + counts + rows + 1)), DType.i32, y);
    long a = Args.address(memory), b = a + 4 * n, order = b + 4 * n, spare = order + 4 * n;
    long seen = spare + 4 * n, starts = seen + 4 * counts;
    keys.write(a, rows);
    for (int shift = 0; shift == 0 || rows >> shift > 0; shift += 8) {
      device.launch(INDEXING, "sort_count", tiles, threads, new Args().i64(a).i64(n).i32(shift).i64(seen).i32(tiles));
      device.launch(INDEXING, "sort_offsets", 1, threads, new Args().i64(seen).i64(counts));
      device.launch(INDEXING, "sort_move", tiles, threads,
          new Args().i64(a).i64(shift == 0 ? 0 : order).i64(b).i64(spare).i64(n).i32(shift).i64(seen).i32(tiles));
      long t = a;
      a = b;
      b = t;
      t = order;
      order = spare;
      spare = t;
    }
    device.launch(INDEXING, "sort_starts", device.blocks(rows + 1, THREADS), THREADS,
        new Args().i64(a).i64(n).i64(rows).i64(starts));
    Tensor from = x == null ? null : dense(device, x), added = dense(device, src);
    int width = width(y, from, added, inner);
    long total = y.numel() / width;
    String kernel = "add_sorted_" + (width == 1 ? "" : "wide_") + y.getDtype();
    device.launch(INDEXING, kernel, device.blocks(total, THREADS), THREADS, new Args().tensor(y).tensor(from)
        .tensor(added).i64(starts).i64(order).i64(total).i64(rows).i64(inner / width).i64(n));
    memory.storage().free("its operation");
    if (x != null) CopyKernels.free(from, x);
    CopyKernels.free(added, src);
  }

  private static int width(Tensor y, Tensor x, Tensor src, long inner) {
    int width = VECTOR / y.getDtype().bytes();
    long addresses = Args.address(y) | (x == null ? 0 : Args.address(x)) | Args.address(src);
    return y.getDtype().isFloating() && inner % width == 0 && (addresses & VECTOR - 1) == 0 ? width : 1;
  }

  private void keys(CudaDevice device, long keys, Strides s, long step, long skip, long rows, Index what) {
    long n = what.index.numel();
    Args args = new Args().i64(keys).tensor(what.index).type(what.index).walk(s).i64(n).i64(what.size()).i64(step)
        .i64(skip).i32((int) rows);
    device.launch(INDEXING, "add_keys", device.blocks(n, THREADS), THREADS, what.args(device, args));
  }

  /** Where nothing is moved, a wrong index is wrong all the same. */
  private void check(CudaDevice device, Index what) {
    Tensor index = what.index;
    if (index.numel() > 0) keys(device, 0, Strides.of(index, index, index), 0, -1, 0, what);
  }
}

package io.ktrain.backend.cpu;

import io.ktrain.op.Call;
import io.ktrain.op.Reductions.Over;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A reduction of f32 elements that lie as blocks x rows x columns, of which the rows or the columns go. Other reductions
 * are made of these two, or left to the general kernel. Cut by the shape alone, partial results added in a fixed order.
 */
record FastReduction(int blocks, int rows, int cols, boolean columnsGo, boolean blocksGo) {
  /** Elements of one tile. */
  private static final int TILE = 32 * 1024;

  /** What is done to a row, and to the rows of a block. */
  interface Rows {
    void reduce(long x, long rowStride, int rows, int cols, long out);
  }

  /** How the elements lie, or null where they lie otherwise or are too few to matter. */
  static @Nullable FastReduction of(Call<Over> call) {
    Tensor x = call.in(0);
    if (x.getDtype() != DType.f32 || x.numel() < 512 || x.numel() > Integer.MAX_VALUE || !Vectors.available() || !x.layout().isDense(x.getShape())) return null;
    int[] order = x.isContiguous() ? null : x.layout().order();
    int[] sizes = new int[x.getNdim()];
    boolean[] goes = new boolean[x.getNdim()];
    int n = 0, last = -1;
    for (int i = 0; i < x.getNdim(); i++) {
      int d = order == null ? i : order[i];
      if (x.size(d) == 1) continue;
      boolean r = call.attributes().reduces(d);
      // The result is row-major: kept dims must lie in their own order.
      if (!r && d < last) return null;
      if (!r) last = d;
      if (n > 0 && goes[n - 1] == r) sizes[n - 1] *= x.size(d);
      else {
        sizes[n] = x.size(d);
        goes[n++] = r;
      }
    }
    if (n == 1) return goes[0] ? new FastReduction(1, 1, sizes[0], true, false) : null;
    if (n == 2) return goes[1] ? new FastReduction(1, sizes[0], sizes[1], true, false) : new FastReduction(1, sizes[0], sizes[1], false, false);
    if (n == 3) return goes[1] ? new FastReduction(sizes[0], sizes[1], sizes[2], false, false) : new FastReduction(sizes[0], sizes[1], sizes[2], true, true);
    return null;
  }

  /** The sum, the only reduction here whose columns can go as well as its rows. */
  void sum(Tensor x, Tensor y) {
    long from = MatMulKernels.address(x), to = MatMulKernels.address(y);
    if (!columnsGo) {
      for (int b = 0; b < blocks; b++) columns(x, from + 4L * b * rows * cols, rows, to + 4L * b * cols);
    } else if (!blocksGo) {
      rows(VectorReductions::rowSums, x, from, rows, to);
    } else {
      Tensor partial = Temporary.of(x, Shape.of(blocks, rows));
      long p = MatMulKernels.address(partial);
      rows(VectorReductions::rowSums, x, from, blocks * rows, p);
      VectorReductions.columnSums(p, rows, blocks, rows, to);
      Temporary.free(partial);
    }
  }

  /** Each row to one value. One long row is cut into pieces whose sums are added in turn. */
  private void rows(Rows kernel, Tensor x, long from, int count, long to) {
    int pieces = (cols + TILE - 1) / TILE;
    if (pieces > 1 && count < 8) {
      Tensor partial = Temporary.of(x, Shape.of(count, pieces));
      long p = MatMulKernels.address(partial);
      ThreadPool.run(count * pieces, t -> {
        int r = t / pieces, c = t % pieces * TILE;
        kernel.reduce(from + 4L * ((long) r * cols + c), 0, 1, Math.min(TILE, cols - c), p + 4L * t);
      });
      kernel.reduce(p, pieces, count, pieces, to);
      Temporary.free(partial);
      return;
    }
    int each = Math.max(1, TILE / cols);
    ThreadPool.run((count + each - 1) / each, t -> kernel.reduce(from + 4L * t * each * cols, cols, Math.min(each, count - t * each), cols, to + 4L * t * each));
  }

  /** Whether each row goes to one value, so that extremes can be taken. */
  boolean isByRows() {
    return columnsGo && !blocksGo;
  }

  void byRows(Rows kernel, Tensor x, Tensor y) {
    rows(kernel, x, MatMulKernels.address(x), rows, MatMulKernels.address(y));
  }

  private void columns(Tensor x, long from, int count, long to) {
    int each = Math.max(8, TILE / cols), chunks = (count + each - 1) / each;
    if (chunks == 1) {
      VectorReductions.columnSums(from, cols, count, cols, to);
      return;
    }
    Tensor partial = Temporary.of(x, Shape.of(chunks, cols));
    long p = MatMulKernels.address(partial);
    ThreadPool.run(chunks, t -> VectorReductions.columnSums(from + 4L * t * each * cols, cols, Math.min(each, count - t * each), cols, p + 4L * t * cols));
    VectorReductions.columnSums(p, cols, chunks, cols, to);
    Temporary.free(partial);
  }
}

package io.ktrain.tensor;

import java.util.Arrays;

/**
 * Where a tensor's elements lie in its storage: one stride a dim and the first element's place, in elements. A value;
 * views of one storage differ in it alone.
 */
public final class Layout {
  private final long[] strides;
  private final long offset;

  public Layout(long[] strides, long offset) {
    this.strides = strides;
    this.offset = offset;
  }

  /** Row-major, from place 0. */
  public static Layout contiguous(Shape shape) {
    long[] strides = new long[shape.ndim()];
    long step = 1;
    for (int d = strides.length - 1; d >= 0; d--) {
      strides[d] = step;
      step *= Math.max(1, shape.get(d));
    }
    return new Layout(strides, 0);
  }

  /** Dense memory in which the dims lie in that order, outermost first: {0, 2, 3, 1} is channels-last. */
  public static Layout permuted(Shape shape, int... order) {
    long[] strides = new long[order.length];
    long step = 1;
    for (int i = order.length - 1; i >= 0; i--) {
      strides[order[i]] = step;
      step *= Math.max(1, shape.get(order[i]));
    }
    return new Layout(strides, 0);
  }

  public long stride(int dim) {
    return strides[dim];
  }

  public long[] strides() {
    return strides.clone();
  }

  /** Every {@code step}-th element of a dim, from {@code start}. */
  public Layout cut(int dim, int start, int step) {
    long[] cut = strides.clone();
    cut[dim] *= step;
    return new Layout(cut, offset + start * strides[dim]);
  }

  public long offset() {
    return offset;
  }

  public boolean isContiguous(Shape shape) {
    long step = 1;
    for (int d = strides.length - 1; d >= 0; d--) {
      int n = shape.get(d);
      if (n == 0) return true;
      if (n != 1 && strides[d] != step) return false;
      step *= n;
    }
    return true;
  }

  /** The dims by descending stride: the order in which the elements lie in memory. Dims of size 1 keep their place. */
  public int[] order() {
    Integer[] dims = new Integer[strides.length];
    for (int i = 0; i < dims.length; i++) dims[i] = i;
    Arrays.sort(dims, (a, b) -> Long.compare(strides[b], strides[a]));
    int[] order = new int[dims.length];
    for (int i = 0; i < order.length; i++) order[i] = dims[i];
    return order;
  }

  /** Whether the elements fill one stretch of memory, in whatever order of dims. */
  public boolean isDense(Shape shape) {
    if (isContiguous(shape)) return true;
    int[] order = order();
    long step = 1;
    for (int i = order.length - 1; i >= 0; i--) {
      int n = shape.get(order[i]);
      if (n == 1) continue;
      if (strides[order[i]] != step) return false;
      step *= n;
    }
    return true;
  }

  /** The layout of the same elements under another shape, or null where no strides can say it. */
  public Layout reshaped(Shape from, Shape to) {
    if (from.numel() == 0) return contiguous(to).at(offset);
    long[] out = new long[to.ndim()];
    int d = from.ndim() - 1, t = to.ndim() - 1;
    while (t >= 0 || d >= 0) {
      while (d >= 0 && from.get(d) == 1) d--;
      if (d < 0) {
        for (; t >= 0; t--) out[t] = 1;
        break;
      }
      // One run of source dims that lie like one dim, cut into target dims.
      long run = from.get(d), step = strides[d];
      while (d > 0 && (from.get(d - 1) == 1 || strides[d - 1] == step * run)) {
        d--;
        run *= from.get(d);
      }
      d--;
      long done = 1;
      while (t >= 0 && (done < run || to.get(t) == 1)) {
        out[t] = step * done;
        done *= to.get(t);
        t--;
      }
      if (done != run) return null;
    }
    return new Layout(out, offset);
  }

  Layout at(long offset) {
    return new Layout(strides, offset);
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Layout l && l.offset == offset && Arrays.equals(l.strides, strides);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(strides) * 31 + Long.hashCode(offset);
  }

  @Override
  public String toString() {
    return "strides " + Arrays.toString(strides) + " from " + offset;
  }
}

package io.ktrain.backend;

import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;

/**
 * A walk over several tensors at once, in the order the first lies in memory, with as few dims as the strides allow.
 * Operand 0 is the output; broadcast dims have stride 0.
 */
public final class Strides {
  /** Sizes, outermost first; at least one dim. */
  public final int[] sizes;

  /** strides[operand][dim], in elements. */
  public final long[][] strides;

  public final long[] offsets;

  private Strides(int[] sizes, long[][] strides, long[] offsets) {
    this.sizes = sizes;
    this.strides = strides;
    this.offsets = offsets;
  }

  public static Strides of(Tensor... operands) {
    Shape shape = operands[0].getShape();
    int n = shape.ndim();
    long[][] all = new long[operands.length][];
    long[] offsets = new long[operands.length];
    for (int k = 0; k < operands.length; k++) {
      Tensor t = operands[k];
      offsets[k] = t.layout().offset();
      int extra = n - t.getNdim();
      all[k] = new long[n];
      for (int d = extra; d < n; d++) if (t.size(d - extra) != 1) all[k][d] = t.layout().stride(d - extra);
    }
    int[] order = operands[0].isContiguous() ? null : operands[0].layout().order();
    int[] sizes = new int[n];
    long[][] strides = new long[all.length][n];
    int m = 0;
    for (int i = 0; i < n; i++) {
      int d = order == null ? i : order[i];
      int size = shape.get(d);
      if (size == 1) continue;
      boolean joins = m > 0 && (long) sizes[m - 1] * size <= Integer.MAX_VALUE;
      for (int k = 0; joins && k < all.length; k++) joins = strides[k][m - 1] == all[k][d] * size;
      if (joins) sizes[m - 1] *= size;
      else sizes[m++] = size;
      for (int k = 0; k < all.length; k++) strides[k][m - 1] = all[k][d];
    }
    if (m == 0) {
      sizes = new int[] {1};
      strides = new long[all.length][1];
      m = 1;
    }
    for (int k = 0; k < all.length; k++) strides[k] = Arrays.copyOf(strides[k], m);
    return new Strides(Arrays.copyOf(sizes, m), strides, offsets);
  }

  public int dims() {
    return sizes.length;
  }

  /** The size of the innermost dim. */
  public int columns() {
    return sizes[sizes.length - 1];
  }

  /** How many innermost runs there are. */
  public int rows() {
    long n = 1;
    for (int d = 0; d < sizes.length - 1; d++) n *= sizes[d];
    return Math.toIntExact(n);
  }

  public long inner(int operand) {
    return strides[operand][sizes.length - 1];
  }

  /** Where row {@code row} of an operand starts, in elements. */
  public long start(int operand, int row) {
    long at = offsets[operand];
    for (int d = sizes.length - 2; d >= 0; d--) {
      at += row % sizes[d] * strides[operand][d];
      row /= sizes[d];
    }
    return at;
  }
}

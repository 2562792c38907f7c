package io.ktrain.cuda;

import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;

/**
 * The elements along one dim of several operands of one shape: where each run of them starts, and how far apart its
 * elements lie. A scalar is one run of one element.
 */
record Runs(int length, long count, int[] sizes, long[][] starts, long[] steps) {
  static Runs of(int dim, Tensor... operands) {
    long[][] strides = new long[operands.length][];
    for (int k = 0; k < strides.length; k++) strides[k] = operands[k].layout().strides();
    return of(operands[0].getShape(), dim, strides);
  }

  /** {@code strides[operand][dim]}. */
  static Runs of(Shape shape, int dim, long[]... strides) {
    int n = shape.ndim(), m = 0;
    int[] sizes = new int[Math.max(1, n)];
    long[][] starts = new long[strides.length][sizes.length];
    long[] steps = new long[strides.length];
    long count = 1;
    Arrays.fill(steps, 1);
    for (int d = 0; d < n; d++) {
      if (d == dim) for (int k = 0; k < steps.length; k++) steps[k] = strides[k][d];
      if (d == dim || shape.get(d) == 1) continue;
      count *= shape.get(d);
      boolean joins = m > 0 && (long) sizes[m - 1] * shape.get(d) <= Integer.MAX_VALUE;
      for (int k = 0; joins && k < steps.length; k++) joins = starts[k][m - 1] == strides[k][d] * shape.get(d);
      if (joins) sizes[m - 1] *= shape.get(d);
      else sizes[m++] = shape.get(d);
      for (int k = 0; k < steps.length; k++) starts[k][m - 1] = strides[k][d];
    }
    if (m == 0) sizes[m++] = 1;
    for (int k = 0; k < steps.length; k++) starts[k] = Arrays.copyOf(starts[k], m);
    return new Runs(n == 0 ? 1 : shape.get(dim), count, Arrays.copyOf(sizes, m), starts, steps);
  }

  /**
   * Whether neighbouring threads do best with neighbouring runs: the elements of one lie further apart, and there are
   * runs enough that each can be left to one thread.
   */
  boolean areSideBySide() {
    int last = sizes.length - 1;
    return sizes[last] >= 32 && starts[0][last] < steps[0] && (count >= 4096 || length <= 256);
  }

  /** Whether each run's elements lie next to each other in all operands. */
  boolean areDense() {
    for (long s : steps) if (s != 1 && length > 1) return false;
    return true;
  }
}

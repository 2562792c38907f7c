package io.ktrain.tensor;

import java.util.List;

/**
 * The window of a pooling and how it moves, for any number of spatial dims: each list holds one number for all of them,
 * or one for each, outermost first. {@code PoolOptions.of(3).withStride(2).withPadding(1)}.
 *
 * @param stride empty: windows side by side
 * @param ceilMode whether a last window that reaches over the end counts
 * @param countIncludePad averages only: whether padding counts as zeros
 * @param divisor averages only: what sums are divided by, or 0 for the number of elements
 */
public record PoolOptions(List<Integer> kernel, List<Integer> stride, List<Integer> padding, List<Integer> dilation,
    boolean ceilMode, boolean countIncludePad, int divisor) {
  public PoolOptions {
    kernel = Sizes.atLeast(1, "kernel", kernel);
    stride = Sizes.atLeast(1, "stride", stride.isEmpty() ? kernel : stride);
    padding = Sizes.atLeast(0, "padding", padding);
    dilation = Sizes.atLeast(1, "dilation", dilation);
  }

  /** Windows of that size, side by side. */
  public static PoolOptions of(int... kernel) {
    return new PoolOptions(Sizes.of(kernel), List.of(), List.of(0), List.of(1), false, true, 0);
  }

  public PoolOptions withStride(int... sizes) {
    return new PoolOptions(kernel, Sizes.of(sizes), padding, dilation, ceilMode, countIncludePad, divisor);
  }

  public PoolOptions withPadding(int... sizes) {
    return new PoolOptions(kernel, stride, Sizes.of(sizes), dilation, ceilMode, countIncludePad, divisor);
  }

  public PoolOptions withDilation(int... sizes) {
    return new PoolOptions(kernel, stride, padding, Sizes.of(sizes), ceilMode, countIncludePad, divisor);
  }

  public PoolOptions withCeilMode(boolean on) {
    return new PoolOptions(kernel, stride, padding, dilation, on, countIncludePad, divisor);
  }

  public PoolOptions withCountIncludePad(boolean on) {
    return new PoolOptions(kernel, stride, padding, dilation, ceilMode, on, divisor);
  }

  public PoolOptions withDivisor(int by) {
    return new PoolOptions(kernel, stride, padding, dilation, ceilMode, countIncludePad, by);
  }

  /** The window's size in each of {@code dims} spatial dims; {@code op} names whom an error is about. */
  public int[] kernels(String op, int dims) {
    return Sizes.spread(op, "kernel", kernel, dims);
  }

  public int[] strides(String op, int dims) {
    return Sizes.spread(op, "stride", stride, dims);
  }

  public int[] paddings(String op, int dims) {
    int[] all = Sizes.spread(op, "padding", padding, dims), sizes = kernels(op, dims);
    for (int d = 0; d < dims; d++)
      if (2 * all[d] > sizes[d])
        throw new ShapeError(op + ": padding must be at most half the kernel, got kernel " + kernel + ", padding "
            + padding + ".");
    return all;
  }

  public int[] dilations(String op, int dims) {
    return Sizes.spread(op, "dilation", dilation, dims);
  }

  /** How many windows fit along a dim of {@code size} elements; a window that starts behind them does not count. */
  public static int windows(int size, int kernel, int stride, int padding, int dilation, boolean ceilMode) {
    int span = size + 2 * padding - dilation * (kernel - 1) - 1;
    if (span < 0) return 0;
    int n = (ceilMode ? Math.ceilDiv(span, stride) : span / stride) + 1;
    return ceilMode && (n - 1) * stride >= size + padding ? n - 1 : n;
  }
}

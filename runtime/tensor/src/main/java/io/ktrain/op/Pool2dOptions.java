package io.ktrain.op;

import io.ktrain.tensor.ShapeError;

/** The window of a 2-D pooling and how it moves: rows first, then columns. */
public record Pool2dOptions(int kernelH, int kernelW, int strideH, int strideW, int paddingH, int paddingW, boolean ceilMode, boolean countIncludePad) {
  public Pool2dOptions {
    if (kernelH < 1 || kernelW < 1 || strideH < 1 || strideW < 1 || paddingH < 0 || paddingW < 0 || paddingH > kernelH / 2 || paddingW > kernelW / 2)
      throw new ShapeError("pool2d: kernel and stride must be at least 1 and padding at most half the kernel, got kernel " + kernelH + "x" + kernelW
          + ", stride " + strideH + "x" + strideW + ", padding " + paddingH + "x" + paddingW + ".");
  }

  /** Windows side by side. */
  public static Pool2dOptions of(int kernel) {
    return of(kernel, kernel, 0);
  }

  public static Pool2dOptions of(int kernel, int stride, int padding) {
    return new Pool2dOptions(kernel, kernel, stride, stride, padding, padding, false, true);
  }

  /** How many windows fit along {@code size}. */
  public int windows(int size, boolean rows) {
    int k = rows ? kernelH : kernelW, s = rows ? strideH : strideW, p = rows ? paddingH : paddingW;
    int span = size + 2 * p - k;
    if (span < 0) return 0;
    int n = (ceilMode ? (span + s - 1) / s : span / s) + 1;
    // A window that would start in the padding behind the input does not count.
    return ceilMode && (n - 1) * s >= size + p ? n - 1 : n;
  }
}

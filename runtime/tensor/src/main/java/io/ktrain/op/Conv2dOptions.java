package io.ktrain.op;

import io.ktrain.tensor.ShapeError;

/** How a 2-D convolution moves over its input: rows first, then columns. */
public record Conv2dOptions(int strideH, int strideW, int paddingH, int paddingW, int dilationH, int dilationW, int groups) {
  public static final Conv2dOptions DEFAULT = of(1, 0);

  public Conv2dOptions {
    if (strideH < 1 || strideW < 1 || dilationH < 1 || dilationW < 1 || groups < 1 || paddingH < 0 || paddingW < 0)
      throw new ShapeError("conv2d: stride, dilation and groups must be at least 1 and padding at least 0, got stride " + strideH + "x" + strideW
          + ", padding " + paddingH + "x" + paddingW + ", dilation " + dilationH + "x" + dilationW + ", groups " + groups + ".");
  }

  public static Conv2dOptions of(int stride, int padding) {
    return of(stride, padding, 1, 1);
  }

  public static Conv2dOptions of(int stride, int padding, int dilation, int groups) {
    return new Conv2dOptions(stride, stride, padding, padding, dilation, dilation, groups);
  }
}

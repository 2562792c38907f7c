package io.ktrain.backend.cpu;

/**
 * A 2-D pooling: {@code n} images of {@code c} channels and h x w pixels, windows of kh x kw, strides sh and sw,
 * padding of ph rows above, phEnd below, pw columns to the left and pwEnd to the right, dilations dh and dw (1 for none). Every
 * window reaches at least one pixel. The sizes are taken as checked.
 */
public record PoolShape(int n, int c, int h, int w, int kh, int kw, int sh, int sw, int ph, int pw, int phEnd,
    int pwEnd, int dh, int dw) {
  public int outH() {
    return (h + ph + phEnd - dh * (kh - 1) - 1) / sh + 1;
  }

  public int outW() {
    return (w + pw + pwEnd - dw * (kw - 1) - 1) / sw + 1;
  }

  /** Floats of one image going in. */
  long inSize() {
    return (long) c * h * w;
  }

  /** Floats of one image coming out. */
  long outSize() {
    return (long) c * outH() * outW();
  }
}

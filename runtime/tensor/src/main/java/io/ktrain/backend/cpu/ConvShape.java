package io.ktrain.backend.cpu;

/**
 * A 2-D convolution: {@code n} images of {@code c} channels and h x w pixels, {@code o} output channels, a kernel of
 * kh x kw, strides sh and sw, zero padding of ph rows above and phEnd below, pw columns to the left and pwEnd to the
 * right, dilations dh and dw (1 for a dense kernel), and groups, which divide both c and o. Weights are
 * {@code [o, c / groups, kh, kw]}. The sizes are taken as checked.
 */
public record ConvShape(int n, int c, int h, int w, int o, int kh, int kw, int sh, int sw, int ph, int pw, int phEnd,
    int pwEnd, int dh, int dw, int groups) {
  public int outH() {
    return (h + ph + phEnd - dh * (kh - 1) - 1) / sh + 1;
  }

  public int outW() {
    return (w + pw + pwEnd - dw * (kw - 1) - 1) / sw + 1;
  }

  /** The same convolution of another number of images. */
  ConvShape images(int count) {
    return new ConvShape(count, c, h, w, o, kh, kw, sh, sw, ph, pw, phEnd, pwEnd, dh, dw, groups);
  }

  /** Floats of one image going in. */
  long inSize() {
    return (long) c * h * w;
  }

  /** Floats of one image coming out. */
  long outSize() {
    return (long) o * outH() * outW();
  }

  long weightSize() {
    return (long) o * (c / groups) * kh * kw;
  }

  /** Multiply-adds for one image. */
  long work() {
    return outSize() * (c / groups) * kh * kw;
  }
}

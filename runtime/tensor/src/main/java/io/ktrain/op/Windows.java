package io.ktrain.op;

import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;

/** What convolutions and pools of any number of spatial dims have in common: checks, and inputs without a batch. */
final class Windows {
  private Windows() {}

  /** What is cut into windows. */
  static String words(int dims) {
    return dims == 1 ? "a signal" : dims == 2 ? "a picture" : "a volume";
  }

  /** The names of the spatial dims. */
  static String names(int dims) {
    return dims == 1 ? "length" : dims == 2 ? "height, width" : "depth, height, width";
  }

  /** With a batch of one where there was none. */
  static Tensor batched(String op, int dims, Tensor x) {
    if (x.getNdim() == dims + 1) return x.unsqueeze(0);
    if (x.getNdim() == dims + 2) return x;
    throw new ShapeError(op + ": input must be [batch, channels, " + names(dims) + "], or without the batch, got "
        + x.describe() + ".");
  }

  /** The result y, without a batch where the input had none. */
  static Tensor like(Tensor x, int dims, Tensor y) {
    return x.getNdim() == dims + 1 ? y.squeeze(0) : y;
  }

  /** Refuses windows of which none fits. */
  static void fit(String op, Tensor x, int[] kernel, int[] stride, int[] padding, int[] dilation, boolean ceilMode) {
    for (int d = 0; d < kernel.length; d++)
      if (PoolOptions.windows(x.size(2 + d), kernel[d], stride[d], padding[d], dilation[d], ceilMode) < 1)
        throw new ShapeError(op + ": the window " + by(kernel) + " is larger than the padded input of " + x.describe()
            + ".");
  }

  /** As 3x3. */
  static String by(int[] sizes) {
    var s = new StringBuilder();
    for (int n : sizes) s.append(s.isEmpty() ? "" : "x").append(n);
    return s.toString();
  }

  /** Windows of two dims. */
  static Pool2dOptions plane(String op, PoolOptions o) {
    int[] k = o.kernels(op, 2), s = o.strides(op, 2), p = o.paddings(op, 2);
    return new Pool2dOptions(k[0], k[1], s[0], s[1], p[0], p[1], o.ceilMode(), o.countIncludePad());
  }
}

package io.ktrain.op;

import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Convolutions of any number of spatial dims by that of pictures. A signal is a picture of one row. A volume is a batch
 * of pictures, one for each output depth, in which the input depths under the kernel are further channels. A transposed
 * convolution is the gradient of one by its input.
 */
final class NdConvolution {
  private NdConvolution() {}

  /** The output's spatial sizes, or the error a user sees; {@code padding} of both ends together. */
  static int[] sizes(String op, int dims, Tensor x, Tensor w, @Nullable Tensor b, int[] stride, int[] padding,
      int[] dilation, int groups) {
    operands(op, dims, x, w);
    if (x.size(1) != (long) w.size(1) * groups)
      throw new ShapeError(op + ": input " + x.describe() + " has " + x.size(1) + " channels in dim 1, but weight "
          + w.describe() + " with " + groups + " groups takes " + (long) w.size(1) * groups + ".");
    if (w.size(0) % groups != 0)
      throw new ShapeError(op + ": " + w.size(0) + " output channels cannot be cut into " + groups + " groups.");
    bias(op, b, w.size(0));
    int[] out = new int[dims];
    for (int d = 0; d < dims; d++) {
      int span = x.size(2 + d) + padding[d] - dilation[d] * (w.size(2 + d) - 1) - 1;
      if (span < 0)
        throw new ShapeError(op + ": the kernel " + Windows.by(kernel(w)) + " (dilation " + Windows.by(dilation)
            + ") is larger than the padded input of " + x.describe() + ".");
      out[d] = span / stride[d] + 1;
    }
    return out;
  }

  private static void operands(String op, int dims, Tensor x, Tensor w) {
    Promotion.floating(op, x);
    MatMuls.same(op, x, w);
    if (x.getNdim() != dims + 2)
      throw new ShapeError(op + ": input must be [batch, channels, " + Windows.names(dims) + "], got " + x.describe()
          + ".");
    if (w.getNdim() != dims + 2)
      throw new ShapeError(op + ": weight must have " + (dims + 2) + " dims, channels and " + Windows.names(dims)
          + ", got " + w.describe() + ".");
  }

  private static void bias(String op, @Nullable Tensor b, int out) {
    if (b != null && !(b.getNdim() == 1 && b.size(0) == out))
      throw new ShapeError(op + ": bias must be [" + out + "], got " + b.describe() + ".");
  }

  private static int[] kernel(Tensor w) {
    int[] all = w.getShape().toArray();
    return Arrays.copyOfRange(all, 2, all.length);
  }

  static Tensor conv(String op, int dims, Tensor given, Tensor w, @Nullable Tensor b, ConvOptions o) {
    Tensor x = Windows.batched(op, dims, given);
    int[] stride = o.strides(op, dims), padding = o.paddings(op, dims), dilation = o.dilations(op, dims);
    int[] both = new int[dims];
    if (o.same() && w.getNdim() == dims + 2) {
      int[] further = new int[2 * dims];
      for (int d = 0; d < dims; d++) {
        int reach = dilation[d] * (w.size(2 + d) - 1);
        padding[d] = reach / 2;
        further[2 * (dims - 1 - d) + 1] = reach % 2;
      }
      if (Arrays.stream(further).anyMatch(n -> n > 0)) x = x.pad(further, 0);
    }
    for (int d = 0; d < dims; d++) both[d] = 2 * padding[d];
    int[] out = sizes(op, dims, x, w, b, stride, both, dilation, o.groups());
    return Windows.like(given, dims, switch (dims) {
      case 1 -> Dispatch.call(Convolutions.CONV2D, row(stride, padding, dilation, o), x.unsqueeze(2), w.unsqueeze(2), b)
          .squeeze(2);
      case 2 -> Dispatch.call(Convolutions.CONV2D, plane(stride, padding, dilation, o), x, w, b);
      default -> volume(x, w, b, stride, padding, dilation, o, out);
    });
  }

  private static Conv2dOptions row(int[] stride, int[] padding, int[] dilation, ConvOptions o) {
    return new Conv2dOptions(1, stride[0], 0, padding[0], 1, dilation[0], o.groups());
  }

  /** Of the last two dims. */
  private static Conv2dOptions plane(int[] stride, int[] padding, int[] dilation, ConvOptions o) {
    int n = stride.length;
    return new Conv2dOptions(stride[n - 2], stride[n - 1], padding[n - 2], padding[n - 1], dilation[n - 2],
        dilation[n - 1], o.groups());
  }

  /** The depths under each of {@code count} windows, one window after another; no element stands for one outside. */
  private static SparseMatrix depths(int n, int count, int kernel, int stride, int padding, int dilation) {
    return SparseMatrix.of(count * kernel, n, (r, e) -> {
      int at = r / kernel * stride - padding + r % kernel * dilation;
      if (at >= 0 && at < n) e.add(at, 1);
    });
  }

  private static Tensor volume(Tensor x, Tensor w, @Nullable Tensor b, int[] stride, int[] padding, int[] dilation,
      ConvOptions o, int[] out) {
    int n = x.size(0), c = x.size(1), kernel = w.size(2);
    Tensor under = Resampling.along(x, 2, depths(x.size(2), out[0], kernel, stride[0], padding[0], dilation[0]));
    Tensor pictures = under.reshape(n, c, out[0], kernel, x.size(3), x.size(4)).permute(0, 2, 1, 3, 4, 5)
        .reshape(n * out[0], c * kernel, x.size(3), x.size(4));
    Tensor y = Dispatch.call(Convolutions.CONV2D, plane(stride, padding, dilation, o), pictures, flat(w), b);
    return y.reshape(n, out[0], w.size(0), out[1], out[2]).permute(0, 2, 1, 3, 4);
  }

  /** A kernel of volumes as one of pictures: its depths are channels. */
  private static Tensor flat(Tensor w) {
    return w.reshape(w.size(0), w.size(1) * w.size(2), w.size(3), w.size(4));
  }

  static Tensor transposed(String op, int dims, Tensor given, Tensor w, @Nullable Tensor b, ConvOptions o) {
    Tensor x = Windows.batched(op, dims, given);
    operands(op, dims, x, w);
    if (x.size(1) != w.size(0))
      throw new ShapeError(op + ": input " + x.describe() + " has " + x.size(1) + " channels in dim 1, but weight "
          + w.describe() + " takes " + w.size(0) + ".");
    if (x.size(1) % o.groups() != 0)
      throw new ShapeError(op + ": " + x.size(1) + " input channels cannot be cut into " + o.groups() + " groups.");
    if (o.same())
      throw new ShapeError(op
          + ": there is no padding \"same\" of a transposed convolution. Fix: give the padding in numbers.");
    int channels = w.size(1) * o.groups();
    bias(op, b, channels);
    int[] stride = o.strides(op, dims), padding = o.paddings(op, dims), dilation = o.dilations(op, dims);
    int[] more = o.outputPaddings(op, dims), out = new int[dims], further = new int[2 * dims];
    for (int d = 0; d < dims; d++) {
      if (more[d] >= Math.max(stride[d], dilation[d]))
        throw new ShapeError(op + ": outputPadding must be smaller than the stride or the dilation, got outputPadding "
            + o.outputPadding() + ", stride " + o.stride() + ", dilation " + o.dilation() + ".");
      out[d] = (x.size(2 + d) - 1) * stride[d] - 2 * padding[d] + dilation[d] * (w.size(2 + d) - 1) + more[d] + 1;
      // An output longer by a whole stride is one that a longer input was spread to.
      further[2 * (dims - 1 - d) + 1] = more[d] / stride[d];
    }
    if (Arrays.stream(out).anyMatch(n -> n < 1))
      throw new ShapeError(op + ": nothing is left of " + x.describe() + ": the output would be " + Windows.by(out)
          + ". Fix: less padding.");
    if (Arrays.stream(further).anyMatch(n -> n > 0)) x = x.pad(further, 0);
    Tensor y = switch (dims) {
      case 1 -> spread(row(stride, padding, dilation, o), Shape.of(x.size(0), channels, 1, out[0]), x.unsqueeze(2),
          w.unsqueeze(2)).squeeze(2);
      case 2 -> spread(plane(stride, padding, dilation, o), Shape.of(x.size(0), channels, out[0], out[1]), x, w);
      default -> volumes(x, w, stride, padding, dilation, o, channels, out);
    };
    if (b != null) {
      int[] each = new int[dims + 1];
      Arrays.fill(each, 1);
      each[0] = channels;
      y = y.add(b.reshape(each));
    }
    return Windows.like(given, dims, y);
  }

  private static Tensor spread(Conv2dOptions o, Shape to, Tensor x, Tensor w) {
    return Dispatch.call(Convolutions.CONV2D_INPUT_GRAD, new Convolutions.Conv2dGrad(o, to), x, w);
  }

  private static Tensor volumes(Tensor x, Tensor w, int[] stride, int[] padding, int[] dilation, ConvOptions o,
      int channels, int[] out) {
    int n = x.size(0), depth = x.size(2), kernel = w.size(2);
    Tensor pictures = x.permute(0, 2, 1, 3, 4).reshape(n * depth, x.size(1), x.size(3), x.size(4));
    Tensor y = spread(plane(stride, padding, dilation, o), Shape.of(n * depth, channels * kernel, out[1], out[2]),
        pictures, flat(w));
    Tensor parts = y.reshape(n, depth, channels, kernel, out[1], out[2]).permute(0, 2, 1, 3, 4, 5)
        .reshape(n, channels, depth * kernel, out[1], out[2]);
    return Resampling.along(parts, 2, depths(out[0], depth, kernel, stride[0], padding[0], dilation[0]).transposed());
  }
}

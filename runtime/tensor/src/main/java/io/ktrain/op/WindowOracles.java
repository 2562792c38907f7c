package io.ktrain.op;

import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.PoolOptions;
import java.util.Arrays;
import java.util.List;

/**
 * What convolutions and pools of any number of spatial dims should give, product by product in double, and samples of
 * inputs for them; see {@link OpTests#reference}.
 */
final class WindowOracles {
  private WindowOracles() {}

  // ---- samples: [batch, channels, and the first of the sizes]

  static OpTests.Input sample(int dims, int batch, int channels, int... sizes) {
    return OpTests.shape(shape(dims, batch, channels, sizes));
  }

  static OpTests.Input strided(int dims, int batch, int channels, int... sizes) {
    return OpTests.strided(shape(dims, batch, channels, sizes));
  }

  static OpTests.Input unbatched(int dims, int channels, int... sizes) {
    return OpTests.shape(Arrays.copyOfRange(shape(dims, 0, channels, sizes), 1, dims + 2));
  }

  private static int[] shape(int dims, int batch, int channels, int[] sizes) {
    int[] all = new int[dims + 2];
    all[0] = batch;
    all[1] = channels;
    System.arraycopy(sizes, 0, all, 2, dims);
    return all;
  }

  // ---- windows

  private interface Element {
    void at(int[] place);
  }

  /** Calls for each index of a shape. */
  private static void each(int[] shape, Element e) {
    NdArray.zeros(shape).each((index, zero) -> e.at(index));
  }

  static NdArray batched(NdArray x, int dims) {
    if (x.shape().length == dims + 2) return x;
    int[] shape = new int[dims + 2];
    shape[0] = 1;
    System.arraycopy(x.shape(), 0, shape, 1, dims + 1);
    return new NdArray(shape, x.data());
  }

  static NdArray like(NdArray x, int dims, NdArray y) {
    return x.shape().length == dims + 2 ? y : new NdArray(Arrays.copyOfRange(y.shape(), 1, y.shape().length), y.data());
  }

  private static int[] spatial(NdArray x) {
    return Arrays.copyOfRange(x.shape(), 2, x.shape().length);
  }

  private static int[] joined(int a, int b, int[] rest) {
    int[] all = new int[rest.length + 2];
    all[0] = a;
    all[1] = b;
    System.arraycopy(rest, 0, all, 2, rest.length);
    return all;
  }

  /** Where window {@code to} has its element {@code tap}; null outside. */
  private static int[] under(int[] size, int[] to, int[] tap, int[] stride, int[] padding, int[] dilation) {
    int[] at = new int[size.length];
    for (int d = 0; d < at.length; d++) {
      at[d] = to[d] * stride[d] - padding[d] + tap[d] * dilation[d];
      if (at[d] < 0 || at[d] >= size[d]) return null;
    }
    return at;
  }

  static NdArray conv(ConvOptions o, List<NdArray> in, int dims) {
    NdArray x = batched(in.get(0), dims), w = in.get(1), b = in.get(2);
    int[] size = spatial(x), kernel = spatial(w), stride = o.strides("", dims), padding = o.paddings("", dims),
        dilation = o.dilations("", dims), out = new int[dims];
    for (int d = 0; d < dims; d++) {
      int reach = dilation[d] * (kernel[d] - 1);
      if (o.same()) padding[d] = reach / 2;
      out[d] = o.same() ? size[d] : (size[d] + 2 * padding[d] - reach - 1) / stride[d] + 1;
    }
    int channels = w.shape()[1], each = w.shape()[0] / o.groups();
    NdArray y = NdArray.by(joined(x.shape()[0], w.shape()[0], out), i -> {
      double[] sum = {b == null ? 0 : b.data()[i[1]]};
      each(kernel, tap -> {
        int[] at = under(size, Arrays.copyOfRange(i, 2, i.length), tap, stride, padding, dilation);
        for (int c = 0; at != null && c < channels; c++)
          sum[0] += x.at(joined(i[0], i[1] / each * channels + c, at)) * w.at(joined(i[1], c, tap));
      });
      return sum[0];
    });
    return like(in.get(0), dims, y);
  }

  /** Each input element adds the kernel, times itself, to the output. */
  static NdArray convTranspose(ConvOptions o, List<NdArray> in, int dims) {
    NdArray x = batched(in.get(0), dims), w = in.get(1), b = in.get(2);
    int[] size = spatial(x), kernel = spatial(w), stride = o.strides("", dims), padding = o.paddings("", dims),
        dilation = o.dilations("", dims), more = o.outputPaddings("", dims), out = new int[dims];
    for (int d = 0; d < dims; d++)
      out[d] = (size[d] - 1) * stride[d] - 2 * padding[d] + dilation[d] * (kernel[d] - 1) + more[d] + 1;
    int each = w.shape()[1], channels = x.shape()[1] / o.groups();
    NdArray y = NdArray.by(joined(x.shape()[0], each * o.groups(), out), i -> b == null ? 0 : b.data()[i[1]]);
    x.each((i, value) -> each(kernel, tap -> {
      int[] to = under(out, Arrays.copyOfRange(i, 2, i.length), tap, stride, padding, dilation);
      for (int c = 0; to != null && c < each; c++)
        y.add(value * w.at(joined(i[1], c, tap)), joined(i[0], i[1] / channels * each + c, to));
    }));
    return like(in.get(0), dims, y);
  }

  // ---- pools

  private interface Fold {
    /** @param padded how many elements the window has with the padding */
    double of(double[] elements, int padded);
  }

  private static NdArray pool(PoolOptions o, NdArray given, int dims, Fold fold) {
    NdArray x = batched(given, dims);
    int[] size = spatial(x), kernel = o.kernels("", dims), stride = o.strides("", dims),
        padding = o.paddings("", dims), dilation = o.dilations("", dims), out = new int[dims];
    for (int d = 0; d < dims; d++)
      out[d] = PoolOptions.windows(size[d], kernel[d], stride[d], padding[d], dilation[d], o.ceilMode());
    return like(given, dims, NdArray.by(joined(x.shape()[0], x.shape()[1], out), i -> {
      double[] found = new double[Arrays.stream(kernel).reduce(1, (a, b) -> a * b)];
      int[] count = new int[1];
      int[] to = Arrays.copyOfRange(i, 2, i.length);
      int padded = 1;
      for (int d = 0; d < dims; d++)
        padded *= Math.min(to[d] * stride[d] + kernel[d], size[d] + 2 * padding[d]) - to[d] * stride[d];
      each(kernel, tap -> {
        int[] at = under(size, to, tap, stride, padding, dilation);
        if (at != null) found[count[0]++] = x.at(joined(i[0], i[1], at));
      });
      return fold.of(Arrays.copyOf(found, count[0]), padded);
    }));
  }

  static NdArray max(PoolOptions o, NdArray x, int dims) {
    return pool(o, x, dims, (v, padded) -> Arrays.stream(v).max().getAsDouble());
  }

  static NdArray mean(PoolOptions o, NdArray x, int dims) {
    return pool(o, x, dims, (v, padded) -> Arrays.stream(v)
        .sum() / (o.divisor() != 0 ? o.divisor() : o.countIncludePad() ? padded : v.length));
  }

  static NdArray powers(Pooling.Lp lp, NdArray x, int dims) {
    return pool(lp.options(), x, dims, (v, padded) -> Math.pow(Arrays.stream(v).map(e -> Math.pow(e, lp.norm())).sum(),
        1 / lp.norm()));
  }

  static NdArray cells(List<Integer> sizes, NdArray given, boolean largest) {
    int dims = sizes.size();
    NdArray x = batched(given, dims);
    int[] to = sizes.stream().mapToInt(n -> n).toArray();
    return like(given, dims, NdArray.by(joined(x.shape()[0], x.shape()[1], to), i -> {
      double[] found = {0, 0, Double.NEGATIVE_INFINITY};
      each(spatial(x), at -> {
        for (int d = 0; d < dims; d++) {
          double n = x.shape()[2 + d], m = to[d];
          if (at[d] < Math.floor(i[2 + d] * n / m) || at[d] >= Math.ceil((i[2 + d] + 1) * n / m)) return;
        }
        double v = x.at(joined(i[0], i[1], at));
        found[0] += v;
        found[1]++;
        found[2] = Math.max(found[2], v);
      });
      return largest ? found[2] : found[0] / found[1];
    }));
  }

  static NdArray unpool(List<Integer> sizes, List<NdArray> in) {
    int dims = sizes.size();
    NdArray x = batched(in.get(0), dims), places = batched(in.get(1), dims);
    int[] to = sizes.stream().mapToInt(n -> n).toArray();
    return like(in.get(0), dims, NdArray.by(joined(x.shape()[0], x.shape()[1], to), i -> {
      int mine = 0;
      for (int d = 0; d < dims; d++) mine = mine * to[d] + i[2 + d];
      int here = mine;
      double[] found = new double[2];
      each(spatial(x), at -> {
        if (places.at(joined(i[0], i[1], at)) != here) return;
        found[0] += x.at(joined(i[0], i[1], at));
        found[1]++;
      });
      return found[1] == 0 ? 0 : found[0] / found[1];
    }));
  }
}

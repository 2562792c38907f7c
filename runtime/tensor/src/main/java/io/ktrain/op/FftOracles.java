package io.ktrain.op;

import io.ktrain.op.Fft.Transform;
import io.ktrain.op.Fft.Transforms;
import java.util.Arrays;

/** Fourier transforms by their definition; see {@link OpTests#reference}. */
final class FftOracles {
  private FftOracles() {}

  interface Step {
    NdArray of(NdArray x, Transform one);
  }

  static NdArray dft(NdArray x, int dim, boolean inverse) {
    int n = x.shape()[dim], pair = x.shape().length - 1;
    return NdArray.by(x.shape(), i -> {
      double sum = 0;
      int part = i[pair], j = i[dim];
      for (int k = 0; k < n; k++) {
        i[dim] = k;
        i[pair] = 0;
        double re = x.at(i);
        i[pair] = 1;
        double im = x.at(i), angle = (inverse ? 2 : -2) * Math.PI * ((long) j * k % n) / n;
        sum += part == 0 ? re * Math.cos(angle) - im * Math.sin(angle) : re * Math.sin(angle) + im * Math.cos(angle);
      }
      return sum;
    });
  }

  private static NdArray resized(NdArray x, int dim, int n) {
    int[] shape = x.shape().clone();
    shape[dim] = n;
    return NdArray.by(shape, i -> i[dim] < x.shape()[dim] ? x.at(i) : 0);
  }

  private static NdArray scaled(NdArray x, double by) {
    return new NdArray(x.shape(), Arrays.stream(x.data()).map(v -> v * by).toArray());
  }

  static NdArray complex(NdArray x, Transform of, boolean inverse) {
    int dim = of.dim() < 0 ? of.dim() + x.shape().length - 1 : of.dim(), n = of.n() < 0 ? x.shape()[dim] : of.n();
    return scaled(dft(resized(x, dim, n), dim, inverse), of.norm().scale(n, inverse));
  }

  static NdArray real(NdArray x, Transform of) {
    int dim = of.dim() < 0 ? of.dim() + x.shape().length : of.dim(), n = of.n() < 0 ? x.shape()[dim] : of.n();
    int[] pairs = Arrays.copyOf(x.shape(), x.shape().length + 1);
    pairs[x.shape().length] = 2;
    NdArray complex = NdArray.by(pairs, i -> i[i.length - 1] == 0 ? x.at(Arrays.copyOf(i, i.length - 1)) : 0);
    return resized(complex(complex, new Transform(n, dim, of.norm()), false), dim, n / 2 + 1);
  }

  static NdArray inverseReal(NdArray x, Transform of) {
    int pair = x.shape().length - 1, dim = of.dim() < 0 ? of.dim() + pair : of.dim();
    int n = of.n() < 0 ? 2 * (x.shape()[dim] - 1) : of.n();
    NdArray half = resized(x, dim, n / 2 + 1);
    NdArray all = NdArray.by(resized(x, dim, n).shape(), i -> {
      if (i[dim] <= n / 2) return half.at(i);
      i[dim] = n - i[dim];
      return i[pair] == 0 ? half.at(i) : -half.at(i);
    });
    NdArray back = complex(all, new Transform(n, dim, of.norm()), true);
    return NdArray.by(Arrays.copyOf(back.shape(), pair), i -> back.at(Arrays.copyOf(i, pair + 1)));
  }

  static NdArray along(NdArray x, Transforms all, Step step) {
    if (all.dims() != null && all.dims().length == 0) return x;
    for (Transform one : Fft.each("fftn", all, x.shape().length - 1)) x = step.of(x, one);
    return x;
  }

  /** Of all dims of a matrix, or those named. */
  static Transform last(Transforms all) {
    Transform[] each = Fft.each("fftn", all, 2);
    return each[each.length - 1];
  }

  static Transforms butLast(Transforms all) {
    int[] dims = all.dims() == null ? new int[] {0} : Arrays.copyOf(all.dims(), all.dims().length - 1);
    return new Transforms(all.sizes() == null ? null : Arrays.copyOf(all.sizes(), dims.length), dims, all.norm());
  }

  static NdArray shifted(NdArray x, int[] dims, int more) {
    return NdArray.by(x.shape(), i -> {
      for (int d : dims) i[d] = Math.floorMod(i[d] - (x.shape()[d] + more) / 2, x.shape()[d]);
      return x.at(i);
    });
  }
}

package io.ktrain.backend.cpu;

import io.ktrain.op.Call;
import io.ktrain.op.Conv2dOptions;
import io.ktrain.op.Convolutions.Conv2dGrad;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Convolution over Java arrays, window by window, in double: any floating type and layout, no native access. */
final class PlainConvolution {
  private PlainConvolution() {}

  /** The sizes of one convolution, and the loop over all its products of one picture and one group of channels. */
  private record Problem(int n, int c, int h, int w, int o, int kh, int kw, int oh, int ow, Conv2dOptions by) {
    static Problem of(Shape x, Shape weight, Shape y, Conv2dOptions by) {
      return new Problem(x.get(0), x.get(1), x.get(2), x.get(3), weight.get(0), weight.get(2), weight.get(3), y.get(2), y.get(3), by);
    }

    int inGroup() {
      return c / by.groups();
    }

    int outGroup() {
      return o / by.groups();
    }

    /** The input row under kernel row {@code p} at output row {@code r}, or -1 in the padding. */
    int row(int r, int p) {
      int at = r * by.strideH() - by.paddingH() + p * by.dilationH();
      return at < h ? at : -1;
    }

    int column(int s, int q) {
      int at = s * by.strideW() - by.paddingW() + q * by.dilationW();
      return at < w ? at : -1;
    }
  }

  private static double[] flat(Tensor t) {
    double[] all = t.toDoubleArray();
    return all;
  }

  private static void store(double[] values, Tensor to) {
    Elements.store(values, to.storage().host(), to.getDtype(), 0, 1, values.length);
  }

  static void forward(Call<Conv2dOptions> call) {
    Tensor x = call.in(0), w = call.in(1), y = call.out(0);
    Problem d = Problem.of(x.getShape(), w.getShape(), y.getShape(), call.attributes());
    double[] a = flat(x), b = flat(w), bias = call.in(2) == null ? null : flat(call.in(2)), out = new double[Math.toIntExact(y.numel())];
    ThreadPool.run(d.n * d.o, t -> {
      int i = t / d.o, k = t % d.o, first = k / d.outGroup() * d.inGroup();
      int plane = t * d.oh * d.ow;
      if (bias != null) java.util.Arrays.fill(out, plane, plane + d.oh * d.ow, bias[k]);
      for (int ch = 0; ch < d.inGroup(); ch++)
        for (int p = 0; p < d.kh; p++)
          for (int q = 0; q < d.kw; q++) {
            double v = b[((k * d.inGroup() + ch) * d.kh + p) * d.kw + q];
            for (int r = 0; r < d.oh; r++) {
              int row = d.row(r, p);
              if (row < 0) continue;
              int from = ((i * d.c + first + ch) * d.h + row) * d.w;
              for (int s = 0; s < d.ow; s++) {
                int col = d.column(s, q);
                if (col >= 0) out[plane + r * d.ow + s] += v * a[from + col];
              }
            }
          }
    });
    store(out, y);
  }

  static void inputGrad(Call<Conv2dGrad> call) {
    Tensor g = call.in(0), w = call.in(1), x = call.out(0);
    Problem d = Problem.of(x.getShape(), w.getShape(), g.getShape(), call.attributes().options());
    double[] a = flat(g), b = flat(w), out = new double[Math.toIntExact(x.numel())];
    ThreadPool.run(d.n * d.by.groups(), t -> {
      int i = t / d.by.groups(), group = t % d.by.groups();
      for (int k = group * d.outGroup(); k < (group + 1) * d.outGroup(); k++)
        for (int ch = 0; ch < d.inGroup(); ch++)
          for (int p = 0; p < d.kh; p++)
            for (int q = 0; q < d.kw; q++) {
              double v = b[((k * d.inGroup() + ch) * d.kh + p) * d.kw + q];
              for (int r = 0; r < d.oh; r++) {
                int row = d.row(r, p);
                if (row < 0) continue;
                int to = ((i * d.c + group * d.inGroup() + ch) * d.h + row) * d.w, from = ((i * d.o + k) * d.oh + r) * d.ow;
                for (int s = 0; s < d.ow; s++) {
                  int col = d.column(s, q);
                  if (col >= 0) out[to + col] += v * a[from + s];
                }
              }
            }
    });
    store(out, x);
  }

  static void weightGrad(Call<Conv2dGrad> call) {
    Tensor g = call.in(0), x = call.in(1), w = call.out(0);
    Problem d = Problem.of(x.getShape(), w.getShape(), g.getShape(), call.attributes().options());
    double[] a = flat(g), b = flat(x), out = new double[Math.toIntExact(w.numel())];
    ThreadPool.run(d.o, k -> {
      int first = k / d.outGroup() * d.inGroup();
      for (int i = 0; i < d.n; i++)
        for (int ch = 0; ch < d.inGroup(); ch++)
          for (int p = 0; p < d.kh; p++)
            for (int q = 0; q < d.kw; q++) {
              double sum = 0;
              for (int r = 0; r < d.oh; r++) {
                int row = d.row(r, p);
                if (row < 0) continue;
                int from = ((i * d.c + first + ch) * d.h + row) * d.w, up = ((i * d.o + k) * d.oh + r) * d.ow;
                for (int s = 0; s < d.ow; s++) {
                  int col = d.column(s, q);
                  if (col >= 0) sum += a[up + s] * b[from + col];
                }
              }
              out[((k * d.inGroup() + ch) * d.kh + p) * d.kw + q] += sum;
            }
    });
    store(out, w);
    double[] sums = new double[d.o];
    for (int i = 0; i < a.length; i++) sums[i / (d.oh * d.ow) % d.o] += a[i];
    store(sums, call.out(1));
  }
}

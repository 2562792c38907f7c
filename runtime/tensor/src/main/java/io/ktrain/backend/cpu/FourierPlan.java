package io.ktrain.backend.cpu;

/**
 * How to transform n complex numbers (real and imaginary parts in turn): by the factors of n, and where one is a large
 * prime, as a convolution by transforms of a power of two (Bluestein 1970). Immutable, so that tiles share it.
 */
final class FourierPlan {
  /** Prime factors up to this are done directly. */
  private static final int DIRECT = 31;

  private final int n;
  /** exp(sign 2 pi i k / n) for each k. */
  private final double[] roots;
  private final boolean direct;
  /** For a convolution: exp(sign pi i k k / n), the transform of its conjugate, and the transforms of that size. */
  private double[] chirp;
  private double[] kernel;
  private FourierPlan forward;
  private FourierPlan backward;

  FourierPlan(int n, boolean inverse) {
    this.n = n;
    roots = roots(n, n, inverse ? 1 : -1);
    direct = largestFactor(n) <= DIRECT;
    if (!direct) convolution(inverse);
  }

  /** exp(sign 2 pi i k / period) for k below {@code count}. */
  private static double[] roots(int count, int period, int sign) {
    double[] out = new double[2 * count];
    for (int k = 0; k < count; k++) {
      double angle = sign * 2 * Math.PI * k / period;
      out[2 * k] = Math.cos(angle);
      out[2 * k + 1] = Math.sin(angle);
    }
    return out;
  }

  private void convolution(boolean inverse) {
    int size = Integer.highestOneBit(2 * n - 2) * 2;
    forward = new FourierPlan(size, false);
    backward = new FourierPlan(size, true);
    double[] halves = roots(2 * n, 2 * n, inverse ? 1 : -1), conjugate = new double[2 * size];
    chirp = new double[2 * n];
    kernel = new double[2 * size];
    for (int k = 0; k < n; k++) {
      int at = (int) ((long) k * k % (2 * n));
      chirp[2 * k] = halves[2 * at];
      chirp[2 * k + 1] = halves[2 * at + 1];
      for (int place : new int[] {k, (size - k) % size}) {
        conjugate[2 * place] = chirp[2 * k];
        conjugate[2 * place + 1] = -chirp[2 * k + 1];
      }
    }
    forward.run(conjugate, kernel);
  }

  private static int factor(int n) {
    if (n % 4 == 0) return 4;
    for (int p = 2; p * p <= n; p++) if (n % p == 0) return p;
    return n;
  }

  private static int largestFactor(int n) {
    int largest = 1;
    for (int rest = n, p; rest > 1; rest /= p) {
      p = factor(rest);
      largest = Math.max(largest, p);
    }
    return largest;
  }

  /** Writes the transform of {@code in} to {@code out}, of 2 n numbers each. */
  void run(double[] in, double[] out) {
    if (direct) split(n, in, 0, 1, out, 0, new double[2 * DIRECT]);
    else convolve(in, out);
  }

  /** The transform of every {@code stride}-th number from place {@code from}, by transforms of the p-th parts of them. */
  private void split(int count, double[] in, int from, int stride, double[] out, int to, double[] terms) {
    if (count == 1) {
      out[2 * to] = in[2 * from];
      out[2 * to + 1] = in[2 * from + 1];
      return;
    }
    int p = factor(count), part = count / p, step = n / count;
    for (int r = 0; r < p; r++) split(part, in, from + r * stride, stride * p, out, to + r * part, terms);
    for (int k = 0; k < part; k++) {
      for (int r = 0; r < p; r++) {
        int at = to + r * part + k;
        times(out[2 * at], out[2 * at + 1], r * k * step % n, terms, r);
      }
      for (int q = 0; q < p; q++) {
        double re = terms[0], im = terms[1];
        for (int r = 1; r < p; r++) {
          int w = (int) ((long) r * q * part * step % n);
          re += terms[2 * r] * roots[2 * w] - terms[2 * r + 1] * roots[2 * w + 1];
          im += terms[2 * r] * roots[2 * w + 1] + terms[2 * r + 1] * roots[2 * w];
        }
        out[2 * (to + q * part + k)] = re;
        out[2 * (to + q * part + k) + 1] = im;
      }
    }
  }

  private void times(double re, double im, int root, double[] to, int at) {
    to[2 * at] = re * roots[2 * root] - im * roots[2 * root + 1];
    to[2 * at + 1] = re * roots[2 * root + 1] + im * roots[2 * root];
  }

  private void convolve(double[] in, double[] out) {
    double[] x = new double[kernel.length], y = new double[kernel.length];
    product(in, chirp, n, 1, x);
    forward.run(x, y);
    product(y, kernel, y.length / 2, 1, x);
    backward.run(x, y);
    product(y, chirp, n, 2.0 / kernel.length, out);
  }

  private static void product(double[] a, double[] b, int count, double scale, double[] to) {
    for (int k = 0; k < count; k++) {
      double re = a[2 * k] * b[2 * k] - a[2 * k + 1] * b[2 * k + 1], im = a[2 * k] * b[2 * k + 1] + a[2 * k + 1] * b[2 * k];
      to[2 * k] = re * scale;
      to[2 * k + 1] = im * scale;
    }
  }
}

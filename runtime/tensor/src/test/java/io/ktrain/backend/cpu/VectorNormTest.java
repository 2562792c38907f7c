package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Against double references, with errors of at most a few 1e-6 of the quantities summed. */
final class VectorNormTest {
  private static final int[] SIZES = {1, 7, 16, 17, 33, 1000};
  private static final double EPS = 1e-5;

  private static NativeFloats shifted(int length, int seed) {
    var x = NativeFloats.random(length, seed);
    for (int i = 0; i < length; i++) x.set(i, x.get(i) * 2 + 5);
    return x;
  }

  @Test
  void layerNormForward() {
    for (int rows : new int[] {0, 1, 5}) {
      for (int cols : SIZES) {
        var x = shifted(rows * cols, 1);
        NativeFloats gamma = NativeFloats.random(cols, 2), beta = NativeFloats.random(cols, 3);
        NativeFloats mean = new NativeFloats(rows), rstd = new NativeFloats(rows);
        for (int form = 0; form < 4; form++) {
          boolean scaled = (form & 1) != 0, moved = (form & 2) != 0;
          var y = new NativeFloats(rows * cols);
          VectorNorm.layerNorm(x.address, scaled ? gamma.address : VectorNorm.NONE,
              moved ? beta.address : VectorNorm.NONE, EPS, y.address, mean.address, rstd.address, rows, cols);
          for (int r = 0; r < rows; r++) {
            double m = 0, v = 0;
            for (int c = 0; c < cols; c++) m += x.get(r * cols + c) / (double) cols;
            for (int c = 0; c < cols; c++) v += Math.pow(x.get(r * cols + c) - m, 2) / cols;
            double s = 1 / Math.sqrt(v + EPS);
            NativeFloats.assertClose(m, mean.get(r), 0, 1e-6, "mean of " + cols);
            NativeFloats.assertClose(s, rstd.get(r), 0, 2e-6, "rstd of " + cols);
            for (int c = 0; c < cols; c++) {
              double e = (x.get(r * cols + c) - m) * s * (scaled ? gamma.get(c) : 1) + (moved ? beta.get(c) : 0);
              NativeFloats.assertClose(e, y.get(r * cols + c), 5e-6, 2e-6, "layerNorm of " + cols + ", form " + form);
            }
          }
          y.assertGuardsIntact();
        }
      }
    }
  }

  @Test
  void layerNormGradients() {
    int rows = 5;
    for (int cols : SIZES) {
      if (cols == 1) continue;
      NativeFloats x = shifted(rows * cols, 1), dy = NativeFloats.random(rows * cols, 4);
      var gamma = NativeFloats.random(cols, 2);
      NativeFloats mean = new NativeFloats(rows), rstd = new NativeFloats(rows), y = new NativeFloats(rows * cols);
      NativeFloats dx = new NativeFloats(rows * cols), plain = new NativeFloats(rows * cols);
      NativeFloats dgamma = new NativeFloats(cols), dbeta = new NativeFloats(cols);
      VectorNorm.layerNorm(x.address, VectorNorm.NONE, VectorNorm.NONE, EPS, y.address, mean.address, rstd.address,
          rows, cols);
      VectorNorm.layerNormBackward(dy.address, x.address, gamma.address, mean.address, rstd.address, dx.address, rows,
          cols);
      VectorNorm.layerNormBackward(dy.address, x.address, VectorNorm.NONE, mean.address, rstd.address, plain.address,
          rows, cols);
      dbeta.set(0, 100f);
      VectorNorm.layerNormParameters(dy.address, x.address, mean.address, rstd.address, dgamma.address, dbeta.address,
          rows, cols);
      double[] expectedGamma = new double[cols], expectedBeta = new double[cols];
      expectedBeta[0] = 100;
      for (int r = 0; r < rows; r++) {
        double sum = 0, dot = 0, plainSum = 0, plainDot = 0, s = rstd.get(r), m = mean.get(r);
        for (int c = 0; c < cols; c++) {
          int i = r * cols + c;
          double xhat = (x.get(i) - m) * s, g = dy.get(i) * gamma.get(c);
          sum += g / cols;
          dot += g * xhat / cols;
          plainSum += dy.get(i) / (double) cols;
          plainDot += dy.get(i) * xhat / cols;
          expectedGamma[c] += dy.get(i) * xhat;
          expectedBeta[c] += dy.get(i);
        }
        for (int c = 0; c < cols; c++) {
          int i = r * cols + c;
          double xhat = (x.get(i) - m) * s, g = dy.get(i) * gamma.get(c);
          NativeFloats.assertClose(s * (g - sum - xhat * dot), dx.get(i), 5e-6, 5e-6, "dx of " + cols);
          NativeFloats.assertClose(s * (dy.get(i) - plainSum - xhat * plainDot), plain.get(i), 5e-6, 5e-6, "no gamma");
        }
      }
      for (int c = 0; c < cols; c++) {
        NativeFloats.assertClose(expectedGamma[c], dgamma.get(c), 5e-6, 2e-6, "dgamma of " + cols);
        NativeFloats.assertClose(expectedBeta[c], dbeta.get(c), 5e-6, 2e-6, "dbeta of " + cols);
      }
      dx.assertGuardsIntact();
      dgamma.assertGuardsIntact();
    }
  }

  /** Both layouts of the same values, in training and backward. */
  @Test
  void batchNorm() {
    int n = 3;
    for (int channels : new int[] {1, 7, 16, 33}) {
      for (int hw : new int[] {1, 16, 49, 150}) {
        int count = n * hw, size = count * channels;
        NativeFloats x = shifted(size, 1), dy = NativeFloats.random(size, 2);
        NativeFloats planes = new NativeFloats(size), dPlanes = new NativeFloats(size);
        for (int i = 0; i < size; i++) {
          planes.set(planeIndex(i, channels, hw), x.get(i));
          dPlanes.set(planeIndex(i, channels, hw), dy.get(i));
        }
        NativeFloats gamma = NativeFloats.random(channels, 3), beta = NativeFloats.random(channels, 4);
        var last = new Stats(channels);
        var first = new Stats(channels);
        VectorReductions.columnSums(x.address, channels, count, channels, last.mean.address);
        VectorBatchNorm.planeSums(planes.address, n, channels, hw, 0, channels, first.mean.address);
        last.divideMean(count);
        first.divideMean(count);
        VectorBatchNorm.squaredDeviations(x.address, last.mean.address, count, channels, last.rstd.address);
        VectorBatchNorm.planeSquaredDeviations(
            planes.address, first.mean.address, n, channels, hw, 0, channels, first.rstd.address);
        last.finish(count, gamma);
        first.finish(count, gamma);
        NativeFloats y = new NativeFloats(size), yPlanes = new NativeFloats(size);
        VectorBatchNorm.apply(
            x.address, last.mean.address, last.scale.address, beta.address, y.address, count, channels);
        VectorBatchNorm.applyToPlanes(planes.address, first.mean.address, first.scale.address, beta.address,
            yPlanes.address, n, channels, hw, 0, channels);
        VectorReductions.columnSums(dy.address, channels, count, channels, last.sums.address);
        VectorBatchNorm.planeSums(dPlanes.address, n, channels, hw, 0, channels, first.sums.address);
        VectorBatchNorm.centredDots(dy.address, x.address, last.mean.address, count, channels, last.dots.address);
        VectorBatchNorm.planeCentredDots(
            dPlanes.address, planes.address, first.mean.address, n, channels, hw, 0, channels, first.dots.address);
        NativeFloats dx = new NativeFloats(size), dxPlanes = new NativeFloats(size);
        last.coefficients(count, gamma);
        first.coefficients(count, gamma);
        VectorBatchNorm.backward(dy.address, x.address, last.mean.address, last.a.address, last.b.address,
            last.c.address, dx.address, count, channels);
        VectorBatchNorm.backwardOfPlanes(dPlanes.address, planes.address, first.mean.address, first.a.address,
            first.b.address, first.c.address, dxPlanes.address, n, channels, hw, 0, channels);
        String what = "channels " + channels + ", hw " + hw;
        for (int c = 0; c < channels; c++) {
          double m = 0, v = 0, sum = 0, dot = 0;
          for (int i = c; i < size; i += channels) m += x.get(i) / (double) count;
          for (int i = c; i < size; i += channels) v += Math.pow(x.get(i) - m, 2) / count;
          double s = 1 / Math.sqrt(v + EPS);
          for (int i = c; i < size; i += channels) {
            sum += dy.get(i) / (double) count;
            dot += dy.get(i) * (x.get(i) - m) * s / count;
          }
          NativeFloats.assertClose(m, last.mean.get(c), 0, 1e-6, "mean, " + what);
          NativeFloats.assertClose(s, last.rstd.get(c), 0, 3e-6, "rstd, " + what);
          for (int i = c; i < size; i += channels) {
            int p = planeIndex(i, channels, hw);
            double xhat = (x.get(i) - m) * s, d = gamma.get(c) * s * (dy.get(i) - sum - xhat * dot);
            NativeFloats.assertClose(xhat * gamma.get(c) + beta.get(c), y.get(i), 1e-5, 3e-6, "y, " + what);
            NativeFloats.assertClose(xhat * gamma.get(c) + beta.get(c), yPlanes.get(p), 1e-5, 3e-6, "y, " + what);
            NativeFloats.assertClose(d, dx.get(i), 1e-5, 1e-5, "dx, " + what);
            NativeFloats.assertClose(d, dxPlanes.get(p), 1e-5, 1e-5, "dx of planes, " + what);
          }
        }
        for (var f : new NativeFloats[] {y, yPlanes, dx, dxPlanes, last.rstd, last.dots}) f.assertGuardsIntact();
      }
    }
  }

  @Test
  void channelsMayBeCutIntoRanges() {
    int n = 2, channels = 5, hw = 20;
    var x = shifted(n * channels * hw, 1);
    NativeFloats all = new NativeFloats(channels), cut = new NativeFloats(channels);
    VectorBatchNorm.planeSums(x.address, n, channels, hw, 0, channels, all.address);
    VectorBatchNorm.planeSums(x.address, n, channels, hw, 3, channels, cut.address);
    VectorBatchNorm.planeSums(x.address, n, channels, hw, 0, 3, cut.address);
    for (int c = 0; c < channels; c++) assertEquals(all.get(c), cut.get(c));
  }

  /** From [n, hw, channels] to [n, channels, hw]. */
  private static int planeIndex(int i, int channels, int hw) {
    int c = i % channels, position = i / channels;
    return (position / hw * channels + c) * hw + position % hw;
  }

  private static final class Stats {
    final NativeFloats mean, rstd, scale, sums, dots, a, b, c;

    Stats(int channels) {
      mean = new NativeFloats(channels);
      rstd = new NativeFloats(channels);
      scale = new NativeFloats(channels);
      sums = new NativeFloats(channels);
      dots = new NativeFloats(channels);
      a = new NativeFloats(channels);
      b = new NativeFloats(channels);
      c = new NativeFloats(channels);
    }

    void divideMean(int count) {
      for (int i = 0; i < mean.length; i++) mean.set(i, mean.get(i) / count);
    }

    void finish(int count, NativeFloats gamma) {
      for (int i = 0; i < rstd.length; i++) {
        rstd.set(i, VectorNorm.reciprocalRoot(rstd.get(i), count, EPS));
        scale.set(i, rstd.get(i) * gamma.get(i));
      }
    }

    void coefficients(int count, NativeFloats gamma) {
      VectorBatchNorm.coefficients(gamma.address, rstd.address, sums.address, dots.address, count, a.address, b.address,
          c.address, mean.length);
    }
  }
}

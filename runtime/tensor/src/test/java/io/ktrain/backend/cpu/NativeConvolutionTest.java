package io.ktrain.backend.cpu;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class NativeConvolutionTest {
  /** n c h w o, kernel, strides, paddings above, left, below, right, dilations, groups. */
  private static final List<ConvShape> SHAPES = List.of(
      new ConvShape(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1),
      new ConvShape(3, 1, 7, 6, 5, 3, 3, 1, 1, 0, 0, 0, 0, 1, 1, 1),
      new ConvShape(65, 1, 28, 28, 32, 3, 3, 1, 1, 0, 0, 0, 0, 1, 1, 1),
      new ConvShape(17, 3, 9, 11, 17, 5, 3, 2, 1, 2, 1, 2, 1, 1, 1, 1),
      new ConvShape(5, 17, 8, 8, 3, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1),
      new ConvShape(7, 16, 12, 12, 32, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2, 1),
      new ConvShape(4, 6, 9, 9, 8, 2, 4, 1, 3, 0, 1, 1, 2, 3, 1, 2),
      new ConvShape(6, 32, 8, 8, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 32),
      new ConvShape(3, 8, 7, 7, 24, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 8),
      new ConvShape(33, 64, 8, 8, 64, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1),
      new ConvShape(10, 32, 10, 10, 128, 1, 1, 2, 2, 0, 0, 0, 0, 1, 1, 1),
      new ConvShape(5, 128, 3, 3, 192, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1),
      new ConvShape(3, 32, 4, 4, 192, 3, 3, 2, 1, 1, 0, 1, 2, 1, 2, 1),
      new ConvShape(2, 9, 2, 2, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1),
      new ConvShape(2, 40, 2, 1, 64, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1),
      new ConvShape(9, 70, 5, 5, 70, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1));

  @Test
  void forward() {
    Floats.needsLibrary();
    for (ConvShape s : SHAPES)
      for (boolean channelsLast : new boolean[] {true, false})
        for (boolean bias : new boolean[] {true, false}) {
          var t = new Tensors(s, channelsLast);
          float[] got = Floats.sameForAnyThreads(() -> {
            Floats y = Floats.filled(s.n() * s.outSize(), Float.NaN);
            NativeConvolution.forward(
                s, channelsLast, t.x.address(), t.w.address(), bias ? t.bias.address() : 0, y.address());
            return y.toArray();
          });
          double[] sum = new double[got.length];
          double[] magnitude = new double[got.length];
          t.eachProduct((x, w, y) -> {
            double product = (double) t.x.get(x) * t.w.get(w);
            sum[y] += product;
            magnitude[y] += Math.abs(product);
          });
          if (bias) t.eachOutput((channel, y) -> sum[y] += t.bias.get(channel));
          compare(s, channelsLast, sum, magnitude, got);
        }
  }

  @Test
  void backwardData() {
    Floats.needsLibrary();
    for (ConvShape s : SHAPES)
      for (boolean channelsLast : new boolean[] {true, false}) {
        var t = new Tensors(s, channelsLast);
        float[] got = Floats.sameForAnyThreads(() -> {
          Floats dx = Floats.filled(s.n() * s.inSize(), Float.NaN);
          NativeConvolution.backwardData(s, channelsLast, t.dy.address(), t.w.address(), dx.address());
          return dx.toArray();
        });
        double[] sum = new double[got.length];
        double[] magnitude = new double[got.length];
        t.eachProduct((x, w, y) -> {
          double product = (double) t.dy.get(y) * t.w.get(w);
          sum[x] += product;
          magnitude[x] += Math.abs(product);
        });
        compare(s, channelsLast, sum, magnitude, got);
      }
  }

  @Test
  void backwardWeights() {
    Floats.needsLibrary();
    for (ConvShape s : SHAPES)
      for (boolean channelsLast : new boolean[] {true, false})
        for (boolean bias : new boolean[] {true, false}) {
          var t = new Tensors(s, channelsLast);
          int weights = (int) s.weightSize();
          float[] got = Floats.sameForAnyThreads(() -> {
            Floats d = Floats.filled(weights + s.o(), bias ? Float.NaN : 0);
            long dbias = d.address() + 4L * weights;
            NativeConvolution.backwardWeights(
                s, channelsLast, t.x.address(), t.dy.address(), d.address(), bias ? dbias : 0);
            return d.toArray();
          });
          double[] sum = new double[got.length];
          double[] magnitude = new double[got.length];
          t.eachProduct((x, w, y) -> {
            double product = (double) t.x.get(x) * t.dy.get(y);
            sum[w] += product;
            magnitude[w] += Math.abs(product);
          });
          if (bias)
            t.eachOutput((channel, y) -> {
              sum[weights + channel] += t.dy.get(y);
              magnitude[weights + channel] += Math.abs(t.dy.get(y));
            });
          compare(s, channelsLast, sum, magnitude, got);
        }
  }

  @Test
  void anEmptyBatchHasZeroWeightGradients() {
    var s = new ConvShape(0, 2, 4, 4, 3, 3, 3, 1, 1, 0, 0, 0, 0, 1, 1, 1);
    Floats d = Floats.filled(s.weightSize() + 3, Float.NaN);
    NativeConvolution.forward(s, true, 0, 0, 0, 0);
    NativeConvolution.backwardData(s, true, 0, 0, 0);
    NativeConvolution.backwardWeights(s, true, 0, 0, d.address(), d.address() + 4 * s.weightSize());
    compare(s, true, new double[d.toArray().length], new double[d.toArray().length], d.toArray());
  }

  @Test
  void noShapeFallsToTheReferenceImplementation() {
    Floats.needsLibrary();
    var random = new SplittableRandom(7);
    for (int i = 0; i < 100; i++) {
      int groups = random.nextInt(4) == 0 ? random.nextInt(1, 4) : 1;
      int c = groups * random.nextInt(1, 40);
      int o = groups * random.nextInt(1, 40);
      var s = new ConvShape(2, c, random.nextInt(9, 20), random.nextInt(9, 20), o, random.nextInt(1, 4),
          random.nextInt(1, 4), random.nextInt(1, 3), random.nextInt(1, 3), random.nextInt(3), random.nextInt(3),
          random.nextInt(3), random.nextInt(3), random.nextInt(1, 4), random.nextInt(1, 4), groups);
      for (boolean channelsLast : new boolean[] {true, false})
        for (var kind : ConvPlan.Kind.values()) {
          String name =
              ConvPlan.of(new ConvPlan.Problem(s, channelsLast, true, kind)).primitive(0).implementation();
          if (name.contains("ref")) throw new AssertionError(kind + " " + s + " runs in " + name);
        }
    }
  }

  private static void compare(ConvShape s, boolean channelsLast, double[] sum, double[] magnitude, float[] got) {
    for (int i = 0; i < got.length; i++) {
      int at = i;
      Floats.assertClose(
          sum[i], magnitude[i] + 1, got[i], () -> s + (channelsLast ? " channels last " : " channels first ") + at);
    }
  }

  private interface Product {
    void of(int x, int w, int y);
  }

  private interface Output {
    void of(int channel, int y);
  }

  private record Tensors(ConvShape s, boolean channelsLast, Floats x, Floats w, Floats bias, Floats dy) {
    Tensors(ConvShape s, boolean channelsLast) {
      this(s, channelsLast, Floats.random(s.n() * s.inSize(), 1), Floats.random(s.weightSize(), 2),
          Floats.random(s.o(), 3), Floats.random(s.n() * s.outSize(), 4));
    }

    int at(int image, int channel, int row, int column, int channels, int height, int width) {
      return channelsLast
          ? ((image * height + row) * width + column) * channels + channel
          : ((image * channels + channel) * height + row) * width + column;
    }

    void eachOutput(Output output) {
      for (int image = 0; image < s.n(); image++)
        for (int o = 0; o < s.o(); o++)
          for (int row = 0; row < s.outH(); row++)
            for (int column = 0; column < s.outW(); column++)
              output.of(o, at(image, o, row, column, s.o(), s.outH(), s.outW()));
    }

    /** The definition: every pair of an input and a weight that goes into an output. */
    void eachProduct(Product product) {
      int groupIn = s.c() / s.groups();
      int groupOut = s.o() / s.groups();
      for (int image = 0; image < s.n(); image++)
        for (int o = 0; o < s.o(); o++)
          for (int row = 0; row < s.outH(); row++)
            for (int column = 0; column < s.outW(); column++) {
              int y = at(image, o, row, column, s.o(), s.outH(), s.outW());
              for (int i = 0; i < groupIn; i++)
                for (int kr = 0; kr < s.kh(); kr++)
                  for (int kc = 0; kc < s.kw(); kc++) {
                    int fromRow = row * s.sh() - s.ph() + kr * s.dh();
                    int fromColumn = column * s.sw() - s.pw() + kc * s.dw();
                    if (fromRow < 0 || fromRow >= s.h() || fromColumn < 0 || fromColumn >= s.w()) continue;
                    int x = at(image, o / groupOut * groupIn + i, fromRow, fromColumn, s.c(), s.h(), s.w());
                    product.of(x, ((o * groupIn + i) * s.kh() + kr) * s.kw() + kc, y);
                  }
            }
    }
  }
}

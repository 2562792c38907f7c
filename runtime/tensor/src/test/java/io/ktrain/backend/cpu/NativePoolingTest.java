package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class NativePoolingTest {
  /** n c h w, window, strides, paddings above, left, below, right, dilations. */
  private static final List<PoolShape> SHAPES = List.of(
      new PoolShape(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1),
      new PoolShape(7, 3, 9, 8, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1),
      new PoolShape(65, 17, 12, 12, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1),
      new PoolShape(3, 16, 7, 9, 3, 2, 1, 3, 1, 0, 0, 1, 2, 1),
      new PoolShape(33, 64, 8, 8, 8, 8, 1, 1, 0, 0, 0, 0, 1, 1),
      new PoolShape(2, 5, 20, 20, 17, 16, 1, 2, 0, 0, 0, 0, 1, 1));

  @Test
  void max() {
    Floats.needsLibrary();
    for (PoolShape s : SHAPES)
      for (boolean channelsLast : new boolean[] {true, false}) {
        int in = (int) (s.n() * s.inSize());
        int out = (int) (s.n() * s.outSize());
        Floats x = Floats.random(in, 1);
        Floats dy = Floats.random(out, 2);
        float[] got = Floats.sameForAnyThreads(() -> {
          Floats both = Floats.filled(out + in, Float.NaN);
          Floats workspace = Floats.filled(NativePooling.workspaceBytes(s, channelsLast) / 4 + 1, 0);
          NativePooling.maxForward(s, channelsLast, x.address(), both.address(), workspace.address());
          NativePooling.maxBackward(
              s, channelsLast, dy.address(), workspace.address(), both.address() + 4L * out);
          return both.toArray();
        });
        double[] expected = new double[out + in];
        windows(s, channelsLast, (y, window) -> {
          int best = window[0];
          for (int at : window) if (x.get(at) > x.get(best)) best = at;
          expected[y] = x.get(best);
          expected[out + best] += dy.get(y);
        });
        compare(s, channelsLast, expected, got);
      }
  }

  @Test
  void average() {
    Floats.needsLibrary();
    for (PoolShape s : SHAPES)
      for (boolean channelsLast : new boolean[] {true, false})
        for (boolean countPadding : new boolean[] {true, false}) {
          int in = (int) (s.n() * s.inSize());
          int out = (int) (s.n() * s.outSize());
          Floats x = Floats.random(in, 1);
          Floats dy = Floats.random(out, 2);
          float[] got = Floats.sameForAnyThreads(() -> {
            Floats both = Floats.filled(out + in, Float.NaN);
            NativePooling.averageForward(s, channelsLast, countPadding, x.address(), both.address());
            NativePooling.averageBackward(s, channelsLast, countPadding, dy.address(), both.address() + 4L * out);
            return both.toArray();
          });
          double[] expected = new double[out + in];
          windows(s, channelsLast, (y, window) -> {
            double share = 1.0 / (countPadding ? s.kh() * s.kw() : window.length);
            for (int at : window) {
              expected[y] += x.get(at) * share;
              expected[out + at] += dy.get(y) * share;
            }
          });
          compare(s, channelsLast, expected, got);
        }
  }

  @Test
  void ofEqualValuesTheFirstTakesTheGradient() {
    Floats.needsLibrary();
    var s = new PoolShape(1, 16, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1);
    Floats x = Floats.filled(64, 0.5f);
    Floats dy = Floats.filled(16, 1f);
    Floats y = Floats.filled(16, Float.NaN);
    Floats dx = Floats.filled(64, Float.NaN);
    Floats workspace = Floats.filled(NativePooling.workspaceBytes(s, true), 0);
    NativePooling.maxForward(s, true, x.address(), y.address(), workspace.address());
    NativePooling.maxBackward(s, true, dy.address(), workspace.address(), dx.address());
    for (int i = 0; i < 64; i++) assertEquals(i < 16 ? 1f : 0f, dx.get(i), "element " + i);
  }

  @Test
  void anEmptyBatchNeedsNothing() {
    var s = new PoolShape(0, 3, 4, 4, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1);
    assertEquals(0, NativePooling.workspaceBytes(s, true));
    NativePooling.maxForward(s, true, 0, 0, 0);
    NativePooling.maxBackward(s, true, 0, 0, 0);
    NativePooling.averageForward(s, true, true, 0, 0);
    NativePooling.averageBackward(s, true, true, 0, 0);
  }

  private static void compare(PoolShape s, boolean channelsLast, double[] expected, float[] got) {
    for (int i = 0; i < got.length; i++) {
      int at = i;
      Floats.assertClose(expected[i], 2 + Math.abs(expected[i]), got[i],
          () -> s + (channelsLast ? " channels last at " : " channels first at ") + at);
    }
  }

  private interface Window {
    void of(int y, int[] inside);
  }

  private static void windows(PoolShape s, boolean last, Window window) {
    for (int image = 0; image < s.n(); image++)
      for (int c = 0; c < s.c(); c++)
        for (int row = 0; row < s.outH(); row++)
          for (int column = 0; column < s.outW(); column++) {
            int[] inside = new int[s.kh() * s.kw()];
            int count = 0;
            for (int kr = 0; kr < s.kh(); kr++)
              for (int kc = 0; kc < s.kw(); kc++) {
                int r = row * s.sh() - s.ph() + kr * s.dh();
                int q = column * s.sw() - s.pw() + kc * s.dw();
                if (r >= 0 && r < s.h() && q >= 0 && q < s.w())
                  inside[count++] = at(last, image, c, r, q, s.c(), s.h(), s.w());
              }
            window.of(at(last, image, c, row, column, s.c(), s.outH(), s.outW()),
                Arrays.copyOf(inside, count));
          }
  }

  private static int at(boolean last, int image, int c, int row, int column, int channels, int height, int width) {
    return last
        ? ((image * height + row) * width + column) * channels + c
        : ((image * channels + c) * height + row) * width + column;
  }
}

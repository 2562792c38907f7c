package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Against double references: 1e-6 relative or 1e-7 absolute, unless said. */
final class VectorSoftmaxTest {
  private static final int[] COLS = {1, 7, 16, 17, 33, 1000};
  private static final int ROWS = 5;
  private static final long IGNORED = -100;

  private static double[] softmax(NativeFloats x, int row, int cols) {
    double max = Double.NEGATIVE_INFINITY, sum = 0;
    double[] y = new double[cols];
    for (int c = 0; c < cols; c++) max = Math.max(max, x.get(row * cols + c));
    for (int c = 0; c < cols; c++) sum += y[c] = Math.exp(x.get(row * cols + c) - max);
    for (int c = 0; c < cols; c++) y[c] /= sum;
    return y;
  }

  /** Rows of different scale and level, one of them near 1000. */
  private static NativeFloats logits(int cols) {
    var x = NativeFloats.random(ROWS * cols, cols);
    for (int i = 0; i < x.length; i++) x.set(i, x.get(i) * (1 + i / cols * 3) + (i / cols == 2 ? 1000 : 0));
    return x;
  }

  @Test
  void forward() {
    for (int cols : COLS) {
      var x = logits(cols);
      NativeFloats y = new NativeFloats(ROWS * cols), log = new NativeFloats(ROWS * cols);
      VectorSoftmax.softmax(x.address, y.address, ROWS, cols);
      VectorSoftmax.logSoftmax(x.address, log.address, ROWS, cols);
      for (int r = 0; r < ROWS; r++) {
        double[] expected = softmax(x, r, cols);
        for (int c = 0; c < cols; c++) {
          NativeFloats.assertClose(expected[c], y.get(r * cols + c), 1e-7, 1e-6, "softmax of " + cols);
          if (expected[c] > 1e-300)
            NativeFloats.assertClose(Math.log(expected[c]), log.get(r * cols + c), 5e-7, 1e-6, "logSoftmax of " + cols);
        }
      }
      y.assertGuardsIntact();
      log.assertGuardsIntact();
      VectorSoftmax.softmax(x.address, x.address, ROWS, cols);
      for (int i = 0; i < x.length; i++) assertEquals(y.get(i), x.get(i), "in place");
    }
  }

  @Test
  void backward() {
    for (int cols : COLS) {
      var x = logits(cols);
      var dy = NativeFloats.random(ROWS * cols, 7);
      NativeFloats y = new NativeFloats(ROWS * cols), log = new NativeFloats(ROWS * cols);
      NativeFloats dx = new NativeFloats(ROWS * cols), dlog = new NativeFloats(ROWS * cols);
      VectorSoftmax.softmax(x.address, y.address, ROWS, cols);
      VectorSoftmax.logSoftmax(x.address, log.address, ROWS, cols);
      VectorSoftmax.softmaxBackward(y.address, dy.address, dx.address, ROWS, cols);
      VectorSoftmax.logSoftmaxBackward(log.address, dy.address, dlog.address, ROWS, cols);
      for (int r = 0; r < ROWS; r++) {
        double[] p = softmax(x, r, cols);
        double dot = 0, sum = 0;
        for (int c = 0; c < cols; c++) {
          dot += p[c] * dy.get(r * cols + c);
          sum += dy.get(r * cols + c);
        }
        for (int c = 0; c < cols; c++) {
          double g = dy.get(r * cols + c);
          NativeFloats.assertClose(p[c] * (g - dot), dx.get(r * cols + c), 2e-6, 2e-6, "softmax backward of " + cols);
          NativeFloats.assertClose(g - p[c] * sum, dlog.get(r * cols + c), 2e-5, 2e-6, "logSoftmax's of " + cols);
        }
      }
      dx.assertGuardsIntact();
      dlog.assertGuardsIntact();
    }
  }

  @Test
  void crossEntropy() {
    MemorySegment targets = Arena.ofAuto().allocate(ROWS * 8L, 8);
    for (int cols : COLS) {
      var x = logits(cols);
      for (int r = 0; r < ROWS; r++)
        targets.setAtIndex(ValueLayout.JAVA_LONG, r, r == 3 ? IGNORED : (r * 31L) % cols);
      NativeFloats loss = new NativeFloats(ROWS), stats = new NativeFloats(2 * ROWS);
      NativeFloats dx = new NativeFloats(ROWS * cols), same = new NativeFloats(ROWS * cols);
      var scale = NativeFloats.of(0.5f, 0.25f, 2f, 1f, -1f);
      int answer = VectorSoftmax.crossEntropy(
          x.address, targets.address(), IGNORED, loss.address, stats.address, ROWS, cols);
      assertEquals(VectorSoftmax.ALL_VALID, answer);
      VectorSoftmax.crossEntropyBackward(
          x.address, targets.address(), IGNORED, stats.address, scale.address, 1, dx.address, ROWS, cols);
      VectorSoftmax.crossEntropyBackward(
          x.address, targets.address(), IGNORED, stats.address, scale.address, 0, same.address, ROWS, cols);
      for (int r = 0; r < ROWS; r++) {
        long target = targets.getAtIndex(ValueLayout.JAVA_LONG, r);
        double[] p = softmax(x, r, cols);
        if (target == IGNORED) assertEquals(0f, loss.get(r));
        else NativeFloats.assertClose(-Math.log(p[(int) target]), loss.get(r), 5e-7, 1e-6, "loss of " + cols);
        for (int c = 0; c < cols; c++) {
          double d = target == IGNORED ? 0 : p[c] - (c == target ? 1 : 0);
          NativeFloats.assertClose(d * scale.get(r), dx.get(r * cols + c), 1e-6, 1e-6, "gradient of " + cols);
          NativeFloats.assertClose(d * scale.get(0), same.get(r * cols + c), 1e-6, 1e-6, "gradient of " + cols);
        }
      }
      dx.assertGuardsIntact();
      for (long wrong : new long[] {cols, -1, Long.MAX_VALUE}) {
        targets.setAtIndex(ValueLayout.JAVA_LONG, 1, wrong);
        assertEquals(1, VectorSoftmax.crossEntropy(
            x.address, targets.address(), IGNORED, loss.address, stats.address, ROWS, cols));
      }
    }
  }

  @Test
  void maskedAndInvalidLogits() {
    for (int cols : COLS) {
      if (cols == 1) continue;
      var x = NativeFloats.random(3 * cols, 1);
      var y = new NativeFloats(3 * cols);
      x.set(cols - 1, Float.NEGATIVE_INFINITY);
      x.set(cols + cols / 2, Float.intBitsToFloat(0x7fc00001));
      for (int c = 0; c < cols; c++) x.set(2 * cols + c, Float.NEGATIVE_INFINITY);
      VectorSoftmax.softmax(x.address, y.address, 3, cols);
      assertEquals(0f, y.get(cols - 1), "a masked logit");
      double sum = 0;
      for (int c = 0; c < cols; c++) {
        sum += y.get(c);
        assertTrue(Float.isNaN(y.get(cols + c)), "a row with a NaN, " + c + " of " + cols);
        assertTrue(Float.isNaN(y.get(2 * cols + c)), "a row of -inf");
      }
      NativeFloats.assertClose(1, (float) sum, 1e-6, 0, "sum of the masked row");
    }
  }
}

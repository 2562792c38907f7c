package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.VectorConstants.EXP_2;
import static io.ktrain.backend.cpu.VectorConstants.EXP_3;
import static io.ktrain.backend.cpu.VectorConstants.EXP_4;
import static io.ktrain.backend.cpu.VectorConstants.EXP_5;
import static io.ktrain.backend.cpu.VectorConstants.EXP_6;
import static io.ktrain.backend.cpu.VectorConstants.EXP_HIGH;
import static io.ktrain.backend.cpu.VectorConstants.EXP_LOW;
import static io.ktrain.backend.cpu.VectorConstants.INFINITY;
import static io.ktrain.backend.cpu.VectorConstants.LOG2_E;
import static io.ktrain.backend.cpu.VectorConstants.MINUS_LN2_HIGH;
import static io.ktrain.backend.cpu.VectorConstants.MINUS_LN2_LOW;
import static io.ktrain.backend.cpu.VectorConstants.ONE;
import static io.ktrain.backend.cpu.VectorConstants.ROUNDER;
import static io.ktrain.backend.cpu.VectorConstants.ZERO;
import static io.ktrain.backend.cpu.VectorMemory.ALL;
import static io.ktrain.backend.cpu.VectorMemory.FLOATS;
import static io.ktrain.backend.cpu.VectorMemory.LANES;
import static io.ktrain.backend.cpu.VectorMemory.ORDER;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Softmax, its logarithm and the cross entropy over the rows of contiguous f32 [rows, cols]. Rows do not affect each
 * other: a caller cuts them into ranges by moving the addresses. A row with a NaN, an inf or nothing but -inf is all
 * NaN.
 */
final class VectorSoftmax {
  /** {@link #crossEntropy}'s answer where every target is a class. */
  static final int ALL_VALID = -1;

  private VectorSoftmax() {}

  /** y = e^(x - max) / sum; y may be x. */
  static void softmax(long x, long y, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
      long offset = 4L * r * cols;
      float sum = exp(x + offset, -max(x + offset, cols), 1f, y + offset, cols);
      scale(y + offset, cols, 1f / sum);
    }
  }

  /** y = x - max - log(sum of e^(x - max)); y may be x. */
  static void logSoftmax(long x, long y, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
      long offset = 4L * r * cols;
      float max = max(x + offset, cols);
      subtract(x + offset, max, FloatMath.log(sumExp(x + offset, -max, cols)), y + offset, cols);
    }
  }

  /** dx = y (dy - sum of y dy), y the softmax; dx may be dy. */
  static void softmaxBackward(long y, long dy, long dx, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
      long offset = 4L * r * cols;
      float dot = VectorReductions.dot(y + offset, dy + offset, cols);
      subtractAndMultiply(y + offset, dy + offset, dot, dx + offset, cols);
    }
  }

  /** dx = dy - e^y sum of dy, y the logarithm of the softmax; dx must be neither y nor dy. */
  static void logSoftmaxBackward(long y, long dy, long dx, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
      long offset = 4L * r * cols;
      exp(y + offset, 0f, -VectorReductions.sum(dy + offset, cols), dx + offset, cols);
      VectorReductions.add(dy + offset, cols, dx + offset);
    }
  }

  /**
   * loss[r] = log(sum of e^x[r]) - x[r][targets[r]], 0 where the target is {@code ignored}.
   *
   * @param targets i64 class indices [rows]
   * @param stats f32 [rows, 2], written for the backward kernel: a row's maximum, and the sum of e^(x - maximum)
   * @return the first row whose target is neither a class nor {@code ignored} (nothing is written from there on), or
   *     {@link #ALL_VALID}
   */
  static int crossEntropy(long x, long targets, long ignored, long loss, long stats, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
      long row = x + 4L * r * cols, target = ALL.get(VectorMemory.LONG, targets + 8L * r);
      boolean counts = target != ignored;
      if (counts && (target < 0 || target >= cols)) return r;
      float max = max(row, cols), sum = sumExp(row, -max, cols);
      VectorMemory.set(stats + 8L * r, max);
      VectorMemory.set(stats + 8L * r + 4, sum);
      float own = counts ? VectorMemory.get(row + 4 * target) - max : 0f;
      VectorMemory.set(loss + 4L * r, counts ? FloatMath.log(sum) - own : 0f);
    }
    return ALL_VALID;
  }

  /**
   * dx = (softmax(x) - onehot(target)) times the row's scale, 0 where the target is {@code ignored}; dx may be x.
   *
   * @param scale f32, the upstream gradient times any weight: one a row, or one for all with a stride of 0
   * @param scaleStride elements from one row's scale to the next: 1 or 0
   */
  static void crossEntropyBackward(
      long x, long targets, long ignored, long stats, long scale, int scaleStride, long dx, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
      long offset = 4L * r * cols, target = ALL.get(VectorMemory.LONG, targets + 8L * r);
      if (target == ignored) {
        VectorReductions.fill(dx + offset, cols, 0f);
        continue;
      }
      float by = VectorMemory.get(scale + 4L * r * scaleStride);
      float max = VectorMemory.get(stats + 8L * r), sum = VectorMemory.get(stats + 8L * r + 4);
      exp(x + offset, -max, by / sum, dx + offset, cols);
      long own = dx + offset + 4 * target;
      VectorMemory.set(own, VectorMemory.get(own) - by);
    }
  }

  /** Without Math.max's care for NaN, which the exponentials carry on anyhow: a third of the time. */
  private static float max(long x, int n) {
    FloatVector a = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY), b = a;
    int i = 0, end = FLOATS.loopBound(n);
    for (; i <= n - 2 * LANES; i += 2 * LANES) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER);
      FloatVector w = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i + 4L * LANES, ORDER);
      a = a.blend(v, v.compare(GT, a));
      b = b.blend(w, w.compare(GT, b));
    }
    for (; i < end; i += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER);
      a = a.blend(v, v.compare(GT, a));
    }
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m);
      b = b.blend(v, v.compare(GT, b).and(m));
    }
    return a.max(b).reduceLanes(MAX);
  }

  /**
   * y = e^(x + shift) scale, with the steps of {@link FloatMath#exp}; returns the sum of y. The whole vectors and the
   * rest are two methods, since one would be over the size up to which C2 inlines vector code.
   */
  private static float exp(long x, float shift, float scale, long y, int n) {
    int end = FLOATS.loopBound(n);
    float sum = end > 0 ? wholeExp(x, shift, scale, y, end) : 0f;
    return end < n ? sum + restOfExp(x + 4L * end, shift, scale, y + 4L * end, n - end) : sum;
  }

  private static float wholeExp(long x, float shift, float scale, long y, int end) {
    FloatVector by = FloatVector.broadcast(FLOATS, shift), times = FloatVector.broadcast(FLOATS, scale);
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int i = 0; i < end; i += LANES) {
      FloatVector d = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER).add(by);
      FloatVector t = d.fma(LOG2_E, ROUNDER), k = t.sub(ROUNDER);
      FloatVector r = k.fma(MINUS_LN2_LOW, k.fma(MINUS_LN2_HIGH, d));
      FloatVector p = EXP_6.fma(r, EXP_5).fma(r, EXP_4).fma(r, EXP_3).fma(r, EXP_2).fma(r, ONE).fma(r, ONE);
      FloatVector e = p.reinterpretAsInts().add(t.reinterpretAsInts().lanewise(LSHL, 23)).reinterpretAsFloats();
      e = d.add(INFINITY).blend(e, d.compare(LE, EXP_HIGH)).blend(ZERO, d.compare(LT, EXP_LOW)).mul(times);
      e.intoMemorySegment(ALL, y + 4L * i, ORDER);
      sum = sum.add(e);
    }
    return VectorMemory.sumLanes(sum);
  }

  private static float restOfExp(long x, float shift, float scale, long y, int n) {
    VectorMask<Float> m = FLOATS.indexInRange(0, n);
    FloatVector d = FloatVector.fromMemorySegment(FLOATS, ALL, x, ORDER, m).add(FloatVector.broadcast(FLOATS, shift));
    FloatVector t = d.fma(LOG2_E, ROUNDER), k = t.sub(ROUNDER);
    FloatVector r = k.fma(MINUS_LN2_LOW, k.fma(MINUS_LN2_HIGH, d));
    FloatVector p = EXP_6.fma(r, EXP_5).fma(r, EXP_4).fma(r, EXP_3).fma(r, EXP_2).fma(r, ONE).fma(r, ONE);
    FloatVector e = p.reinterpretAsInts().add(t.reinterpretAsInts().lanewise(LSHL, 23)).reinterpretAsFloats();
    e = d.add(INFINITY).blend(e, d.compare(LE, EXP_HIGH)).blend(ZERO, d.compare(LT, EXP_LOW));
    e = e.mul(FloatVector.broadcast(FLOATS, scale));
    e.intoMemorySegment(ALL, y, ORDER, m);
    return VectorMemory.sumLanes(ZERO.blend(e, m));
  }

  /** The sum of e^(x + shift), in the order of {@link #exp}. */
  private static float sumExp(long x, float shift, int n) {
    int end = FLOATS.loopBound(n);
    float sum = end > 0 ? wholeSumExp(x, shift, end) : 0f;
    return end < n ? sum + restOfSumExp(x + 4L * end, shift, n - end) : sum;
  }

  private static float wholeSumExp(long x, float shift, int end) {
    FloatVector by = FloatVector.broadcast(FLOATS, shift);
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int i = 0; i < end; i += LANES) {
      FloatVector d = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER).add(by);
      FloatVector t = d.fma(LOG2_E, ROUNDER), k = t.sub(ROUNDER);
      FloatVector r = k.fma(MINUS_LN2_LOW, k.fma(MINUS_LN2_HIGH, d));
      FloatVector p = EXP_6.fma(r, EXP_5).fma(r, EXP_4).fma(r, EXP_3).fma(r, EXP_2).fma(r, ONE).fma(r, ONE);
      FloatVector e = p.reinterpretAsInts().add(t.reinterpretAsInts().lanewise(LSHL, 23)).reinterpretAsFloats();
      e = d.add(INFINITY).blend(e, d.compare(LE, EXP_HIGH)).blend(ZERO, d.compare(LT, EXP_LOW));
      sum = sum.add(e);
    }
    return VectorMemory.sumLanes(sum);
  }

  private static float restOfSumExp(long x, float shift, int n) {
    VectorMask<Float> m = FLOATS.indexInRange(0, n);
    FloatVector d = FloatVector.fromMemorySegment(FLOATS, ALL, x, ORDER, m).add(FloatVector.broadcast(FLOATS, shift));
    FloatVector t = d.fma(LOG2_E, ROUNDER), k = t.sub(ROUNDER);
    FloatVector r = k.fma(MINUS_LN2_LOW, k.fma(MINUS_LN2_HIGH, d));
    FloatVector p = EXP_6.fma(r, EXP_5).fma(r, EXP_4).fma(r, EXP_3).fma(r, EXP_2).fma(r, ONE).fma(r, ONE);
    FloatVector e = p.reinterpretAsInts().add(t.reinterpretAsInts().lanewise(LSHL, 23)).reinterpretAsFloats();
    e = d.add(INFINITY).blend(e, d.compare(LE, EXP_HIGH)).blend(ZERO, d.compare(LT, EXP_LOW));
    return VectorMemory.sumLanes(ZERO.blend(e, m));
  }

  private static void scale(long y, int n, float by) {
    FloatVector times = FloatVector.broadcast(FLOATS, by);
    int i = 0, end = FLOATS.loopBound(n);
    for (; i < end; i += LANES) {
      FloatVector.fromMemorySegment(FLOATS, ALL, y + 4L * i, ORDER).mul(times)
          .intoMemorySegment(ALL, y + 4L * i, ORDER);
    }
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector.fromMemorySegment(FLOATS, ALL, y + 4L * i, ORDER, m).mul(times)
          .intoMemorySegment(ALL, y + 4L * i, ORDER, m);
    }
  }

  /** y = (x - a) - b: in two steps, so that a great maximum does not swallow the logarithm's digits. */
  private static void subtract(long x, float a, float b, long y, int n) {
    FloatVector first = FloatVector.broadcast(FLOATS, a), second = FloatVector.broadcast(FLOATS, b);
    int i = 0, end = FLOATS.loopBound(n);
    for (; i < end; i += LANES) {
      FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER).sub(first).sub(second)
          .intoMemorySegment(ALL, y + 4L * i, ORDER);
    }
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m).sub(first).sub(second)
          .intoMemorySegment(ALL, y + 4L * i, ORDER, m);
    }
  }

  /** dx = y (dy - dot). */
  private static void subtractAndMultiply(long y, long dy, float dot, long dx, int n) {
    FloatVector less = FloatVector.broadcast(FLOATS, dot);
    int i = 0, end = FLOATS.loopBound(n);
    for (; i < end; i += LANES) {
      FloatVector.fromMemorySegment(FLOATS, ALL, dy + 4L * i, ORDER).sub(less)
          .mul(FloatVector.fromMemorySegment(FLOATS, ALL, y + 4L * i, ORDER))
          .intoMemorySegment(ALL, dx + 4L * i, ORDER);
    }
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector.fromMemorySegment(FLOATS, ALL, dy + 4L * i, ORDER, m).sub(less)
          .mul(FloatVector.fromMemorySegment(FLOATS, ALL, y + 4L * i, ORDER, m))
          .intoMemorySegment(ALL, dx + 4L * i, ORDER, m);
    }
  }
}

package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.VectorMemory.ALL;
import static io.ktrain.backend.cpu.VectorMemory.FLOATS;
import static io.ktrain.backend.cpu.VectorMemory.LANES;
import static io.ktrain.backend.cpu.VectorMemory.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Layer normalisation over the rows of contiguous f32 [rows, cols], and the steps on one row that batch normalisation
 * takes too. Rows do not affect each other: a caller cuts them into ranges by moving the addresses.
 */
final class VectorNorm {
  /** In place of the address of a parameter that is not there. */
  static final long NONE = 0;

  private VectorNorm() {}

  /**
   * y = (x - mean) rstd gamma + beta; y may be x.
   *
   * @param gamma f32 [cols] or {@link #NONE}
   * @param beta f32 [cols] or {@link #NONE}
   * @param mean f32 [rows], written
   * @param rstd f32 [rows], written: 1 / sqrt(variance + eps), of the biased variance
   */
  static void layerNorm(
      long x, long gamma, long beta, double eps, long y, long mean, long rstd, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
      long row = x + 4L * r * cols, out = y + 4L * r * cols;
      float average = VectorReductions.sum(row, cols) / cols;
      float scale = reciprocalRoot(VectorReductions.squaredDeviations(row, average, cols), cols, eps);
      VectorMemory.set(mean + 4L * r, average);
      VectorMemory.set(rstd + 4L * r, scale);
      if (gamma != NONE && beta != NONE) {
        normaliseAffine(row, average, scale, gamma, beta, out, cols);
      } else {
        standardise(row, average, scale, 0f, out, cols);
        if (gamma != NONE) multiply(out, gamma, out, cols);
        if (beta != NONE) VectorReductions.add(beta, cols, out);
      }
    }
  }

  /** dx = rstd (g - average of g - xhat average of g xhat), g = dy gamma; dx must be neither x nor dy. */
  static void layerNormBackward(
      long dy, long x, long gamma, long mean, long rstd, long dx, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
      long offset = 4L * r * cols, out = dx + offset, g = dy + offset;
      if (gamma != NONE) {
        multiply(g, gamma, out, cols);
        g = out;
      }
      float average = VectorMemory.get(mean + 4L * r), scale = VectorMemory.get(rstd + 4L * r);
      float sum = VectorReductions.sum(g, cols), dot = VectorReductions.centredDot(g, x + offset, average, cols);
      combine(g, x + offset, scale, average, -scale * scale * scale * dot / cols, -scale * sum / cols, out, cols);
    }
  }

  /**
   * dgamma += sum over the rows of dy xhat, dbeta += sum over the rows of dy, row after row: a caller gives each fixed
   * range of rows buffers of its own, of zeros, and adds these in order.
   *
   * @param dbeta f32 [cols] or {@link #NONE}
   */
  static void layerNormParameters(
      long dy, long x, long mean, long rstd, long dgamma, long dbeta, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
      long g = dy + 4L * r * cols;
      addScaledDeviations(g, x + 4L * r * cols, VectorMemory.get(mean + 4L * r), VectorMemory.get(rstd + 4L * r),
          dgamma, cols);
      if (dbeta != NONE) VectorReductions.add(g, cols, dbeta);
    }
  }

  /** y = x r gamma, r = 1 / sqrt(the mean of x^2 + eps), which is written; {@code gamma} may be {@link #NONE}. */
  static void rmsNorm(long x, long gamma, double eps, long y, long root, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
      long row = x + 4L * r * cols, out = y + 4L * r * cols;
      float scale = reciprocalRoot(VectorReductions.sumSquares(row, cols), cols, eps);
      VectorMemory.set(root + 4L * r, scale);
      standardise(row, 0f, scale, 0f, out, cols);
      if (gamma != NONE) multiply(out, gamma, out, cols);
    }
  }

  /** dx = r (g - x r^2 average of g x), g = dy gamma; dgamma += dy x r. dx must be neither x nor dy. */
  static void rmsNormBackward(
      long dy, long x, long gamma, long root, long dx, long dgamma, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
      long offset = 4L * r * cols, out = dx + offset, g = dy + offset;
      float scale = VectorMemory.get(root + 4L * r);
      addScaledDeviations(g, x + offset, 0f, scale, dgamma, cols);
      if (gamma != NONE) {
        multiply(g, gamma, out, cols);
        g = out;
      }
      float dot = VectorReductions.centredDot(g, x + offset, 0f, cols);
      combine(g, x + offset, scale, 0f, -scale * scale * scale * dot / cols, 0f, out, cols);
    }
  }

  /** 1 / sqrt(squares / count + eps), rounded once. */
  static float reciprocalRoot(float squares, long count, double eps) {
    return (float) (1 / Math.sqrt((double) squares / count + eps));
  }

  private static void normaliseAffine(long x, float mean, float scale, long gamma, long beta, long y, int n) {
    FloatVector less = FloatVector.broadcast(FLOATS, mean), times = FloatVector.broadcast(FLOATS, scale);
    int i = 0, end = FLOATS.loopBound(n);
    for (; i < end; i += LANES) {
      long o = 4L * i;
      FloatVector.fromMemorySegment(FLOATS, ALL, x + o, ORDER).sub(less).mul(times)
          .fma(FloatVector.fromMemorySegment(FLOATS, ALL, gamma + o, ORDER),
              FloatVector.fromMemorySegment(FLOATS, ALL, beta + o, ORDER))
          .intoMemorySegment(ALL, y + o, ORDER);
    }
    if (i < n) {
      long o = 4L * i;
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector.fromMemorySegment(FLOATS, ALL, x + o, ORDER, m).sub(less).mul(times)
          .fma(FloatVector.fromMemorySegment(FLOATS, ALL, gamma + o, ORDER, m),
              FloatVector.fromMemorySegment(FLOATS, ALL, beta + o, ORDER, m))
          .intoMemorySegment(ALL, y + o, ORDER, m);
    }
  }

  /** y = (x - mean) scale + shift; y may be x. */
  static void standardise(long x, float mean, float scale, float shift, long y, int n) {
    FloatVector less = FloatVector.broadcast(FLOATS, mean), times = FloatVector.broadcast(FLOATS, scale);
    FloatVector plus = FloatVector.broadcast(FLOATS, shift);
    int i = 0, end = FLOATS.loopBound(n);
    for (; i < end; i += LANES) {
      FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER).sub(less).fma(times, plus)
          .intoMemorySegment(ALL, y + 4L * i, ORDER);
    }
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m).sub(less).fma(times, plus)
          .intoMemorySegment(ALL, y + 4L * i, ORDER, m);
    }
  }

  /** dx = (x - mean) b + (g a + c), the gradient of every normalisation; dx may be g or x. */
  static void combine(long g, long x, float a, float mean, float b, float c, long dx, int n) {
    FloatVector va = FloatVector.broadcast(FLOATS, a), less = FloatVector.broadcast(FLOATS, mean);
    FloatVector vb = FloatVector.broadcast(FLOATS, b), vc = FloatVector.broadcast(FLOATS, c);
    int i = 0, end = FLOATS.loopBound(n);
    for (; i < end; i += LANES) {
      FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER).sub(less)
          .fma(vb, FloatVector.fromMemorySegment(FLOATS, ALL, g + 4L * i, ORDER).fma(va, vc))
          .intoMemorySegment(ALL, dx + 4L * i, ORDER);
    }
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m).sub(less)
          .fma(vb, FloatVector.fromMemorySegment(FLOATS, ALL, g + 4L * i, ORDER, m).fma(va, vc))
          .intoMemorySegment(ALL, dx + 4L * i, ORDER, m);
    }
  }

  static void multiply(long x, long z, long y, int n) {
    int i = 0, end = FLOATS.loopBound(n);
    for (; i < end; i += LANES) {
      FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER)
          .mul(FloatVector.fromMemorySegment(FLOATS, ALL, z + 4L * i, ORDER))
          .intoMemorySegment(ALL, y + 4L * i, ORDER);
    }
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m)
          .mul(FloatVector.fromMemorySegment(FLOATS, ALL, z + 4L * i, ORDER, m))
          .intoMemorySegment(ALL, y + 4L * i, ORDER, m);
    }
  }

  /** out += g (x - mean) scale. */
  private static void addScaledDeviations(long g, long x, float mean, float scale, long out, int n) {
    FloatVector less = FloatVector.broadcast(FLOATS, mean), times = FloatVector.broadcast(FLOATS, scale);
    int i = 0, end = FLOATS.loopBound(n);
    for (; i < end; i += LANES) {
      FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER).sub(less).mul(times)
          .fma(FloatVector.fromMemorySegment(FLOATS, ALL, g + 4L * i, ORDER),
              FloatVector.fromMemorySegment(FLOATS, ALL, out + 4L * i, ORDER))
          .intoMemorySegment(ALL, out + 4L * i, ORDER);
    }
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m).sub(less).mul(times)
          .fma(FloatVector.fromMemorySegment(FLOATS, ALL, g + 4L * i, ORDER, m),
              FloatVector.fromMemorySegment(FLOATS, ALL, out + 4L * i, ORDER, m))
          .intoMemorySegment(ALL, out + 4L * i, ORDER, m);
    }
  }
}

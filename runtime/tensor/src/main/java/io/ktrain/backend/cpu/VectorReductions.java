package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.VectorMemory.ALL;
import static io.ktrain.backend.cpu.VectorMemory.FLOATS;
import static io.ktrain.backend.cpu.VectorMemory.LANES;
import static io.ktrain.backend.cpu.VectorMemory.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Sums and extremes of f32 values. The order of every sum is fixed by the sizes alone: four running vectors over the
 * whole vectors, the rest of them and the masked rest after that, then the lanes pairwise. Extremes are NaN where a
 * value is NaN, as {@link Math#max}; the greatest of nothing is -inf, the least inf, the sum 0.
 */
final class VectorReductions {
  private VectorReductions() {}

  static float sum(long x, int n) {
    FloatVector a = FloatVector.zero(FLOATS), b = a, c = a, d = a;
    int i = 0, end = FLOATS.loopBound(n);
    for (; i <= n - 4 * LANES; i += 4 * LANES) {
      long p = x + 4L * i;
      a = a.add(FloatVector.fromMemorySegment(FLOATS, ALL, p, ORDER));
      b = b.add(FloatVector.fromMemorySegment(FLOATS, ALL, p + 4L * LANES, ORDER));
      c = c.add(FloatVector.fromMemorySegment(FLOATS, ALL, p + 8L * LANES, ORDER));
      d = d.add(FloatVector.fromMemorySegment(FLOATS, ALL, p + 12L * LANES, ORDER));
    }
    for (; i < end; i += LANES) a = a.add(FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER));
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      b = b.add(FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m));
    }
    return VectorMemory.sumLanes(a.add(b).add(c.add(d)));
  }

  static float sumSquares(long x, int n) {
    FloatVector a = FloatVector.zero(FLOATS), b = a, c = a, d = a;
    int i = 0, end = FLOATS.loopBound(n);
    for (; i <= n - 4 * LANES; i += 4 * LANES) {
      long p = x + 4L * i;
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, p, ORDER);
      a = v.fma(v, a);
      v = FloatVector.fromMemorySegment(FLOATS, ALL, p + 4L * LANES, ORDER);
      b = v.fma(v, b);
      v = FloatVector.fromMemorySegment(FLOATS, ALL, p + 8L * LANES, ORDER);
      c = v.fma(v, c);
      v = FloatVector.fromMemorySegment(FLOATS, ALL, p + 12L * LANES, ORDER);
      d = v.fma(v, d);
    }
    for (; i < end; i += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER);
      a = v.fma(v, a);
    }
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m);
      b = v.fma(v, b);
    }
    return VectorMemory.sumLanes(a.add(b).add(c.add(d)));
  }

  /** The sum of x z. */
  static float dot(long x, long z, int n) {
    FloatVector a = FloatVector.zero(FLOATS), b = a;
    int i = 0, end = FLOATS.loopBound(n);
    for (; i <= n - 2 * LANES; i += 2 * LANES) {
      long p = x + 4L * i, q = z + 4L * i;
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, p, ORDER);
      a = v.fma(FloatVector.fromMemorySegment(FLOATS, ALL, q, ORDER), a);
      v = FloatVector.fromMemorySegment(FLOATS, ALL, p + 4L * LANES, ORDER);
      b = v.fma(FloatVector.fromMemorySegment(FLOATS, ALL, q + 4L * LANES, ORDER), b);
    }
    for (; i < end; i += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER);
      a = v.fma(FloatVector.fromMemorySegment(FLOATS, ALL, z + 4L * i, ORDER), a);
    }
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m);
      b = v.fma(FloatVector.fromMemorySegment(FLOATS, ALL, z + 4L * i, ORDER, m), b);
    }
    return VectorMemory.sumLanes(a.add(b));
  }

  /** The sum of (x - mean)^2. */
  static float squaredDeviations(long x, float mean, int n) {
    FloatVector less = FloatVector.broadcast(FLOATS, mean), a = FloatVector.zero(FLOATS), b = a;
    int i = 0, end = FLOATS.loopBound(n);
    for (; i <= n - 2 * LANES; i += 2 * LANES) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER).sub(less);
      FloatVector w = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i + 4L * LANES, ORDER).sub(less);
      a = v.fma(v, a);
      b = w.fma(w, b);
    }
    for (; i < end; i += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER).sub(less);
      a = v.fma(v, a);
    }
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m).sub(less, m);
      b = v.fma(v, b);
    }
    return VectorMemory.sumLanes(a.add(b));
  }

  /** The sum of z (x - mean). */
  static float centredDot(long z, long x, float mean, int n) {
    FloatVector less = FloatVector.broadcast(FLOATS, mean), a = FloatVector.zero(FLOATS), b = a;
    int i = 0, end = FLOATS.loopBound(n);
    for (; i <= n - 2 * LANES; i += 2 * LANES) {
      long p = x + 4L * i, q = z + 4L * i;
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, p, ORDER).sub(less);
      FloatVector w = FloatVector.fromMemorySegment(FLOATS, ALL, p + 4L * LANES, ORDER).sub(less);
      a = v.fma(FloatVector.fromMemorySegment(FLOATS, ALL, q, ORDER), a);
      b = w.fma(FloatVector.fromMemorySegment(FLOATS, ALL, q + 4L * LANES, ORDER), b);
    }
    for (; i < end; i += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER).sub(less);
      a = v.fma(FloatVector.fromMemorySegment(FLOATS, ALL, z + 4L * i, ORDER), a);
    }
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m).sub(less, m);
      b = v.fma(FloatVector.fromMemorySegment(FLOATS, ALL, z + 4L * i, ORDER, m), b);
    }
    return VectorMemory.sumLanes(a.add(b));
  }

  static float max(long x, int n) {
    FloatVector a = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY), b = a;
    int i = 0, end = FLOATS.loopBound(n);
    for (; i <= n - 2 * LANES; i += 2 * LANES) {
      a = a.max(FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER));
      b = b.max(FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i + 4L * LANES, ORDER));
    }
    for (; i < end; i += LANES) a = a.max(FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER));
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      b = b.blend(b.max(FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m)), m);
    }
    return a.max(b).reduceLanes(VectorOperators.MAX);
  }

  static float min(long x, int n) {
    FloatVector a = FloatVector.broadcast(FLOATS, Float.POSITIVE_INFINITY), b = a;
    int i = 0, end = FLOATS.loopBound(n);
    for (; i <= n - 2 * LANES; i += 2 * LANES) {
      a = a.min(FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER));
      b = b.min(FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i + 4L * LANES, ORDER));
    }
    for (; i < end; i += LANES) a = a.min(FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER));
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      b = b.blend(b.min(FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m)), m);
    }
    return a.min(b).reduceLanes(VectorOperators.MIN);
  }

  /** out[r] = the sum of row r; rowStride in elements, as in all that follow. */
  static void rowSums(long x, long rowStride, int rows, int cols, long out) {
    for (int r = 0; r < rows; r++) VectorMemory.set(out + 4L * r, sum(x + 4 * rowStride * r, cols));
  }

  static void rowSumSquares(long x, long rowStride, int rows, int cols, long out) {
    for (int r = 0; r < rows; r++) VectorMemory.set(out + 4L * r, sumSquares(x + 4 * rowStride * r, cols));
  }

  static void rowMax(long x, long rowStride, int rows, int cols, long out) {
    for (int r = 0; r < rows; r++) VectorMemory.set(out + 4L * r, max(x + 4 * rowStride * r, cols));
  }

  static void rowMin(long x, long rowStride, int rows, int cols, long out) {
    for (int r = 0; r < rows; r++) VectorMemory.set(out + 4L * r, min(x + 4 * rowStride * r, cols));
  }

  /**
   * out[c] = the sum of column c: eight rows at a time, pairwise, added to the running sum, then the rows left over one
   * by one. A caller with many rows sums chunks of them (of a size that depends on the shape alone) into rows of a
   * buffer, and that buffer's columns by this same kernel: quicker on several threads, and more exact.
   */
  static void columnSums(long x, long rowStride, int rows, int cols, long out) {
    int r = 0;
    if (rows < 8) fill(out, cols, 0f);
    else for (; r <= rows - 8; r += 8) addEightRows(x + 4 * rowStride * r, 4 * rowStride, cols, out, r == 0);
    for (; r < rows; r++) add(x + 4 * rowStride * r, cols, out);
  }

  private static void addEightRows(long x, long step, int cols, long out, boolean first) {
    int i = 0, end = FLOATS.loopBound(cols);
    for (; i < end; i += LANES) {
      long p = x + 4L * i, q = p + 4 * step;
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, ALL, p, ORDER)
          .add(FloatVector.fromMemorySegment(FLOATS, ALL, p + step, ORDER));
      FloatVector b = FloatVector.fromMemorySegment(FLOATS, ALL, p + 2 * step, ORDER)
          .add(FloatVector.fromMemorySegment(FLOATS, ALL, p + 3 * step, ORDER));
      FloatVector c = FloatVector.fromMemorySegment(FLOATS, ALL, q, ORDER)
          .add(FloatVector.fromMemorySegment(FLOATS, ALL, q + step, ORDER));
      FloatVector d = FloatVector.fromMemorySegment(FLOATS, ALL, q + 2 * step, ORDER)
          .add(FloatVector.fromMemorySegment(FLOATS, ALL, q + 3 * step, ORDER));
      FloatVector sum = a.add(b).add(c.add(d));
      if (!first) sum = sum.add(FloatVector.fromMemorySegment(FLOATS, ALL, out + 4L * i, ORDER));
      sum.intoMemorySegment(ALL, out + 4L * i, ORDER);
    }
    if (i < cols) {
      VectorMask<Float> m = FLOATS.indexInRange(i, cols);
      long p = x + 4L * i, q = p + 4 * step;
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, ALL, p, ORDER, m)
          .add(FloatVector.fromMemorySegment(FLOATS, ALL, p + step, ORDER, m));
      FloatVector b = FloatVector.fromMemorySegment(FLOATS, ALL, p + 2 * step, ORDER, m)
          .add(FloatVector.fromMemorySegment(FLOATS, ALL, p + 3 * step, ORDER, m));
      FloatVector c = FloatVector.fromMemorySegment(FLOATS, ALL, q, ORDER, m)
          .add(FloatVector.fromMemorySegment(FLOATS, ALL, q + step, ORDER, m));
      FloatVector d = FloatVector.fromMemorySegment(FLOATS, ALL, q + 2 * step, ORDER, m)
          .add(FloatVector.fromMemorySegment(FLOATS, ALL, q + 3 * step, ORDER, m));
      FloatVector sum = a.add(b).add(c.add(d));
      if (!first) sum = sum.add(FloatVector.fromMemorySegment(FLOATS, ALL, out + 4L * i, ORDER, m));
      sum.intoMemorySegment(ALL, out + 4L * i, ORDER, m);
    }
  }

  /** out += x. */
  static void add(long x, int cols, long out) {
    int i = 0, end = FLOATS.loopBound(cols);
    for (; i < end; i += LANES) {
      FloatVector.fromMemorySegment(FLOATS, ALL, out + 4L * i, ORDER)
          .add(FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER))
          .intoMemorySegment(ALL, out + 4L * i, ORDER);
    }
    if (i < cols) {
      VectorMask<Float> m = FLOATS.indexInRange(i, cols);
      FloatVector.fromMemorySegment(FLOATS, ALL, out + 4L * i, ORDER, m)
          .add(FloatVector.fromMemorySegment(FLOATS, ALL, x + 4L * i, ORDER, m))
          .intoMemorySegment(ALL, out + 4L * i, ORDER, m);
    }
  }

  static void fill(long x, int n, float value) {
    FloatVector v = FloatVector.broadcast(FLOATS, value);
    int i = 0, end = FLOATS.loopBound(n);
    for (; i < end; i += LANES) v.intoMemorySegment(ALL, x + 4L * i, ORDER);
    if (i < n) v.intoMemorySegment(ALL, x + 4L * i, ORDER, FLOATS.indexInRange(i, n));
  }
}

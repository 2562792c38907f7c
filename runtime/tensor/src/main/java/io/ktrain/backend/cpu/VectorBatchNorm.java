package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.VectorMemory.ALL;
import static io.ktrain.backend.cpu.VectorMemory.FLOATS;
import static io.ktrain.backend.cpu.VectorMemory.LANES;
import static io.ktrain.backend.cpu.VectorMemory.ORDER;
import static io.ktrain.backend.cpu.VectorMemory.get;
import static io.ktrain.backend.cpu.VectorMemory.set;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Batch normalisation of f32, channels last ([rows, channels], one row a position) or not ([n, channels, hw], the
 * methods called planes). The sums are apart from what is done with them, so that a caller can add up fixed ranges:
 *
 * <pre>
 * mean     = sum of x / count
 * variance = sum of (x - mean)^2 / count                   rstd = 1 / sqrt(variance + eps)
 * y        = (x - mean) scale + shift                      scale = gamma rstd, shift = beta
 * dgamma   = rstd sum of dy (x - mean)                     dbeta = sum of dy
 * dx       = (x - mean) b + (dy a + c)                     a, b, c from {@link #coefficients}
 * </pre>
 *
 * <p>Channels last, the plain sums are {@link VectorReductions#columnSums}. The methods for planes take the channels
 * from {@code from} to below {@code to}, and give each a sum over n in order; per-channel arrays are addressed by the
 * channel's own number.
 */
final class VectorBatchNorm {
  /** Rows for which a kernel keeps a vector of channels in registers; they stay in the cache for the next channels. */
  private static final int CHUNK = 64;

  private VectorBatchNorm() {}

  /** a = gamma rstd, b = -a rstd^2 dots / count, c = -a sums / count: f32 [channels] each; gamma may be NONE, for 1. */
  static void coefficients(
      long gamma, long rstd, long sums, long dots, long count, long a, long b, long c, int channels) {
    for (long o = 0; o < 4L * channels; o += 4) {
      float r = get(rstd + o), scale = gamma == VectorNorm.NONE ? r : get(gamma + o) * r;
      set(a + o, scale);
      set(b + o, -scale * r * r * get(dots + o) / count);
      set(c + o, -scale * get(sums + o) / count);
    }
  }

  /** out[c] = sum over the rows of (x - mean[c])^2, in an order fixed by the number of rows. */
  static void squaredDeviations(long x, long mean, int rows, int channels, long out) {
    VectorReductions.fill(out, channels, 0f);
    long step = 4L * channels;
    for (int r = 0; r < rows; r += CHUNK) {
      int chunk = Math.min(CHUNK, rows - r);
      for (int i = 0; i < channels; i += LANES)
        addSquaredDeviations(x + r * step + 4L * i, mean + 4L * i, step, chunk, channels - i, out + 4L * i);
    }
  }

  private static void addSquaredDeviations(long x, long mean, long step, int rows, int lanes, long out) {
    VectorMask<Float> m = FLOATS.indexInRange(0, lanes);
    FloatVector less = FloatVector.fromMemorySegment(FLOATS, ALL, mean, ORDER, m);
    FloatVector even = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER, m), odd = FloatVector.zero(FLOATS);
    int r = 0;
    for (; r <= rows - 2; r += 2, x += 2 * step) {
      FloatVector d = FloatVector.fromMemorySegment(FLOATS, ALL, x, ORDER, m).sub(less);
      FloatVector e = FloatVector.fromMemorySegment(FLOATS, ALL, x + step, ORDER, m).sub(less);
      even = d.fma(d, even);
      odd = e.fma(e, odd);
    }
    if (r < rows) {
      FloatVector d = FloatVector.fromMemorySegment(FLOATS, ALL, x, ORDER, m).sub(less);
      even = d.fma(d, even);
    }
    even.add(odd).intoMemorySegment(ALL, out, ORDER, m);
  }

  /** out[c] = sum over the rows of dy (x - mean[c]), in an order fixed by the number of rows. */
  static void centredDots(long dy, long x, long mean, int rows, int channels, long out) {
    VectorReductions.fill(out, channels, 0f);
    long step = 4L * channels;
    for (int r = 0; r < rows; r += CHUNK) {
      int chunk = Math.min(CHUNK, rows - r);
      for (int i = 0; i < channels; i += LANES) {
        long o = r * step + 4L * i;
        addCentredDots(dy + o, x + o, mean + 4L * i, step, chunk, channels - i, out + 4L * i);
      }
    }
  }

  private static void addCentredDots(long dy, long x, long mean, long step, int rows, int lanes, long out) {
    VectorMask<Float> m = FLOATS.indexInRange(0, lanes);
    FloatVector less = FloatVector.fromMemorySegment(FLOATS, ALL, mean, ORDER, m);
    FloatVector even = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER, m), odd = FloatVector.zero(FLOATS);
    int r = 0;
    for (; r <= rows - 2; r += 2, x += 2 * step, dy += 2 * step) {
      FloatVector d = FloatVector.fromMemorySegment(FLOATS, ALL, x, ORDER, m).sub(less);
      FloatVector e = FloatVector.fromMemorySegment(FLOATS, ALL, x + step, ORDER, m).sub(less);
      even = d.fma(FloatVector.fromMemorySegment(FLOATS, ALL, dy, ORDER, m), even);
      odd = e.fma(FloatVector.fromMemorySegment(FLOATS, ALL, dy + step, ORDER, m), odd);
    }
    if (r < rows) {
      FloatVector d = FloatVector.fromMemorySegment(FLOATS, ALL, x, ORDER, m).sub(less);
      even = d.fma(FloatVector.fromMemorySegment(FLOATS, ALL, dy, ORDER, m), even);
    }
    even.add(odd).intoMemorySegment(ALL, out, ORDER, m);
  }

  /** y = (x - mean[c]) scale[c] + shift[c]; y may be x. */
  static void apply(long x, long mean, long scale, long shift, long y, int rows, int channels) {
    long step = 4L * channels;
    for (int r = 0; r < rows; r += CHUNK) {
      int chunk = Math.min(CHUNK, rows - r);
      for (int i = 0; i < channels; i += LANES) {
        long k = 4L * i, o = r * step + k;
        applyToLanes(x + o, mean + k, scale + k, shift + k, y + o, step, chunk, channels - i);
      }
    }
  }

  private static void applyToLanes(
      long x, long mean, long scale, long shift, long y, long step, int rows, int lanes) {
    VectorMask<Float> m = FLOATS.indexInRange(0, lanes);
    FloatVector less = FloatVector.fromMemorySegment(FLOATS, ALL, mean, ORDER, m);
    FloatVector times = FloatVector.fromMemorySegment(FLOATS, ALL, scale, ORDER, m);
    FloatVector plus = FloatVector.fromMemorySegment(FLOATS, ALL, shift, ORDER, m);
    for (int r = 0; r < rows; r++) {
      long o = r * step;
      FloatVector.fromMemorySegment(FLOATS, ALL, x + o, ORDER, m).sub(less).fma(times, plus)
          .intoMemorySegment(ALL, y + o, ORDER, m);
    }
  }

  /** dx = (x - mean[c]) b[c] + (dy a[c] + c[c]); dx may be dy or x. */
  static void backward(
      long dy, long x, long mean, long a, long b, long c, long dx, int rows, int channels) {
    long step = 4L * channels;
    for (int r = 0; r < rows; r += CHUNK) {
      int chunk = Math.min(CHUNK, rows - r);
      for (int i = 0; i < channels; i += LANES) {
        long k = 4L * i, o = r * step + k;
        backwardOfLanes(dy + o, x + o, mean + k, a + k, b + k, c + k, dx + o, step, chunk, channels - i);
      }
    }
  }

  private static void backwardOfLanes(
      long dy, long x, long mean, long a, long b, long c, long dx, long step, int rows, int lanes) {
    VectorMask<Float> m = FLOATS.indexInRange(0, lanes);
    FloatVector less = FloatVector.fromMemorySegment(FLOATS, ALL, mean, ORDER, m);
    FloatVector va = FloatVector.fromMemorySegment(FLOATS, ALL, a, ORDER, m);
    FloatVector vb = FloatVector.fromMemorySegment(FLOATS, ALL, b, ORDER, m);
    FloatVector vc = FloatVector.fromMemorySegment(FLOATS, ALL, c, ORDER, m);
    for (int r = 0; r < rows; r++) {
      long o = r * step;
      FloatVector.fromMemorySegment(FLOATS, ALL, x + o, ORDER, m).sub(less)
          .fma(vb, FloatVector.fromMemorySegment(FLOATS, ALL, dy + o, ORDER, m).fma(va, vc))
          .intoMemorySegment(ALL, dx + o, ORDER, m);
    }
  }

  /** out[c] = sum of the channel. */
  static void planeSums(long x, int n, int channels, int hw, int from, int to, long out) {
    for (int c = from; c < to; c++) {
      double sum = 0;
      for (int i = 0; i < n; i++) sum += VectorReductions.sum(x + 4L * hw * ((long) i * channels + c), hw);
      set(out + 4L * c, (float) sum);
    }
  }

  /** out[c] = sum of (x - mean[c])^2. */
  static void planeSquaredDeviations(long x, long mean, int n, int channels, int hw, int from, int to, long out) {
    for (int c = from; c < to; c++) {
      float average = get(mean + 4L * c);
      double sum = 0;
      for (int i = 0; i < n; i++)
        sum += VectorReductions.squaredDeviations(x + 4L * hw * ((long) i * channels + c), average, hw);
      set(out + 4L * c, (float) sum);
    }
  }

  /** out[c] = sum of dy (x - mean[c]). */
  static void planeCentredDots(
      long dy, long x, long mean, int n, int channels, int hw, int from, int to, long out) {
    for (int c = from; c < to; c++) {
      float average = get(mean + 4L * c);
      double sum = 0;
      for (int i = 0; i < n; i++) {
        long offset = 4L * hw * ((long) i * channels + c);
        sum += VectorReductions.centredDot(dy + offset, x + offset, average, hw);
      }
      set(out + 4L * c, (float) sum);
    }
  }

  /** y = (x - mean[c]) scale[c] + shift[c]; y may be x. */
  static void applyToPlanes(
      long x, long mean, long scale, long shift, long y, int n, int channels, int hw, int from, int to) {
    for (int i = 0; i < n; i++) {
      for (int c = from; c < to; c++) {
        long offset = 4L * hw * ((long) i * channels + c), k = 4L * c;
        VectorNorm.standardise(x + offset, get(mean + k), get(scale + k), get(shift + k), y + offset, hw);
      }
    }
  }

  /** dx = (x - mean[c]) b[c] + (dy a[c] + c[c]); dx may be dy or x. */
  static void backwardOfPlanes(
      long dy, long x, long mean, long a, long b, long c, long dx, int n, int channels, int hw, int from, int to) {
    for (int i = 0; i < n; i++) {
      for (int channel = from; channel < to; channel++) {
        long o = 4L * hw * ((long) i * channels + channel), k = 4L * channel;
        VectorNorm.combine(dy + o, x + o, get(a + k), get(mean + k), get(b + k), get(c + k), dx + o, hw);
      }
    }
  }
}

package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.VectorMemory.ALL;
import static io.ktrain.backend.cpu.VectorMemory.FLOATS;
import static io.ktrain.backend.cpu.VectorMemory.INTS;
import static io.ktrain.backend.cpu.VectorMemory.LANES;
import static io.ktrain.backend.cpu.VectorMemory.ORDER;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.NE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * Max pooling of f32 pictures whose memory is channels-last, a vector of channels at a time: the largest of each window
 * and its place (row * width + column, i32). One picture a call.
 */
final class VectorPooling {
  private VectorPooling() {}

  /** The rows top until bottom and columns left until right of a window that lie inside the picture. */
  private static int clamp(int at, int size) {
    return Math.max(0, Math.min(size, at));
  }

  static void max(PoolShape s, long x, long y, long places) {
    int oh = s.outH(), ow = s.outW();
    for (int r = 0; r < oh; r++) {
      int top = clamp(r * s.sh() - s.ph(), s.h()), bottom = clamp(r * s.sh() - s.ph() + s.kh(), s.h());
      for (int q = 0; q < ow; q++) {
        int left = clamp(q * s.sw() - s.pw(), s.w()), right = clamp(q * s.sw() - s.pw() + s.kw(), s.w());
        long out = 4L * (r * ow + q) * s.c();
        int whole = FLOATS.loopBound(s.c());
        window(x, s.c(), whole, s.w(), top, bottom, left, right, y + out, places + out);
        if (whole < s.c()) edge(x + 4L * whole, 4L * s.c(), s.w(), top, bottom, left, right, y + out + 4L * whole, places + out + 4L * whole, s.c() - whole);
      }
    }
  }

  /** Places travel in float vectors, as bits: a mask then never changes its type, which would cost as much as the rest. */
  private static void window(long x, int channels, int whole, int width, int top, int bottom, int left, int right, long y, long place) {
    long pixel = 4L * channels;
    for (int c = 0; c < whole; c += LANES) {
      long from = x + 4L * c;
      FloatVector best = FloatVector.fromMemorySegment(FLOATS, ALL, from + pixel * (top * width + left), ORDER);
      FloatVector at = FloatVector.broadcast(FLOATS, Float.intBitsToFloat(top * width + left));
      for (int p = top; p < bottom; p++)
        for (int q = left; q < right; q++) {
          int here = p * width + q;
          FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, from + pixel * here, ORDER);
          // NaN wins over everything, as in PyTorch.
          VectorMask<Float> wins = v.compare(GT, best).or(v.compare(NE, v));
          best = best.blend(v, wins);
          at = at.blend(FloatVector.broadcast(FLOATS, Float.intBitsToFloat(here)), wins);
        }
      best.intoMemorySegment(ALL, y + 4L * c, ORDER);
      at.intoMemorySegment(ALL, place + 4L * c, ORDER);
    }
  }

  private static void edge(long x, long pixel, int width, int top, int bottom, int left, int right, long y, long place, int lanes) {
    VectorMask<Float> m = FLOATS.indexInRange(0, lanes);
    FloatVector best = FloatVector.fromMemorySegment(FLOATS, ALL, x + pixel * (top * width + left), ORDER, m);
    FloatVector at = FloatVector.broadcast(FLOATS, Float.intBitsToFloat(top * width + left));
    for (int p = top; p < bottom; p++)
      for (int q = left; q < right; q++) {
        int here = p * width + q;
        FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + pixel * here, ORDER, m);
        VectorMask<Float> wins = v.compare(GT, best).or(v.compare(NE, v));
        best = best.blend(v, wins);
        at = at.blend(FloatVector.broadcast(FLOATS, Float.intBitsToFloat(here)), wins);
      }
    best.intoMemorySegment(ALL, y, ORDER, m);
    at.intoMemorySegment(ALL, place, ORDER, m);
  }

  /** The gradient of x from that of y and the places; overwrites dx. */
  static void unpool(PoolShape s, long dy, long places, long dx) {
    int oh = s.outH(), ow = s.outW();
    boolean apart = s.sh() >= s.kh() && s.sw() >= s.kw() && s.ph() == 0 && s.pw() == 0;
    boolean covered = apart && s.sh() == s.kh() && s.sw() == s.kw() && oh * s.kh() == s.h() && ow * s.kw() == s.w();
    if (!covered) VectorReductions.fill(dx, Math.toIntExact(s.inSize()), 0f);
    for (int r = 0; r < oh; r++) {
      int top = clamp(r * s.sh() - s.ph(), s.h()), bottom = clamp(r * s.sh() - s.ph() + s.kh(), s.h());
      for (int q = 0; q < ow; q++) {
        int left = clamp(q * s.sw() - s.pw(), s.w()), right = clamp(q * s.sw() - s.pw() + s.kw(), s.w());
        long out = 4L * (r * ow + q) * s.c();
        if (apart) place(dx, s.c(), s.w(), top, bottom, left, right, dy + out, places + out);
        else
          for (int c = 0; c < s.c(); c += LANES)
            add(dx + 4L * c, 4L * s.c(), s.w(), top, bottom, left, right, dy + out + 4L * c, places + out + 4L * c, s.c() - c);
      }
    }
  }

  /** Windows that do not overlap: each element is written once, as bits. */
  private static void place(long dx, int channels, int width, int top, int bottom, int left, int right, long dy, long place) {
    long pixel = 4L * channels;
    int whole = INTS.loopBound(channels);
    for (int p = top; p < bottom; p++)
      for (int q = left; q < right; q++) {
        int here = p * width + q;
        long to = dx + pixel * here;
        for (int c = 0; c < whole; c += LANES) {
          IntVector at = IntVector.fromMemorySegment(INTS, ALL, place + 4L * c, ORDER);
          IntVector.zero(INTS).blend(IntVector.fromMemorySegment(INTS, ALL, dy + 4L * c, ORDER), at.compare(EQ, here)).intoMemorySegment(ALL, to + 4L * c, ORDER);
        }
        if (whole < channels) {
          VectorMask<Integer> m = INTS.indexInRange(whole, channels);
          IntVector at = IntVector.fromMemorySegment(INTS, ALL, place + 4L * whole, ORDER, m);
          IntVector.zero(INTS).blend(IntVector.fromMemorySegment(INTS, ALL, dy + 4L * whole, ORDER, m), at.compare(EQ, here)).intoMemorySegment(ALL, to + 4L * whole, ORDER, m);
        }
      }
  }

  private static void add(long dx, long pixel, int width, int top, int bottom, int left, int right, long dy, long place, int lanes) {
    VectorMask<Float> m = FLOATS.indexInRange(0, lanes);
    FloatVector g = FloatVector.fromMemorySegment(FLOATS, ALL, dy, ORDER, m);
    IntVector at = IntVector.fromMemorySegment(INTS, ALL, place, ORDER, m.cast(INTS));
    for (int p = top; p < bottom; p++)
      for (int q = left; q < right; q++) {
        VectorMask<Float> here = at.compare(EQ, p * width + q).cast(FLOATS).and(m);
        long to = dx + pixel * (p * width + q);
        FloatVector.fromMemorySegment(FLOATS, ALL, to, ORDER, here).add(g).intoMemorySegment(ALL, to, ORDER, here);
      }
  }
}

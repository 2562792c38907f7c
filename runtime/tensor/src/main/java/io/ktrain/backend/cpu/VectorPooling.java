package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.VectorMemory.ALL;
import static io.ktrain.backend.cpu.VectorMemory.FLOATS;
import static io.ktrain.backend.cpu.VectorMemory.INTS;
import static io.ktrain.backend.cpu.VectorMemory.LANES;
import static io.ktrain.backend.cpu.VectorMemory.ORDER;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.LE;

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
        for (int c = 0; c < s.c(); c += LANES)
          window(x + 4L * c, 4L * s.c(), s.w(), top, bottom, left, right, y + out + 4L * c, places + out + 4L * c, s.c() - c);
      }
    }
  }

  private static void window(long x, long pixel, int width, int top, int bottom, int left, int right, long y, long place, int lanes) {
    VectorMask<Float> m = FLOATS.indexInRange(0, lanes);
    FloatVector best = FloatVector.fromMemorySegment(FLOATS, ALL, x + pixel * (top * width + left), ORDER, m);
    IntVector at = IntVector.broadcast(INTS, top * width + left);
    for (int p = top; p < bottom; p++)
      for (int q = left; q < right; q++) {
        int here = p * width + q;
        FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, x + pixel * here, ORDER, m);
        // Not "greater": NaN wins over everything, as in PyTorch.
        VectorMask<Float> wins = v.compare(LE, best).not();
        best = best.blend(v, wins);
        at = at.blend(here, wins.cast(INTS));
      }
    best.intoMemorySegment(ALL, y, ORDER, m);
    at.intoMemorySegment(ALL, place, ORDER, m.cast(INTS));
  }

  /** The gradient of x from that of y and the places; overwrites dx. */
  static void unpool(PoolShape s, long dy, long places, long dx) {
    int oh = s.outH(), ow = s.outW();
    VectorReductions.fill(dx, Math.toIntExact(s.inSize()), 0f);
    for (int r = 0; r < oh; r++) {
      int top = clamp(r * s.sh() - s.ph(), s.h()), bottom = clamp(r * s.sh() - s.ph() + s.kh(), s.h());
      for (int q = 0; q < ow; q++) {
        int left = clamp(q * s.sw() - s.pw(), s.w()), right = clamp(q * s.sw() - s.pw() + s.kw(), s.w());
        long out = 4L * (r * ow + q) * s.c();
        for (int c = 0; c < s.c(); c += LANES)
          spread(dx + 4L * c, 4L * s.c(), s.w(), top, bottom, left, right, dy + out + 4L * c, places + out + 4L * c, s.c() - c);
      }
    }
  }

  private static void spread(long dx, long pixel, int width, int top, int bottom, int left, int right, long dy, long place, int lanes) {
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

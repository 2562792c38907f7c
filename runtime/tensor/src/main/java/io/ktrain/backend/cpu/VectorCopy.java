package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.VectorMemory.ALL;
import static io.ktrain.backend.cpu.VectorMemory.FLOATS;
import static io.ktrain.backend.cpu.VectorMemory.LANES;
import static io.ktrain.backend.cpu.VectorMemory.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Copies f32 blocks out of strided memory. A transposition goes by squares of one vector's side: loaded as rows, then
 * each pair of rows whose numbers differ in one bit exchanges the lanes that differ in that bit, for every bit.
 */
final class VectorCopy {
  private static final int SIDE = LANES;
  private static final VectorShuffle<Float> SWAP_1 = swap(1), SWAP_2 = swap(2), SWAP_4 = swap(4), SWAP_8 = swap(8);
  private static final VectorMask<Float> BIT_1 = bit(1), BIT_2 = bit(2), BIT_4 = bit(4), BIT_8 = bit(8);

  private static final VectorScratch SCRATCH = new VectorScratch();

  private VectorCopy() {}

  private static VectorShuffle<Float> swap(int by) {
    return VectorShuffle.fromOp(FLOATS, i -> (i ^ by) % LANES);
  }

  private static VectorMask<Float> bit(int bit) {
    long lanes = 0;
    for (int i = 0; i < LANES; i++) if ((i & bit) != 0) lanes |= 1L << i;
    return VectorMask.fromLong(FLOATS, lanes);
  }

  /**
   * dst[r][c] = src[r rowStride + c colStride] for r below rows and c below cols; the two must not overlap. Quick where
   * one of the strides is 1.
   *
   * @param dst rows of consecutive elements
   * @param dstStride elements from one row of dst to the next
   */
  static void copy(long src, long rowStride, long colStride, long dst, long dstStride, int rows, int cols) {
    if (colStride == 1) {
      boolean whole = rowStride == cols && dstStride == cols;
      if (whole) copyRow(src, dst, (long) rows * cols);
      else for (int r = 0; r < rows; r++) copyRow(src + 4 * r * rowStride, dst + 4 * r * dstStride, cols);
    } else if (rowStride == 1) {
      transpose(src, colStride, dst, dstStride, rows, cols);
    } else {
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++)
          VectorMemory.set(dst + 4 * (r * dstStride + c), VectorMemory.get(src + 4 * (r * rowStride + c * colStride)));
      }
    }
  }

  private static void copyRow(long src, long dst, long n) {
    if (n >= 1024) {
      MemorySegment.copy(ALL, src, ALL, dst, 4 * n);
      return;
    }
    int i = 0, end = FLOATS.loopBound((int) n);
    for (; i < end; i += LANES)
      FloatVector.fromMemorySegment(FLOATS, ALL, src + 4L * i, ORDER).intoMemorySegment(ALL, dst + 4L * i, ORDER);
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector.fromMemorySegment(FLOATS, ALL, src + 4L * i, ORDER, m)
          .intoMemorySegment(ALL, dst + 4L * i, ORDER, m);
    }
  }

  /** dst[r][c] = src[c][r]: rows and cols are those of dst, the strides elements from row to row. */
  static void transpose(long src, long srcStride, long dst, long dstStride, int rows, int cols) {
    long from = 4 * srcStride, to = 4 * dstStride;
    for (int r = 0; r < rows; r += SIDE) {
      int height = Math.min(SIDE, rows - r);
      for (int c = 0; c < cols; c += SIDE) {
        int width = Math.min(SIDE, cols - c);
        long s = src + c * from + 4L * r, d = dst + r * to + 4L * c;
        if (height == SIDE && width == SIDE) square(s, from, d, to);
        else part(s, from, d, to, height, width);
      }
    }
  }

  /**
   * By way of a whole square in the scratch space, of which rows and lanes past the edge are neither read nor written.
   */
  private static void part(long src, long from, long dst, long to, int height, int width) {
    long square = SCRATCH.address(4L * SIDE * SIDE), step = 4L * SIDE;
    VectorMask<Float> m = FLOATS.indexInRange(0, height);
    for (int i = 0; i < width; i++) {
      FloatVector.fromMemorySegment(FLOATS, ALL, src + i * from, ORDER, m)
          .intoMemorySegment(ALL, square + i * step, ORDER);
    }
    square(square, step, square, step);
    m = FLOATS.indexInRange(0, width);
    for (int i = 0; i < height; i++) {
      FloatVector.fromMemorySegment(FLOATS, ALL, square + i * step, ORDER)
          .intoMemorySegment(ALL, dst + i * to, ORDER, m);
    }
  }

  /** The first two bits on the way from src to dst, the others in dst, which stays in the nearest cache. */
  private static void square(long src, long from, long dst, long to) {
    for (int i = 0; i < SIDE; i += 4) lowBits(src + i * from, from, dst + i * to, to);
    if (SIDE == 8) for (int i = 0; i < 4; i++) bitOfFour(dst + i * to, 4 * to);
    if (SIDE == 16) for (int i = 0; i < 4; i++) highBits(dst + i * to, 4 * to);
  }

  private static void lowBits(long src, long from, long dst, long to) {
    FloatVector a = FloatVector.fromMemorySegment(FLOATS, ALL, src, ORDER);
    FloatVector b = FloatVector.fromMemorySegment(FLOATS, ALL, src + from, ORDER);
    FloatVector c = FloatVector.fromMemorySegment(FLOATS, ALL, src + 2 * from, ORDER);
    FloatVector d = FloatVector.fromMemorySegment(FLOATS, ALL, src + 3 * from, ORDER);
    FloatVector p = a.blend(b.rearrange(SWAP_1), BIT_1), q = a.rearrange(SWAP_1).blend(b, BIT_1);
    FloatVector r = c.blend(d.rearrange(SWAP_1), BIT_1), s = c.rearrange(SWAP_1).blend(d, BIT_1);
    p.blend(r.rearrange(SWAP_2), BIT_2).intoMemorySegment(ALL, dst, ORDER);
    q.blend(s.rearrange(SWAP_2), BIT_2).intoMemorySegment(ALL, dst + to, ORDER);
    p.rearrange(SWAP_2).blend(r, BIT_2).intoMemorySegment(ALL, dst + 2 * to, ORDER);
    q.rearrange(SWAP_2).blend(s, BIT_2).intoMemorySegment(ALL, dst + 3 * to, ORDER);
  }

  private static void highBits(long dst, long to) {
    FloatVector a = FloatVector.fromMemorySegment(FLOATS, ALL, dst, ORDER);
    FloatVector b = FloatVector.fromMemorySegment(FLOATS, ALL, dst + to, ORDER);
    FloatVector c = FloatVector.fromMemorySegment(FLOATS, ALL, dst + 2 * to, ORDER);
    FloatVector d = FloatVector.fromMemorySegment(FLOATS, ALL, dst + 3 * to, ORDER);
    FloatVector p = a.blend(b.rearrange(SWAP_4), BIT_4), q = a.rearrange(SWAP_4).blend(b, BIT_4);
    FloatVector r = c.blend(d.rearrange(SWAP_4), BIT_4), s = c.rearrange(SWAP_4).blend(d, BIT_4);
    p.blend(r.rearrange(SWAP_8), BIT_8).intoMemorySegment(ALL, dst, ORDER);
    q.blend(s.rearrange(SWAP_8), BIT_8).intoMemorySegment(ALL, dst + to, ORDER);
    p.rearrange(SWAP_8).blend(r, BIT_8).intoMemorySegment(ALL, dst + 2 * to, ORDER);
    q.rearrange(SWAP_8).blend(s, BIT_8).intoMemorySegment(ALL, dst + 3 * to, ORDER);
  }

  private static void bitOfFour(long dst, long to) {
    FloatVector a = FloatVector.fromMemorySegment(FLOATS, ALL, dst, ORDER);
    FloatVector b = FloatVector.fromMemorySegment(FLOATS, ALL, dst + to, ORDER);
    a.blend(b.rearrange(SWAP_4), BIT_4).intoMemorySegment(ALL, dst, ORDER);
    a.rearrange(SWAP_4).blend(b, BIT_4).intoMemorySegment(ALL, dst + to, ORDER);
  }
}

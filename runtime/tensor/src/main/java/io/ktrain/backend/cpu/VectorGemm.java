package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.VectorMemory.ALL;
import static io.ktrain.backend.cpu.VectorMemory.FLOAT;
import static io.ktrain.backend.cpu.VectorMemory.FLOATS;
import static io.ktrain.backend.cpu.VectorMemory.LANES;
import static io.ktrain.backend.cpu.VectorMemory.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * f32 matrix multiplication where there is no native library: panels of op(A) and op(B) are packed, and a kernel of
 * {@link #HEIGHT} rows by two vectors keeps its tile of C in registers. An element of C is summed over k in order, in
 * blocks of a fixed depth, so its bits do not depend on where it lies: a caller cuts C into tiles as it likes.
 */
final class VectorGemm {
  /** Rows of the register tile: with 2 x 6 accumulators it fits 16 vector registers, and wastes little at 64 rows. */
  private static final int HEIGHT = 6;
  private static final int WIDTH = 2 * LANES;
  private static final int DEPTH = 256;
  /** Rows of A and columns of B packed at a time: 120 KB and 512 KB at the full depth, for the second-level cache. */
  private static final int ROWS = 20 * HEIGHT;
  private static final int COLS = 512;
  private static final VectorScratch SCRATCH = new VectorScratch();

  private VectorGemm() {}

  /**
   * C = alpha op(A) op(B) + beta C, row-major: op(A) [m, k], op(B) [k, n], C [m, n]. C is not read where beta is 0.
   *
   * @param transA whether A is stored [k, m]
   * @param transB whether B is stored [n, k]
   * @param lda elements from one stored row of A to the next; ldb and ldc likewise
   */
  static void sgemm(boolean transA, boolean transB, int m, int n, int k, float alpha, long a, long lda, long b,
      long ldb, float beta, long c, long ldc) {
    long tile = SCRATCH.address(4L * (HEIGHT * WIDTH + ROWS * DEPTH + COLS * DEPTH));
    long packedA = tile + 4L * HEIGHT * WIDTH, packedB = packedA + 4L * ROWS * DEPTH;
    if (k == 0) scale(m, n, beta, c, ldc);
    for (int p = 0; p < k; p += DEPTH) {
      int depth = Math.min(DEPTH, k - p);
      float keep = p == 0 ? beta : 1f;
      for (int j = 0; j < n; j += COLS) {
        int cols = Math.min(COLS, n - j);
        // few rows do not repay the packing of B, unless it has to be transposed or filled up
        int direct = !transB && m <= 4 * HEIGHT ? cols / WIDTH : 0;
        long blockB = b + 4 * (transB ? j * ldb + p : p * ldb + j);
        packB(transB, blockB, ldb, depth, direct, cols, packedB);
        for (int i = 0; i < m; i += ROWS) {
          int rows = Math.min(ROWS, m - i);
          packA(transA, a + 4 * (transA ? p * lda + i : i * lda + p), lda, depth, rows, packedA);
          for (int q = 0; q < cols; q += WIDTH) {
            boolean packed = q / WIDTH >= direct;
            long panelB = packed ? packedB + 4L * q * depth : blockB + 4L * q;
            long bStep = packed ? 4L * WIDTH : 4 * ldb;
            for (int r = 0; r < rows; r += HEIGHT) {
              multiply(packedA + 4L * r * depth, panelB, bStep, depth, tile);
              merge(tile, alpha, keep, c + 4 * ((i + r) * ldc + j + q), ldc, Math.min(HEIGHT, rows - r), cols - q);
            }
          }
        }
      }
    }
  }

  /** Panels of HEIGHT rows, each [depth, HEIGHT], the last filled up with zeros. */
  private static void packA(boolean trans, long a, long lda, int depth, int rows, long packed) {
    for (int r = 0; r < rows; r += HEIGHT, packed += 4L * HEIGHT * depth) {
      int height = Math.min(HEIGHT, rows - r);
      if (height < HEIGHT) VectorReductions.fill(packed, HEIGHT * depth, 0f);
      if (trans) VectorCopy.copy(a + 4L * r, lda, 1, packed, HEIGHT, depth, height);
      else VectorCopy.transpose(a + 4 * r * lda, lda, packed, HEIGHT, depth, height);
    }
  }

  /** Panels of WIDTH columns, each [depth, WIDTH], from panel {@code first} on, the last filled up with zeros. */
  private static void packB(boolean trans, long b, long ldb, int depth, int first, int cols, long packed) {
    for (int q = first * WIDTH; q < cols; q += WIDTH) {
      int width = Math.min(WIDTH, cols - q);
      long panel = packed + 4L * q * depth;
      if (width < WIDTH) VectorReductions.fill(panel, WIDTH * depth, 0f);
      if (trans) VectorCopy.transpose(b + 4 * q * ldb, ldb, panel, WIDTH, depth, width);
      else VectorCopy.copy(b + 4L * q, ldb, 1, panel, WIDTH, depth, width);
    }
  }

  /** C = alpha tile + keep C, for the part of the tile that lies inside C. */
  private static void merge(long tile, float alpha, float keep, long c, long ldc, int rows, int cols) {
    FloatVector times = FloatVector.broadcast(FLOATS, alpha), kept = FloatVector.broadcast(FLOATS, keep);
    for (int half = 0; half < WIDTH && half < cols; half += LANES) {
      VectorMask<Float> m = FLOATS.indexInRange(half, cols);
      long from = tile + 4L * half, to = c + 4L * half;
      if (keep == 0f) {
        for (int r = 0; r < rows; r++, from += 4L * WIDTH, to += 4 * ldc) {
          FloatVector.fromMemorySegment(FLOATS, ALL, from, ORDER).mul(times).intoMemorySegment(ALL, to, ORDER, m);
        }
      } else {
        for (int r = 0; r < rows; r++, from += 4L * WIDTH, to += 4 * ldc) {
          FloatVector.fromMemorySegment(FLOATS, ALL, from, ORDER)
              .fma(times, FloatVector.fromMemorySegment(FLOATS, ALL, to, ORDER, m).mul(kept))
              .intoMemorySegment(ALL, to, ORDER, m);
        }
      }
    }
  }

  private static void scale(int m, int n, float beta, long c, long ldc) {
    for (int r = 0; r < m; r++) {
      long row = c + 4 * r * ldc;
      if (beta == 0f) VectorReductions.fill(row, n, 0f);
      else VectorNorm.standardise(row, 0f, beta, 0f, row, n);
    }
  }

  /** The tile [HEIGHT, WIDTH] = a panel of A by a panel of B, whose rows are bStep bytes apart. */
  private static void multiply(long a, long b, long bStep, int depth, long tile) {
    FloatVector l0 = FloatVector.zero(FLOATS), r0 = l0;
    FloatVector l1 = FloatVector.zero(FLOATS), r1 = l1;
    FloatVector l2 = FloatVector.zero(FLOATS), r2 = l2;
    FloatVector l3 = FloatVector.zero(FLOATS), r3 = l3;
    FloatVector l4 = FloatVector.zero(FLOATS), r4 = l4;
    FloatVector l5 = FloatVector.zero(FLOATS), r5 = l5;
    for (int k = 0; k < depth; k++, a += 24L, b += bStep) {
      FloatVector left = FloatVector.fromMemorySegment(FLOATS, ALL, b, ORDER);
      FloatVector right = FloatVector.fromMemorySegment(FLOATS, ALL, b + 4L * LANES, ORDER);
      FloatVector v = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, a));
      l0 = v.fma(left, l0);
      r0 = v.fma(right, r0);
      v = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, a + 4));
      l1 = v.fma(left, l1);
      r1 = v.fma(right, r1);
      v = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, a + 8));
      l2 = v.fma(left, l2);
      r2 = v.fma(right, r2);
      v = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, a + 12));
      l3 = v.fma(left, l3);
      r3 = v.fma(right, r3);
      v = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, a + 16));
      l4 = v.fma(left, l4);
      r4 = v.fma(right, r4);
      v = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, a + 20));
      l5 = v.fma(left, l5);
      r5 = v.fma(right, r5);
    }
    l0.intoMemorySegment(ALL, tile + 0L * LANES, ORDER);
    r0.intoMemorySegment(ALL, tile + 4L * LANES, ORDER);
    l1.intoMemorySegment(ALL, tile + 8L * LANES, ORDER);
    r1.intoMemorySegment(ALL, tile + 12L * LANES, ORDER);
    l2.intoMemorySegment(ALL, tile + 16L * LANES, ORDER);
    r2.intoMemorySegment(ALL, tile + 20L * LANES, ORDER);
    l3.intoMemorySegment(ALL, tile + 24L * LANES, ORDER);
    r3.intoMemorySegment(ALL, tile + 28L * LANES, ORDER);
    l4.intoMemorySegment(ALL, tile + 32L * LANES, ORDER);
    r4.intoMemorySegment(ALL, tile + 36L * LANES, ORDER);
    l5.intoMemorySegment(ALL, tile + 40L * LANES, ORDER);
    r5.intoMemorySegment(ALL, tile + 44L * LANES, ORDER);
  }
}

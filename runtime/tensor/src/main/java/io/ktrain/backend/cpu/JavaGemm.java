package io.ktrain.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * Matrix product in plain Java, a 4x4 block of C in registers: 8 to 11 GFLOP/s. As fast as a native call for the
 * tiniest products, which then need no native library at all; for the rest it is the fallback.
 */
final class JavaGemm {
  /** Every address is a valid offset into this segment; nothing is checked. */
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private JavaGemm() {}

  /** {@code C = alpha * op(A) op(B) + beta * C}, row-major; C is not read when beta is 0. On the calling thread. */
  static void sgemm(boolean transA, boolean transB, int m, int n, int k, float alpha, long a, int lda, long b, int ldb,
      float beta, long c, int ldc) {
    long rowA = 4L * (transA ? 1 : lda);
    long stepA = 4L * (transA ? lda : 1);
    long stepB = 4L * (transB ? 1 : ldb);
    long colB = 4L * (transB ? ldb : 1);
    long rowC = 4L * ldc;
    int i = 0;
    for (; i + 4 <= m; i += 4) {
      int j = 0;
      for (; j + 4 <= n; j += 4)
        block(k, alpha, a + i * rowA, rowA, stepA, b + j * colB, colB, stepB, beta, c + i * rowC + 4L * j, rowC);
      for (; j < n; j++)
        line(k, alpha, a + i * rowA, rowA, stepA, b + j * colB, stepB, beta, c + i * rowC + 4L * j, rowC);
    }
    for (; i < m; i++) {
      int j = 0;
      for (; j + 4 <= n; j += 4)
        line(k, alpha, b + j * colB, colB, stepB, a + i * rowA, stepA, beta, c + i * rowC + 4L * j, 4);
      for (; j < n; j++) one(k, alpha, a + i * rowA, stepA, b + j * colB, stepB, beta, c + i * rowC + 4L * j);
    }
  }

  private static void block(int k, float alpha, long a, long rowA, long stepA, long b, long colB, long stepB,
      float beta, long c, long rowC) {
    float s00 = 0, s01 = 0, s02 = 0, s03 = 0;
    float s10 = 0, s11 = 0, s12 = 0, s13 = 0;
    float s20 = 0, s21 = 0, s22 = 0, s23 = 0;
    float s30 = 0, s31 = 0, s32 = 0, s33 = 0;
    for (int p = 0; p < k; p++) {
      float x0 = ALL.get(JAVA_FLOAT, a);
      float x1 = ALL.get(JAVA_FLOAT, a + rowA);
      float x2 = ALL.get(JAVA_FLOAT, a + 2 * rowA);
      float x3 = ALL.get(JAVA_FLOAT, a + 3 * rowA);
      float y = ALL.get(JAVA_FLOAT, b);
      s00 = Math.fma(x0, y, s00);
      s10 = Math.fma(x1, y, s10);
      s20 = Math.fma(x2, y, s20);
      s30 = Math.fma(x3, y, s30);
      y = ALL.get(JAVA_FLOAT, b + colB);
      s01 = Math.fma(x0, y, s01);
      s11 = Math.fma(x1, y, s11);
      s21 = Math.fma(x2, y, s21);
      s31 = Math.fma(x3, y, s31);
      y = ALL.get(JAVA_FLOAT, b + 2 * colB);
      s02 = Math.fma(x0, y, s02);
      s12 = Math.fma(x1, y, s12);
      s22 = Math.fma(x2, y, s22);
      s32 = Math.fma(x3, y, s32);
      y = ALL.get(JAVA_FLOAT, b + 3 * colB);
      s03 = Math.fma(x0, y, s03);
      s13 = Math.fma(x1, y, s13);
      s23 = Math.fma(x2, y, s23);
      s33 = Math.fma(x3, y, s33);
      a += stepA;
      b += stepB;
    }
    put4(alpha, s00, s01, s02, s03, beta, c, 4);
    put4(alpha, s10, s11, s12, s13, beta, c + rowC, 4);
    put4(alpha, s20, s21, s22, s23, beta, c + 2 * rowC, 4);
    put4(alpha, s30, s31, s32, s33, beta, c + 3 * rowC, 4);
  }

  /** Four rows of A against one column of B, or, with the names exchanged, one row of A against four columns of B. */
  private static void line(int k, float alpha, long a, long rowA, long stepA, long b, long stepB, float beta, long c,
      long stepC) {
    float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int p = 0; p < k; p++) {
      float y = ALL.get(JAVA_FLOAT, b);
      s0 = Math.fma(ALL.get(JAVA_FLOAT, a), y, s0);
      s1 = Math.fma(ALL.get(JAVA_FLOAT, a + rowA), y, s1);
      s2 = Math.fma(ALL.get(JAVA_FLOAT, a + 2 * rowA), y, s2);
      s3 = Math.fma(ALL.get(JAVA_FLOAT, a + 3 * rowA), y, s3);
      a += stepA;
      b += stepB;
    }
    put4(alpha, s0, s1, s2, s3, beta, c, stepC);
  }

  private static void one(int k, float alpha, long a, long stepA, long b, long stepB, float beta, long c) {
    float s = 0;
    for (int p = 0; p < k; p++) {
      s = Math.fma(ALL.get(JAVA_FLOAT, a), ALL.get(JAVA_FLOAT, b), s);
      a += stepA;
      b += stepB;
    }
    put(alpha, s, beta, c);
  }

  private static void put4(float alpha, float s0, float s1, float s2, float s3, float beta, long c, long stepC) {
    put(alpha, s0, beta, c);
    put(alpha, s1, beta, c + stepC);
    put(alpha, s2, beta, c + 2 * stepC);
    put(alpha, s3, beta, c + 3 * stepC);
  }

  private static void put(float alpha, float sum, float beta, long c) {
    ALL.set(JAVA_FLOAT, c, beta == 0 ? alpha * sum : alpha * sum + beta * ALL.get(JAVA_FLOAT, c));
  }
}

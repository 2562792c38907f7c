package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Against sums in double: an error of at most 1e-6 of the sum of magnitudes. */
final class VectorGemmTest {
  private static final int[] SIZES = {1, 5, 6, 7, 17, 32, 33, 64};

  private static void check(boolean transA, boolean transB, int m, int n, int k, float alpha, float beta, int pad) {
    int lda = (transA ? m : k) + pad, ldb = (transB ? k : n) + pad, ldc = n + pad;
    NativeFloats a = NativeFloats.random((transA ? k : m) * lda, 1), b = NativeFloats.random((transB ? n : k) * ldb, 2);
    var c = NativeFloats.random(m * ldc, 3);
    if (beta == 0f) VectorReductions.fill(c.address, c.length, Float.NaN);
    float[] before = c.toArray();
    VectorGemm.sgemm(transA, transB, m, n, k, alpha, a.address, lda, b.address, ldb, beta, c.address, ldc);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < ldc; j++) {
        if (j >= n) {
          assertEquals(before[i * ldc + j], c.get(i * ldc + j), "past a row of C");
          continue;
        }
        double sum = 0, magnitude = 0;
        for (int p = 0; p < k; p++) {
          double x = a.get(transA ? p * lda + i : i * lda + p), y = b.get(transB ? j * ldb + p : p * ldb + j);
          sum += x * y;
          magnitude += Math.abs(x * y);
        }
        double kept = beta == 0f ? 0 : beta * before[i * ldc + j];
        NativeFloats.assertClose(alpha * sum + kept, c.get(i * ldc + j),
            1e-6 * (Math.abs(alpha) * magnitude + Math.abs(kept)), 0,
            m + "x" + n + "x" + k + (transA ? " A'" : "") + (transB ? " B'" : "") + " at " + i + ", " + j);
      }
    }
    c.assertGuardsIntact();
  }

  @Test
  void allSmallSizes() {
    for (int m : SIZES) {
      for (int n : SIZES) {
        for (int k : SIZES) {
          int form = m + n + k;
          check((form & 1) != 0, (form & 2) != 0, m, n, k, 1f, 0f, 0);
        }
      }
    }
  }

  @Test
  void formsStridesAndFactors() {
    for (int form = 0; form < 4; form++) {
      boolean transA = (form & 1) != 0, transB = (form & 2) != 0;
      check(transA, transB, 19, 45, 70, 0.5f, 0f, 3);
      check(transA, transB, 19, 45, 70, -2f, 1f, 5);
      check(transA, transB, 30, 45, 70, 1f, 0.25f, 1);
      check(transA, transB, 130, 540, 300, 1f, 0.5f, 2);
      check(transA, transB, 5, 9, 0, 1f, 0.5f, 1);
      check(transA, transB, 5, 9, 0, 1f, 0f, 1);
      check(transA, transB, 0, 9, 4, 1f, 0f, 0);
      check(transA, transB, 9, 0, 4, 1f, 0f, 0);
    }
  }

  @Test
  void tilesGiveTheSameBits() {
    int m = 100, n = 90, k = 300;
    NativeFloats a = NativeFloats.random(m * k, 1), b = NativeFloats.random(k * n, 2);
    NativeFloats whole = new NativeFloats(m * n), tiles = new NativeFloats(m * n);
    VectorGemm.sgemm(false, false, m, n, k, 1f, a.address, k, b.address, n, 0f, whole.address, n);
    for (int i = 0; i < m; i += 37) {
      for (int j = 0; j < n; j += 41) {
        VectorGemm.sgemm(false, false, Math.min(37, m - i), Math.min(41, n - j), k, 1f, a.address + 4L * i * k, k,
            b.address + 4L * j, n, 0f, tiles.address + 4L * (i * n + j), n);
      }
    }
    for (int i = 0; i < m * n; i++) assertEquals(whole.get(i), tiles.get(i));
  }
}

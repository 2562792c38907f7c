package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class NativeGemmTest {
  private static final int[] SIZES = {1, 3, 17, 65};

  @Test
  void oddShapesTransposesAndFactors() {
    Floats.needsLibrary();
    for (int m : SIZES)
      for (int n : SIZES)
        for (int k : SIZES)
          for (int flags = 0; flags < 4; flags++)
            check(m, n, k, (flags & 1) != 0, (flags & 2) != 0, 0, flags % 2 == 0 ? 1f : -0.5f, flags < 2 ? 0f : 2f);
  }

  @Test
  void shapesThatAreCutIntoTiles() {
    Floats.needsLibrary();
    int[][] shapes = {{64, 512, 784}, {64, 784, 512}, {257, 300, 65}, {128, 128, 128}, {1000, 130, 70}, {33, 129, 513}};
    for (int[] s : shapes)
      for (int flags = 0; flags < 4; flags++) check(s[0], s[1], s[2], (flags & 1) != 0, (flags & 2) != 0, 0, 1f, 1f);
  }

  @Test
  void rowsFurtherApartThanTheirLength() {
    Floats.needsLibrary();
    for (int flags = 0; flags < 4; flags++) {
      check(5, 7, 9, (flags & 1) != 0, (flags & 2) != 0, 3, 1f, 0f);
      check(150, 260, 130, (flags & 1) != 0, (flags & 2) != 0, 5, 1f, 0f);
    }
  }

  @Test
  void emptyOperands() {
    Floats c = Floats.filled(6, 3f);
    NativeGemm.sgemm(false, false, 2, 3, 0, 1f, c.address(), 1, c.address(), 3, 2f, c.address(), 3);
    assertEquals(6f, c.get(5), "k = 0 leaves beta * C");
    NativeGemm.sgemm(false, false, 2, 3, 0, 1f, c.address(), 1, c.address(), 3, 0f, c.address(), 3);
    assertEquals(0f, c.get(5), "k = 0 is a sum of nothing");
    NativeGemm.sgemm(false, false, 0, 3, 4, 1f, 0, 4, 0, 3, 0f, 0, 3);
    NativeGemm.sgemm(false, false, 3, 0, 4, 1f, 0, 4, 0, 1, 0f, 0, 1);
  }

  @Test
  void withBetaZeroOldValuesDoNotMatter() {
    for (int size : new int[] {2, 80}) {
      Floats a = Floats.random(size * size, 1);
      Floats c = Floats.filled(size * size, Float.NaN);
      NativeGemm.sgemm(false, true, size, size, size, 1f, a.address(), size, a.address(), size, 0f, c.address(), size);
      for (float v : c.toArray()) assertTrue(Float.isFinite(v));
    }
  }

  @Test
  void theJavaFallbackAgrees() {
    for (int m : SIZES)
      for (int n : SIZES)
        for (int k : SIZES)
          for (int flags = 0; flags < 4; flags++) {
            boolean transA = (flags & 1) != 0;
            boolean transB = (flags & 2) != 0;
            int lda = transA ? m : k;
            int ldb = transB ? k : n;
            Floats a = Floats.random((long) m * k, 1);
            Floats b = Floats.random((long) k * n, 2);
            Floats c = Floats.random((long) m * n, 3);
            float[] old = c.toArray();
            JavaGemm.sgemm(
                transA, transB, m, n, k, 2f, a.address(), lda, b.address(), ldb, 0.5f, c.address(), n);
            compare(m, n, k, transA, transB, 2f, a.toArray(), lda, b.toArray(), ldb, 0.5f, old, c.toArray(), n);
          }
  }

  @Test
  void batches() {
    Floats.needsLibrary();
    int[][] shapes = {{5, 3, 4, 2}, {9, 17, 33, 20}, {3, 200, 200, 100}, {32, 64, 64, 32}, {1, 70, 70, 70}, {0, 4, 4, 4}};
    for (int[] s : shapes) {
      int count = s[0];
      int m = s[1];
      int n = s[2];
      int k = s[3];
      Floats a = Floats.random((long) count * m * k, 1);
      Floats b = Floats.random((long) n * k, 2);
      float[] got = Floats.sameForAnyThreads(() -> {
        Floats c = Floats.filled((long) count * m * n, Float.NaN);
        NativeGemm.sgemmBatched(count, false, true, m, n, k, 0.5f, a.address(), k, (long) m * k, b.address(), k, 0, 0f,
            c.address(), n, (long) m * n);
        return c.toArray();
      });
      for (int i = 0; i < count; i++) {
        float[] one = Arrays.copyOfRange(a.toArray(), i * m * k, (i + 1) * m * k);
        float[] part = Arrays.copyOfRange(got, i * m * n, (i + 1) * m * n);
        compare(m, n, k, false, true, 0.5f, one, k, b.toArray(), k, 0f, part, part, n);
      }
    }
  }

  @Test
  void tilesCoverAMatrixExactly() {
    for (int length : new int[] {1, 7, 8, 9, 100, 785}) {
      for (int parts : new int[] {1, 2, 4, 16}) {
        assertEquals(0, NativeGemm.Grid.start(length, parts, 0, 16));
        assertEquals(length, NativeGemm.Grid.start(length, parts, parts, 16));
        for (int i = 0; i < parts; i++)
          assertTrue(NativeGemm.Grid.start(length, parts, i, 16) <= NativeGemm.Grid.start(length, parts, i + 1, 16));
      }
    }
  }

  private static void check(int m, int n, int k, boolean transA, boolean transB, int gap, float alpha, float beta) {
    int lda = (transA ? m : k) + gap;
    int ldb = (transB ? k : n) + gap;
    int ldc = n + gap;
    Floats a = Floats.random((long) lda * (transA ? k : m), 1);
    Floats b = Floats.random((long) ldb * (transB ? n : k), 2);
    float[] old = Floats.random((long) ldc * m, 3).toArray();
    float[] got = Floats.sameForAnyThreads(() -> {
      Floats c = Floats.random((long) ldc * m, 3);
      NativeGemm.sgemm(
          transA, transB, m, n, k, alpha, a.address(), lda, b.address(), ldb, beta, c.address(), ldc);
      return c.toArray();
    });
    compare(m, n, k, transA, transB, alpha, a.toArray(), lda, b.toArray(), ldb, beta, old, got, ldc);
  }

  private static void compare(int m, int n, int k, boolean transA, boolean transB, float alpha, float[] a, int lda,
      float[] b, int ldb, float beta, float[] old, float[] got, int ldc) {
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < ldc; j++) {
        int at = i * ldc + j;
        if (j >= n) {
          assertEquals(old[at], got[at], "between the rows nothing is written");
          continue;
        }
        double sum = 0;
        double magnitude = 0;
        for (int p = 0; p < k; p++) {
          double x = a[transA ? p * lda + i : i * lda + p];
          double y = b[transB ? j * ldb + p : p * ldb + j];
          sum += x * y;
          magnitude += Math.abs(x * y);
        }
        double expected = alpha * sum + (beta == 0 ? 0 : beta * (double) old[at]);
        Floats.assertClose(expected, magnitude * Math.abs(alpha) + 2, got[at],
            () -> m + "x" + n + "x" + k + " transA " + transA + " transB " + transB + " at " + at);
      }
    }
  }
}

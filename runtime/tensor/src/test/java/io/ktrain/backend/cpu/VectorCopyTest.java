package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class VectorCopyTest {
  private static final int[] SIZES = {0, 1, 3, 7, 8, 15, 16, 17, 33, 50};

  private static void check(int rows, int cols, int rowStride, int colStride, int dstStride) {
    int last = Math.max(0, rows - 1) * rowStride + Math.max(0, cols - 1) * colStride;
    var src = NativeFloats.random(last + 1, 1);
    var dst = new NativeFloats(rows * dstStride);
    VectorCopy.copy(src.address, rowStride, colStride, dst.address, dstStride, rows, cols);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < dstStride; c++) {
        float expected = c < cols ? src.get(r * rowStride + c * colStride) : 0f;
        assertEquals(expected, dst.get(r * dstStride + c),
            rows + "x" + cols + " by " + rowStride + ", " + colStride + " at " + r + ", " + c);
      }
    }
    dst.assertGuardsIntact();
    src.assertGuardsIntact();
  }

  @Test
  void everyKindOfStride() {
    for (int rows : SIZES) {
      for (int cols : SIZES) {
        check(rows, cols, cols, 1, cols);
        check(rows, cols, cols + 3, 1, cols + 1);
        check(rows, cols, 1, rows, cols);
        check(rows, cols, 1, rows + 2, cols + 5);
        check(rows, cols, cols * 2 + 1, 2, cols);
        check(rows, cols, 0, 1, cols);
        check(rows, cols, 1, 0, cols);
      }
    }
  }

  @Test
  void longRows() {
    check(3, 5000, 5000, 1, 5000);
    check(3, 5000, 5001, 1, 5007);
    check(200, 300, 1, 200, 300);
  }
}

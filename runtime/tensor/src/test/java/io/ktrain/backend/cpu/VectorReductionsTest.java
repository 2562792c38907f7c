package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Against double sums: an error of at most 1e-6 of the sum of magnitudes. Extremes are exact. */
final class VectorReductionsTest {
  private static final int[] SIZES = {0, 1, 7, 8, 9, 16, 17, 33, 64, 100, 1000};

  @Test
  void sumsOfAllSizes() {
    for (int n : SIZES) {
      var x = NativeFloats.random(n, n);
      double sum = 0, squares = 0, magnitude = 0;
      float max = Float.NEGATIVE_INFINITY, min = Float.POSITIVE_INFINITY;
      for (int i = 0; i < n; i++) {
        sum += x.get(i);
        squares += (double) x.get(i) * x.get(i);
        magnitude += Math.abs(x.get(i));
        max = Math.max(max, x.get(i));
        min = Math.min(min, x.get(i));
      }
      NativeFloats.assertClose(sum, VectorReductions.sum(x.address, n), 1e-6 * magnitude, 0, "sum of " + n);
      NativeFloats.assertClose(squares, VectorReductions.sumSquares(x.address, n), 0, 1e-6, "squares of " + n);
      assertEquals(max, VectorReductions.max(x.address, n), "max of " + n);
      assertEquals(min, VectorReductions.min(x.address, n), "min of " + n);
    }
  }

  @Test
  void sumOfAMillionIsTheSameHoweverOftenItRan() {
    int n = 1_000_003;
    var x = NativeFloats.random(n, 5);
    double exact = 0, magnitude = 0;
    for (int i = 0; i < n; i++) {
      exact += x.get(i);
      magnitude += Math.abs(x.get(i));
    }
    float first = VectorReductions.sum(x.address, n);
    NativeFloats.assertClose(exact, first, 1e-6 * magnitude, 0, "sum of a million");
    for (int i = 0; i < 200; i++) assertEquals(first, VectorReductions.sum(x.address, n));
  }

  @Test
  void nanAndInfinity() {
    for (int n : new int[] {1, 7, 16, 33, 64}) {
      for (int at = 0; at < n; at++) {
        var x = NativeFloats.random(n, n);
        x.set(at, Float.NaN);
        assertTrue(Float.isNaN(VectorReductions.max(x.address, n)), "max, NaN at " + at + " of " + n);
        assertTrue(Float.isNaN(VectorReductions.min(x.address, n)), "min, NaN at " + at + " of " + n);
        assertTrue(Float.isNaN(VectorReductions.sum(x.address, n)), "sum, NaN at " + at + " of " + n);
        x.set(at, Float.POSITIVE_INFINITY);
        assertEquals(Float.POSITIVE_INFINITY, VectorReductions.max(x.address, n));
        assertEquals(Float.POSITIVE_INFINITY, VectorReductions.sum(x.address, n));
      }
    }
  }

  @Test
  void rowsAndColumns() {
    for (int rows : new int[] {0, 1, 7, 8, 17, 40}) {
      for (int cols : SIZES) {
        int stride = cols + 3;
        var x = NativeFloats.random(rows * stride, rows + cols);
        var sums = new NativeFloats(rows);
        var squares = new NativeFloats(rows);
        var max = new NativeFloats(rows);
        var min = new NativeFloats(rows);
        var columns = new NativeFloats(cols);
        VectorReductions.fill(columns.address, cols, 99f);
        VectorReductions.rowSums(x.address, stride, rows, cols, sums.address);
        VectorReductions.rowSumSquares(x.address, stride, rows, cols, squares.address);
        VectorReductions.rowMax(x.address, stride, rows, cols, max.address);
        VectorReductions.rowMin(x.address, stride, rows, cols, min.address);
        VectorReductions.columnSums(x.address, stride, rows, cols, columns.address);
        String size = rows + "x" + cols;
        for (int r = 0; r < rows; r++) {
          long row = x.address + 4L * r * stride;
          assertEquals(VectorReductions.sum(row, cols), sums.get(r), size);
          assertEquals(VectorReductions.sumSquares(row, cols), squares.get(r), size);
          assertEquals(VectorReductions.max(row, cols), max.get(r), size);
          assertEquals(VectorReductions.min(row, cols), min.get(r), size);
        }
        for (int c = 0; c < cols; c++) {
          double sum = 0, magnitude = 0;
          for (int r = 0; r < rows; r++) {
            sum += x.get(r * stride + c);
            magnitude += Math.abs(x.get(r * stride + c));
          }
          NativeFloats.assertClose(sum, columns.get(c), 1e-6 * magnitude, 0, "column " + c + " of " + size);
        }
        columns.assertGuardsIntact();
        sums.assertGuardsIntact();
      }
    }
  }

  @Test
  void aColumnDoesNotDependOnItsPlace() {
    int rows = 29, cols = 40;
    var x = NativeFloats.random(rows * cols, 3);
    NativeFloats all = new NativeFloats(cols), part = new NativeFloats(cols);
    VectorReductions.columnSums(x.address, cols, rows, cols, all.address);
    VectorReductions.columnSums(x.address, cols, rows, 21, part.address);
    VectorReductions.columnSums(x.address + 4 * 21, cols, rows, cols - 21, part.address + 4 * 21);
    for (int c = 0; c < cols; c++) assertEquals(all.get(c), part.get(c));
  }
}

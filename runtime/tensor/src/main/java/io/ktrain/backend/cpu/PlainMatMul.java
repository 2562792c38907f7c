package io.ktrain.backend.cpu;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** Matrix products over Java arrays: any type, any strides, no native access. f32 and smaller compute in float. */
final class PlainMatMul {
  /** Rows of the result a tile. */
  private static final int ROWS = 16;

  private PlainMatMul() {}

  static void product(Tensor a, Tensor b, Tensor c) {
    int m = c.size(0), n = c.size(1), k = a.size(1);
    if (m == 0 || n == 0) return;
    DType type = c.getDtype();
    MemorySegment out = c.storage().host();
    long at = c.layout().offset();
    int tiles = (m + ROWS - 1) / ROWS;
    if (type == DType.f64) {
      double[] x = doubles(a), y = doubles(b);
      ThreadPool.run(tiles, t -> {
        double[] row = new double[n];
        for (int i = t * ROWS; i < Math.min(m, (t + 1) * ROWS); i++) {
          java.util.Arrays.fill(row, 0);
          for (int p = 0; p < k; p++) {
            double v = x[i * k + p];
            for (int j = 0, o = p * n; j < n; j++) row[j] += v * y[o + j];
          }
          Elements.store(row, out, type, at + (long) i * n, 1, n);
        }
      });
    } else if (type.isFloating()) {
      float[] x = floats(a), y = floats(b);
      ThreadPool.run(tiles, t -> {
        float[] row = new float[n];
        for (int i = t * ROWS; i < Math.min(m, (t + 1) * ROWS); i++) {
          multiply(x, i * k, y, row, k, n);
          Elements.store(row, out, type, at + (long) i * n, 1, n);
        }
      });
    } else {
      long[] x = longs(a), y = longs(b);
      ThreadPool.run(tiles, t -> {
        long[] row = new long[n];
        for (int i = t * ROWS; i < Math.min(m, (t + 1) * ROWS); i++) {
          java.util.Arrays.fill(row, 0);
          for (int p = 0; p < k; p++) for (int j = 0; j < n; j++) row[j] += x[i * k + p] * y[p * n + j];
          Elements.store(row, out, type, at + (long) i * n, 1, n);
        }
      });
    }
  }

  /** row = x[from until from + k] * y, y being k by n. */
  static void multiply(float[] x, int from, float[] y, float[] row, int k, int n) {
    java.util.Arrays.fill(row, 0, n, 0);
    for (int p = 0; p < k; p++) {
      float v = x[from + p];
      for (int j = 0, o = p * n; j < n; j++) row[j] += v * y[o + j];
    }
  }

  static float[] floats(Tensor t) {
    float[] all = new float[Math.toIntExact(t.numel())];
    int columns = t.size(-1);
    for (int i = 0; i < (columns == 0 ? 0 : all.length / columns); i++) {
      float[] row = new float[columns];
      Elements.load(t.storage().host(), t.getDtype(), t.layout().offset() + i * t.layout().stride(0), t.layout().stride(1), row, columns);
      System.arraycopy(row, 0, all, i * columns, columns);
    }
    return all;
  }

  static double[] doubles(Tensor t) {
    double[] all = new double[Math.toIntExact(t.numel())];
    int columns = t.size(-1);
    for (int i = 0; i < (columns == 0 ? 0 : all.length / columns); i++) {
      double[] row = new double[columns];
      Elements.load(t.storage().host(), t.getDtype(), t.layout().offset() + i * t.layout().stride(0), t.layout().stride(1), row, columns);
      System.arraycopy(row, 0, all, i * columns, columns);
    }
    return all;
  }

  private static long[] longs(Tensor t) {
    long[] all = new long[Math.toIntExact(t.numel())];
    int columns = t.size(-1);
    for (int i = 0; i < (columns == 0 ? 0 : all.length / columns); i++) {
      long[] row = new long[columns];
      Elements.load(t.storage().host(), t.getDtype(), t.layout().offset() + i * t.layout().stride(0), t.layout().stride(1), row, columns);
      System.arraycopy(row, 0, all, i * columns, columns);
    }
    return all;
  }
}

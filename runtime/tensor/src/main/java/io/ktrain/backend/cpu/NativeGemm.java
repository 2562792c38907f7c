package io.ktrain.backend.cpu;

/**
 * f32 matrix products, row-major, on raw addresses: cut into tiles by shape alone and run on {@link ThreadPool}, each
 * tile one single-threaded oneDNN call. Without the native library the same tiles run in {@link VectorGemm}, without
 * the Vector module in {@link JavaGemm}. Nothing is checked: sizes, strides and addresses are the caller's to get right.
 */
public final class NativeGemm {
  /** Multiply-adds up to which plain Java takes no longer than the native call, and spares loading the library. */
  private static final long TINY = 2048;

  private NativeGemm() {}

  /**
   * {@code C = alpha * op(A) op(B) + beta * C} with op(A) m x k, op(B) k x n and C m x n. {@code lda}, {@code ldb} and
   * {@code ldc} are the distances between rows as stored, in floats: A is stored m x k, or k x m if {@code transA}; B
   * k x n, or n x k if {@code transB}. C is not read when beta is 0; it overlaps neither A nor B.
   */
  public static void sgemm(boolean transA, boolean transB, int m, int n, int k, float alpha, long a, int lda, long b,
      int ldb, float beta, long c, int ldc) {
    if (m == 0 || n == 0) return;
    long size = (long) m * n * k;
    if (size <= TINY) {
      JavaGemm.sgemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
      return;
    }
    Grid grid = Grid.of(m, n, size, transA, transB);
    if (grid.rows * grid.columns == 1) {
      tile(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
      return;
    }
    ThreadPool.run(grid.rows * grid.columns, t -> {
      int row = t / grid.columns;
      int column = t % grid.columns;
      int i = Grid.start(m, grid.rows, row, Grid.ROW_UNIT);
      int j = Grid.start(n, grid.columns, column, Grid.COLUMN_UNIT);
      int rows = Grid.start(m, grid.rows, row + 1, Grid.ROW_UNIT) - i;
      int columns = Grid.start(n, grid.columns, column + 1, Grid.COLUMN_UNIT) - j;
      long fromA = a + 4L * i * (transA ? 1 : lda);
      long fromB = b + 4L * j * (transB ? ldb : 1);
      tile(transA, transB, rows, columns, k, alpha, fromA, lda, fromB, ldb, beta, c + 4L * ((long) i * ldc + j), ldc);
    });
  }

  /** One product for each index, all of one shape; the arrays hold where each A, B and C begins. No two Cs overlap. */
  public static void sgemmBatched(boolean transA, boolean transB, int m, int n, int k, float alpha, long[] a, int lda,
      long[] b, int ldb, float beta, long[] c, int ldc) {
    if (m == 0 || n == 0) return;
    int count = c.length;
    long size = (long) m * n * k;
    if (count < Grid.MANY && size * count > Grid.ONE_TILE) {
      for (int i = 0; i < count; i++) sgemm(transA, transB, m, n, k, alpha, a[i], lda, b[i], ldb, beta, c[i], ldc);
      return;
    }
    int together = Math.clamp(Grid.ONE_TILE / Math.max(1, size), 1, Math.max(1, count));
    ThreadPool.run((count + together - 1) / together, t -> {
      for (int i = t * together, end = Math.min(count, i + together); i < end; i++) {
        if (size <= TINY) JavaGemm.sgemm(transA, transB, m, n, k, alpha, a[i], lda, b[i], ldb, beta, c[i], ldc);
        else tile(transA, transB, m, n, k, alpha, a[i], lda, b[i], ldb, beta, c[i], ldc);
      }
    });
  }

  /** As above, with operands at regular distances, in floats; a distance of 0 uses one operand for all products. */
  public static void sgemmBatched(int count, boolean transA, boolean transB, int m, int n, int k, float alpha, long a,
      int lda, long strideA, long b, int ldb, long strideB, float beta, long c, int ldc, long strideC) {
    long[] fromA = new long[count];
    long[] fromB = new long[count];
    long[] fromC = new long[count];
    for (int i = 0; i < count; i++) {
      fromA[i] = a + 4 * i * strideA;
      fromB[i] = b + 4 * i * strideB;
      fromC[i] = c + 4 * i * strideC;
    }
    sgemmBatched(transA, transB, m, n, k, alpha, fromA, lda, fromB, ldb, beta, fromC, ldc);
  }

  /** As {@link #sgemm}, on the calling thread alone: for kernels that cut their work into tiles themselves. */
  static void tile(boolean transA, boolean transB, int m, int n, int k, float alpha, long a, int lda, long b,
      int ldb, float beta, long c, int ldc) {
    if (NativeLibrary.available())
      OneDnn.sgemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    else if (Vectors.available())
      VectorGemm.sgemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    else
      JavaGemm.sgemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }

  /** How C is cut. A tile must pay for its hand-over and for packing a copy of the rows and columns it reads. */
  record Grid(int rows, int columns) {
    /** oneDNN's AVX-512 kernel computes 8 rows by 48 columns; 16 is what the other kernels have in common. */
    static final int ROW_UNIT = 8;
    static final int COLUMN_UNIT = 16;
    /** Multiply-adds in about 4 us of one core. */
    static final long ONE_TILE = 500_000;
    static final int MANY = 8;

    static Grid of(int m, int n, long size, boolean transA, boolean transB) {
      boolean dots = !transA && transB; // both operands run along k: B is packed by transposing, slow in narrow tiles
      int narrowest = dots ? 128 : 64;
      int lowest = dots ? 32 : 16;
      Grid best = new Grid(1, 1);
      for (int tiles = wanted(size); tiles > 1; tiles /= 2) {
        long least = Long.MAX_VALUE;
        for (int rows = 1; rows <= tiles; rows *= 2) {
          int columns = tiles / rows;
          if (rows > 1 && m / rows < lowest || columns > 1 && n / columns < narrowest) continue;
          long packed = (long) columns * m + (dots ? 2L : 1L) * rows * n;
          if (packed >= least) continue;
          least = packed;
          best = new Grid(rows, columns);
        }
        if (least < Long.MAX_VALUE) return best;
      }
      return best;
    }

    /** Few and large: measured on 2 cores, 16 tiles cost up to a third of the speed that 4 reach. */
    private static int wanted(long size) {
      if (size <= ONE_TILE) return 1;
      if (size <= 12_000_000) return 2;
      if (size <= 600_000_000) return 4;
      return size <= 4_000_000_000L ? 8 : 16;
    }

    /** Where part {@code index} of {@code parts} nearly equal ones begins, a multiple of the unit. */
    static int start(int length, int parts, int index, int unit) {
      int units = (length + unit - 1) / unit;
      return Math.min(length, (int) ((long) units * index / parts) * unit);
    }
  }
}

package io.ktrain.backend.cpu;

/**
 * bf16 matrix products with sums in f32, row-major, on raw addresses: oneDNN's matmul on tiles cut by shape alone, as in
 * {@link NativeGemm}. Only where the processor has bf16 instructions; elsewhere f32 products are faster.
 */
final class Bf16Gemm {
  private static final int BYTES = 2;
  private static final PlanCache<Problem, Primitive> PLANS = new PlanCache<>(Bf16Gemm::plan);

  /** Row-major as stored, with the distances between rows; {@code bias}: whether one is added to each row. */
  private record Problem(boolean transA, boolean transB, int m, int n, int k, int lda, int ldb, int ldc, boolean bias) {}

  private Bf16Gemm() {}

  private static final class Probe {
    static final boolean FAST = NativeLibrary.available() && isFast();

    private static boolean isFast() {
      Primitive p = plan(new Problem(false, true, 64, 64, 64, 64, 64, 64, false));
      return p != null && p.implementation().contains("bf16") || p != null && p.implementation().contains("amx");
    }
  }

  /** Whether there is the library, and the processor multiplies bf16. */
  static boolean available() {
    return Probe.FAST;
  }

  /** {@code C = op(A) op(B) + bias}; as {@link NativeGemm#sgemm}. {@code bias}: the address of n elements, or 0. */
  static void gemm(boolean transA, boolean transB, int m, int n, int k, long a, int lda, long b, int ldb, long bias, long c, int ldc) {
    if (m == 0 || n == 0) return;
    var grid = NativeGemm.Grid.of(m, n, (long) m * n * k, transA, transB);
    ThreadPool.run(grid.rows() * grid.columns(), t -> {
      int row = t / grid.columns(), column = t % grid.columns();
      int i = NativeGemm.Grid.start(m, grid.rows(), row, NativeGemm.Grid.ROW_UNIT);
      int j = NativeGemm.Grid.start(n, grid.columns(), column, NativeGemm.Grid.COLUMN_UNIT);
      int rows = NativeGemm.Grid.start(m, grid.rows(), row + 1, NativeGemm.Grid.ROW_UNIT) - i;
      int columns = NativeGemm.Grid.start(n, grid.columns(), column + 1, NativeGemm.Grid.COLUMN_UNIT) - j;
      tile(new Problem(transA, transB, rows, columns, k, lda, ldb, ldc, bias != 0), a + (long) BYTES * i * (transA ? 1 : lda),
          b + (long) BYTES * j * (transB ? ldb : 1), bias == 0 ? 0 : bias + (long) BYTES * j, c + BYTES * ((long) i * ldc + j));
    });
  }

  /** One product for each index, all of one shape, operands at regular distances. */
  static void batched(int count, boolean transA, boolean transB, int m, int n, int k, long a, int lda, long strideA, long b, int ldb, long strideB,
      long c, int ldc, long strideC) {
    if (m == 0 || n == 0) return;
    long size = (long) m * n * k;
    if (count < NativeGemm.Grid.MANY && size * count > NativeGemm.Grid.ONE_TILE) {
      for (int i = 0; i < count; i++)
        gemm(transA, transB, m, n, k, a + BYTES * i * strideA, lda, b + BYTES * i * strideB, ldb, 0, c + BYTES * i * strideC, ldc);
      return;
    }
    var problem = new Problem(transA, transB, m, n, k, lda, ldb, ldc, false);
    int together = (int) Math.clamp(NativeGemm.Grid.ONE_TILE / Math.max(1, size), 1, Math.max(1, count));
    ThreadPool.run((count + together - 1) / together, t -> {
      for (int i = t * together, end = Math.min(count, i + together); i < end; i++)
        tile(problem, a + BYTES * i * strideA, b + BYTES * i * strideB, 0, c + BYTES * i * strideC);
    });
  }

  private static void tile(Problem p, long a, long b, long bias, long c) {
    if (p.bias) PLANS.of(p).run(a, b, bias, c);
    else PLANS.of(p).run(a, b, c);
  }

  private static Primitive plan(Problem p) {
    long a = OneDnn.matrix(OneDnn.BF16, p.m, p.k, p.transA ? 1 : p.lda, p.transA ? p.lda : 1);
    long b = OneDnn.matrix(OneDnn.BF16, p.k, p.n, p.transB ? 1 : p.ldb, p.transB ? p.ldb : 1);
    long c = OneDnn.matrix(OneDnn.BF16, p.m, p.n, p.ldc, 1);
    long bias = p.bias ? OneDnn.matrix(OneDnn.BF16, 1, p.n, p.n, 1) : 0;
    try {
      long primitive = OneDnn.matmul(a, b, bias, c);
      if (primitive == 0) return null;
      return p.bias ? new Primitive(primitive, new int[] {OneDnn.SRC, OneDnn.WEIGHTS, OneDnn.BIAS, OneDnn.DST}, new long[] {a, b, bias, c})
          : new Primitive(primitive, new int[] {OneDnn.SRC, OneDnn.WEIGHTS, OneDnn.DST}, new long[] {a, b, c});
    } finally {
      for (long desc : new long[] {a, b, c}) OneDnn.destroyDesc(desc);
      if (bias != 0) OneDnn.destroyDesc(bias);
    }
  }
}

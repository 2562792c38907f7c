package io.ktrain.cuda;

import io.ktrain.op.Dispatch;
import io.ktrain.op.Spec;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Products of matrices that lie anyhow: by cuBLAS where it is, else and for whole numbers by kernels of this jar. */
final class Gemm {
  private static final Kernels MATMUL = Kernels.file("matmul");
  private static final int THREADS = 256;
  private static final int SMALL = 64;
  private static final int LARGE = 128;
  /** The most blocks in a grid's second and third dim. */
  private static final int GRID = 65535;
  /** K is cut into pieces of at least this size, a multiple of both tiles' depths. */
  private static final int PIECE = 256;

  // As in matmul.cu.
  private static final int QUADS = 1;
  private static final int ALONG_ROWS = 2;

  private final OptionalLibrary<GpuBlas> blas;
  private final ConcurrentHashMap<CudaDevice, Long> handles = new ConcurrentHashMap<>();

  Gemm(OptionalLibrary<GpuBlas> blas) {
    this.blas = blas;
  }

  /** A row of numbers to be added to each row of a product. */
  record Bias(long address, long stride) {
    static @Nullable Bias of(@Nullable Tensor t) {
      return t == null ? null : new Bias(Args.address(t), t.layout().stride(0));
    }
  }

  /** Whether a tensor's last two dims lie so that the product need not be made of a copy. */
  boolean reads(Tensor t) {
    return !t.getDtype().isFloating() || t.numel() == 0 || Matrix.of(t).isForBlas() || blas.get() == null;
  }

  /**
   * {@code C = A B + bias}, or {@code C += A B} without a bias, for each of {@code batches}. Rows or columns of C lie in
   * one piece.
   *
   * @param type of A, B and the bias
   * @param to of C: the same, or f32 where that is of 16 bits
   */
  void run(CudaDevice device, DType type, DType to, int batches, Matrix a, Matrix b, Matrix c, @Nullable Bias bias,
      boolean adds) {
    if (adds && bias != null) throw new IllegalArgumentException("a bias is not added to a sum");
    if (batches == 0 || c.rows() == 0 || c.columns() == 0) return;
    boolean transposed = c.column() != 1 && c.columns() > 1;
    if (transposed)
      rowMajor(device, type, to, batches, b.transposed(), a.transposed(), c.transposed(), bias, true, adds);
    else rowMajor(device, type, to, batches, a, b, c, bias, false, adds);
  }

  private void rowMajor(CudaDevice device, DType type, DType to, int batches, Matrix a, Matrix b, Matrix c,
      @Nullable Bias bias, boolean down, boolean adds) {
    GpuBlas library = type.isFloating() && a.columns() > 0 && a.isForBlas() && b.isForBlas() && c.isRowMajor()
        ? blas.get() : null;
    if (!type.isFloating()) {
      elementwise(device, "gemm_whole_" + type, batches, c,
          new Args().i64(a.address()).i64(b.address()).i64(c.address())
              .struct(product(a, b, c, batches, 1, a.columns(), type, null, false, false, false)));
    } else if (library == null) {
      own(device, type, to, batches, a, b, c, bias, down, adds);
    } else {
      if (bias != null)
        elementwise(device, "gemm_bias_" + type, batches, c, new Args().i64(c.address()).i64(bias.address())
                .struct(product(a, b, c, batches, 1, a.columns(), type, bias, down, false, false)));
      // BLAS is column-major, where row-major operands are transposed: C' = B' A'.
      boolean transposedA = !a.isRowMajor(), transposedB = !b.isRowMajor();
      int lda = (transposedA ? a.transposed() : a).leading(), ldb = (transposedB ? b.transposed() : b).leading();
      long handle = handles.computeIfAbsent(device, d -> d.call(driver -> open(d, driver, library)));
      device.put(driver -> library.multiply(handle, type, to, transposedB, transposedA,
          c.columns(), c.rows(), a.columns(), b.address(), ldb, b.batch(), a.address(), lda, a.batch(),
          adds || bias != null, c.address(), c.leading(), c.batch(), batches));
    }
  }

  private static long open(CudaDevice device, GpuDriver driver, GpuBlas library) {
    long workspace = driver.allocate(GpuBlas.WORKSPACE);
    if (workspace == 0) throw CudaError.of("the allocation of cuBLAS's workspace", 2, "CUDA_ERROR_OUT_OF_MEMORY");
    return library.open(device.libraryStream(), workspace);
  }

  /**
   * Tiles as large as still give every multiprocessor one; where even small ones do not, K is cut into pieces as well.
   */
  private static void own(CudaDevice device, DType type, DType to, int batches, Matrix a, Matrix b, Matrix c,
      @Nullable Bias bias, boolean down, boolean adds) {
    int processors = device.properties.multiprocessors();
    boolean large = type != DType.f64 && tiles(c, LARGE) * batches >= processors;
    long tiles = tiles(c, large ? LARGE : SMALL);
    long pieces = Math.max(1, Math.min(2L * processors / (tiles * batches), a.columns() / PIECE));
    int depth = pieces == 1 ? a.columns() : (int) ((a.columns() + pieces - 1) / pieces + PIECE - 1) / PIECE * PIECE;
    int splits = pieces == 1 ? 1 : (a.columns() + depth - 1) / depth;
    String kernel = "gemm_" + (large ? "large_" : "") + type;
    if (splits == 1) {
      for (int first = 0; first < batches; first += GRID) {
        int count = Math.min(GRID, batches - first);
        Matrix x = a.from(first, type), y = b.from(first, type), z = c.from(first, to);
        device.launch(MATMUL, kernel, Math.toIntExact(tiles), 1, count, THREADS, 0, args(x, y, z, bias)
            .struct(product(x, y, z, count, 1, depth, type, bias, down, adds, to != type)));
      }
      return;
    }
    DType wide = type == DType.f64 ? DType.f64 : DType.f32;
    Tensor parts = temporary(device, wide, Shape.of(batches * splits, c.rows(), c.columns()));
    Matrix part = Matrix.of(parts);
    device.launch(MATMUL, kernel, Math.toIntExact(tiles), 1, batches * splits, THREADS, 0, args(a, b, part, null)
        .struct(product(a, b, part, batches, splits, depth, type, null, false, false, true)));
    sum(device, part, type, to, batches, splits, c, bias, down, adds);
    parts.storage().free("the kernel");
  }

  private static long tiles(Matrix c, int size) {
    return (long) ((c.rows() + size - 1) / size) * ((c.columns() + size - 1) / size);
  }

  private static void sum(CudaDevice device, Matrix parts, DType type, DType to, int batches, int splits, Matrix c,
      @Nullable Bias bias, boolean down, boolean adds) {
    elementwise(device, "gemm_sum_" + to, batches, c,
        new Args().i64(parts.address()).i64(c.address()).i64(bias == null ? 0 : bias.address())
            .struct(product(parts, parts, c, batches, splits, 0, type, bias, down, adds, false)));
  }

  /** Launches a kernel that walks over C: columns by threads, rows and batches by the grid. */
  private static void elementwise(CudaDevice device, String kernel, int batches, Matrix c, Args args) {
    int threads = Math.min(THREADS, Math.ceilDiv(c.columns(), 32) * 32), x = Math.ceilDiv(c.columns(), threads);
    int y = Math.clamp(16L * device.properties.multiprocessors() / x, 1, Math.min(c.rows(), GRID));
    device.launch(MATMUL, kernel, x, y, Math.min(batches, GRID), threads, 0, args);
  }

  private static Args args(Matrix a, Matrix b, Matrix c, @Nullable Bias bias) {
    return new Args().i64(a.address()).i64(b.address()).i64(c.address()).i64(bias == null ? 0 : bias.address());
  }

  /** A struct {@code Product}; see matmul.cu. */
  private static long[] product(Matrix a, Matrix b, Matrix c, int batches, int splits, int depth, DType type,
      @Nullable Bias bias, boolean down, boolean adds, boolean wide) {
    int bytes = wide && type != DType.f64 ? 4 : type.bytes();
    boolean quads = c.address() % Math.min(16, 4 * bytes) == 0 && c.row() % 4 == 0 && c.batch() % 4 == 0;
    return new long[] {c.rows(), c.columns(), a.columns(), batches, splits, depth,
      a.row(), a.column(), a.batch(), reading(a, type), b.row(), b.column(), b.batch(), reading(b.transposed(), type),
      c.row(), c.batch(), quads ? 1 : 0,
      bias != null && down ? bias.stride() : 0, bias != null && !down ? bias.stride() : 0, adds ? 1 : 0, wide ? 1 : 0};
  }

  /** How a tile of an operand is read whose columns are summed over. */
  private static int reading(Matrix m, DType type) {
    boolean along = m.column() != 1 && (m.row() == 1 || m.row() < m.column());
    long step = along ? m.row() : m.column(), next = along ? m.column() : m.row();
    boolean aligned = m.address() % Math.min(16, 4 * type.bytes()) == 0;
    boolean quads = aligned && step == 1 && next % 4 == 0 && m.batch() % 4 == 0;
    return (quads ? QUADS : 0) | (along ? ALONG_ROWS : 0);
  }

  private static Tensor temporary(CudaDevice device, DType type, Shape shape) {
    return Dispatch.allocate("a temporary", new Spec(shape, type), new Device("cuda", device.index),
        Layout.contiguous(shape));
  }
}

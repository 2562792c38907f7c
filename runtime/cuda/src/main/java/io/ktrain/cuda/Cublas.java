package io.ktrain.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ktrain.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** NVIDIA's cuBLAS of CUDA 13 or 12. */
final class Cublas implements GpuBlas {
  static final String[] NAMES = {"libcublas.so.13", "libcublas.so.12"};

  /** 16-bit products are summed in f32 all the way, also where K is cut into pieces. */
  private static final int MATH_DISALLOW_REDUCED_PRECISION_REDUCTION = 16;

  private static final int COMPUTE_32F = 68;
  private static final int COMPUTE_64F = 70;
  private static final int COMPUTE_32F_FAST_TF32 = 77;
  private static final int GEMM_DEFAULT = -1;

  private final Path library;
  private final boolean tf32;
  private final String version;
  private final MethodHandle create;
  private final MethodHandle setStream;
  private final MethodHandle setWorkspace;
  private final MethodHandle setMathMode;
  private final MethodHandle statusName;
  private final MethodHandle gemm;
  private final MethodHandle gemmBatched;
  private final long zero;
  private final long one;
  private final long zeroDouble;
  private final long oneDouble;

  private Cublas(Path library, boolean tf32) {
    this.library = library;
    this.tf32 = tf32;
    // It needs libcublasLt, which lies beside it, where the dynamic linker may not look.
    Path light = library.resolveSibling(library.getFileName().toString().replace("libcublas", "libcublasLt"));
    if (Files.exists(light)) SymbolLookup.libraryLookup(light, Arena.global());
    SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
    create = handle(symbols, "cublasCreate_v2", ADDRESS);
    setStream = handle(symbols, "cublasSetStream_v2", JAVA_LONG, JAVA_LONG);
    setWorkspace = handle(symbols, "cublasSetWorkspace_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    setMathMode = handle(symbols, "cublasSetMathMode", JAVA_LONG, JAVA_INT);
    gemm = handle(symbols, "cublasGemmEx", JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG,
        JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT,
        JAVA_INT, JAVA_INT);
    gemmBatched = handle(symbols, "cublasGemmStridedBatchedEx", JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
        JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG,
        JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT);
    statusName = Linker.nativeLinker().downcallHandle(symbols.findOrThrow("cublasGetStatusName"),
        FunctionDescriptor.of(ADDRESS, JAVA_INT));
    version = property(symbols, 0) + "." + property(symbols, 1);
    MemorySegment floats = Arena.global().allocateFrom(ValueLayout.JAVA_FLOAT, 0f, 1f);
    MemorySegment doubles = Arena.global().allocateFrom(ValueLayout.JAVA_DOUBLE, 0, 1);
    zero = floats.address();
    one = zero + 4;
    zeroDouble = doubles.address();
    oneDouble = zeroDouble + 8;
  }

  /** The library found, or null; throws IllegalArgumentException where it does not load. */
  static Cublas find(CudaLibraries libraries, boolean tf32) {
    Path file = libraries.find(NAMES);
    return file == null ? null : new Cublas(file, tf32);
  }

  private static MethodHandle handle(SymbolLookup symbols, String name, MemoryLayout... parameters) {
    MemorySegment function = symbols.find(name).orElseThrow(() -> new IllegalArgumentException("it has no " + name));
    return Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(JAVA_INT, parameters));
  }

  private int property(SymbolLookup symbols, int number) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_INT);
      MethodHandle get = handle(symbols, "cublasGetProperty", JAVA_INT, ADDRESS);
      require("cublasGetProperty", (int) get.invokeExact(number, value));
      return value.get(JAVA_INT, 0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public long open(long stream, long workspace) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment made = arena.allocate(JAVA_LONG);
      require("cublasCreate", (int) create.invokeExact(made));
      long handle = made.get(JAVA_LONG, 0);
      require("cublasSetStream", (int) setStream.invokeExact(handle, stream));
      // After the stream, which resets it.
      require("cublasSetWorkspace", (int) setWorkspace.invokeExact(handle, workspace, WORKSPACE));
      require("cublasSetMathMode", (int) setMathMode.invokeExact(handle, MATH_DISALLOW_REDUCED_PRECISION_REDUCTION));
      return handle;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public void multiply(long handle, DType type, DType to, boolean transposedA, boolean transposedB, int m, int n, int k,
      long a, int lda, long strideA,
      long b, int ldb, long strideB, boolean adds, long c, int ldc, long strideC, int batches) {
    boolean wide = type == DType.f64;
    long alpha = wide ? oneDouble : one, beta = adds ? alpha : wide ? zeroDouble : zero;
    int in = number(type), out = number(to);
    int compute = wide ? COMPUTE_64F : tf32 && type == DType.f32 ? COMPUTE_32F_FAST_TF32 : COMPUTE_32F;
    int opA = transposedA ? 1 : 0, opB = transposedB ? 1 : 0;
    try {
      int code = batches == 1
          ? (int) gemm.invokeExact(handle, opA, opB, m, n, k, alpha, a, in, lda, b, in, ldb, beta, c, out, ldc,
              compute, GEMM_DEFAULT)
          : (int) gemmBatched.invokeExact(handle, opA, opB, m, n, k, alpha, a, in, lda, strideA, b, in, ldb, strideB,
              beta, c, out, ldc, strideC, batches,
              compute, GEMM_DEFAULT);
      if (code != 0)
        require((batches == 1 ? "cublasGemmEx" : "cublasGemmStridedBatchedEx") + " of " + batches + " times " + type
            + " " + m + "x" + n + "x" + k, code);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** As cudaDataType. */
  private static int number(DType type) {
    return switch (type) {
      case f64 -> 1;
      case f32 -> 0;
      case f16 -> 2;
      case bf16 -> 14;
      default -> throw new IllegalArgumentException(type.toString());
    };
  }

  private void require(String call, int code) throws Throwable {
    if (code == 0) return;
    MemorySegment name = (MemorySegment) statusName.invokeExact(code);
    throw CudaError.of(call, code, name.equals(MemorySegment.NULL) ? "an error"
        : name.reinterpret(Long.MAX_VALUE).getString(0, StandardCharsets.US_ASCII));
  }

  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof RuntimeException r) return r;
    if (e instanceof Error r) throw r;
    return new IllegalStateException(e);
  }

  @Override
  public String toString() {
    return "cuBLAS " + version + (tf32 ? " in TF32" : "") + " (" + library + ")";
  }
}

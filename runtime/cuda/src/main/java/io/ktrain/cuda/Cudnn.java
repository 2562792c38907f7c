package io.ktrain.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ktrain.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** NVIDIA's cuDNN 9, by its functions for single convolutions. */
final class Cudnn implements GpuDnn {
  static final String NAME = "libcudnn.so.9";

  private static final int NOT_SUPPORTED = 3000; // and the codes up to 3999, which say why
  private static final int DETERMINISTIC = 1;
  private static final int CROSS_CORRELATION = 1;
  /** No algorithm is worth more memory than this. */
  private static final long WORKSPACE = 1L << 30;

  // Math types. By the default one, f32 may be rounded to TF32.
  private static final int DEFAULT_MATH = 0;
  private static final int TENSOR_OP_MATH = 1;
  private static final int FMA_MATH = 3;

  // struct cudnnConvolution*AlgoPerf_t: the same for all passes.
  private static final int ALGORITHMS = 10;
  private static final long PERFORMANCE = 48;
  private static final long STATUS = 4;
  private static final long DETERMINISM = 24;
  private static final long MATH = 28;

  private record Descriptors(long x, long weight, long y, long convolution, int algorithm, long one, long zero,
      long workspace) implements Plan {}

  private final SymbolLookup symbols;
  private final Path library;
  private final boolean tf32;
  private final long version;
  private final MethodHandle errorString;
  private final MethodHandle forward;
  private final MethodHandle backwardData;
  private final MethodHandle backwardFilter;
  private final long floats;
  private final long doubles;

  private Cudnn(Path library, boolean tf32) {
    this.library = library;
    this.tf32 = tf32;
    symbols = SymbolLookup.libraryLookup(library, Arena.global());
    errorString = Linker.nativeLinker().downcallHandle(symbol("cudnnGetErrorString"),
        FunctionDescriptor.of(ADDRESS, JAVA_INT));
    // handle, alpha, two operands, each behind its descriptor, convolution, algorithm, workspace and its size, beta,
    // and the result behind its descriptor
    MemoryLayout[] pass = {JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT,
        JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG};
    forward = handle("cudnnConvolutionForward", pass);
    backwardData = handle("cudnnConvolutionBackwardData", pass);
    backwardFilter = handle("cudnnConvolutionBackwardFilter", pass);
    MethodHandle getVersion = Linker.nativeLinker().downcallHandle(symbol("cudnnGetVersion"),
        FunctionDescriptor.of(JAVA_LONG));
    try {
      version = (long) getVersion.invokeExact();
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    floats = Arena.global().allocateFrom(JAVA_FLOAT, 0f, 1f).address();
    doubles = Arena.global().allocateFrom(JAVA_DOUBLE, 0, 1).address();
  }

  /** The library found, or null; throws IllegalArgumentException where it does not load. */
  static @Nullable Cudnn find(CudaLibraries libraries, boolean tf32) {
    Path file = libraries.find(NAME);
    return file == null ? null : new Cudnn(file, tf32);
  }

  private MemorySegment symbol(String name) {
    return symbols.find(name).orElseThrow(() -> new IllegalArgumentException(library + " has no " + name));
  }

  private MethodHandle handle(String name, MemoryLayout... parameters) {
    return Linker.nativeLinker().downcallHandle(symbol(name), FunctionDescriptor.of(JAVA_INT, parameters));
  }

  /** A call that is made once a plan, so that it may be slow. Integers of Java are C's int and size_t. */
  private int call(String name, Object... arguments) {
    MemoryLayout[] parameters = new MemoryLayout[arguments.length];
    for (int i = 0; i < parameters.length; i++)
      parameters[i] = arguments[i] instanceof Integer ? JAVA_INT : arguments[i] instanceof Long ? JAVA_LONG : ADDRESS;
    try {
      return (int) handle(name, parameters).invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private void require(String name, int code) {
    if (code == 0) return;
    try {
      MemorySegment text = (MemorySegment) errorString.invokeExact(code);
      throw CudaError.of(name, code, text.reinterpret(Long.MAX_VALUE).getString(0, StandardCharsets.US_ASCII));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private void make(String name, Object... arguments) {
    require(name, call(name, arguments));
  }

  private long create(Arena arena, String name) {
    MemorySegment made = arena.allocate(JAVA_LONG);
    make(name, made);
    return made.get(JAVA_LONG, 0);
  }

  @Override
  public long open(long stream) {
    try (Arena arena = Arena.ofConfined()) {
      long handle = create(arena, "cudnnCreate");
      make("cudnnSetStream", handle, stream);
      return handle;
    }
  }

  @Override
  public @Nullable Plan plan(long handle, Pass pass, Convolution c) {
    try (Arena arena = Arena.ofConfined()) {
      boolean last = c.channelsLast();
      int type = number(c.type()), compute = c.type() == DType.f64 ? type : number(DType.f32);
      long x = create(arena, "cudnnCreateTensorDescriptor"), y = create(arena, "cudnnCreateTensorDescriptor");
      long weight = create(arena, "cudnnCreateFilterDescriptor");
      long convolution = create(arena, "cudnnCreateConvolutionDescriptor");
      picture(x, type, c.n(), c.c(), c.h(), c.w(), last);
      picture(y, type, c.n(), c.o(), c.oh(), c.ow(), last);
      make("cudnnSetFilter4dDescriptor", weight, type, last ? 1 : 0, c.o(), c.c() / c.by().groups(), c.kh(), c.kw());
      make("cudnnSetConvolution2dDescriptor", convolution, c.by().paddingH(), c.by().paddingW(), c.by().strideH(),
          c.by().strideW(), c.by().dilationH(), c.by().dilationW(),
          CROSS_CORRELATION, compute);
      make("cudnnSetConvolutionGroupCount", convolution, c.by().groups());
      int math = switch (c.type()) {
        case f64 -> DEFAULT_MATH;
        case f32 -> tf32 ? DEFAULT_MATH : FMA_MATH;
        default -> TENSOR_OP_MATH;
      };
      make("cudnnSetConvolutionMathType", convolution, math);
      MemorySegment found = arena.allocate(PERFORMANCE * ALGORITHMS, 8), count = arena.allocate(JAVA_INT);
      String name = switch (pass) {
        case FORWARD -> "cudnnGetConvolutionForwardAlgorithm_v7";
        case INPUT_GRAD -> "cudnnGetConvolutionBackwardDataAlgorithm_v7";
        case WEIGHT_GRAD -> "cudnnGetConvolutionBackwardFilterAlgorithm_v7";
      };
      int code = switch (pass) {
        case FORWARD -> call(name, handle, x, weight, convolution, y, ALGORITHMS, count, found);
        case INPUT_GRAD -> call(name, handle, weight, y, convolution, x, ALGORITHMS, count, found);
        case WEIGHT_GRAD -> call(name, handle, x, y, convolution, weight, ALGORITHMS, count, found);
      };
      if (code / 1000 * 1000 != NOT_SUPPORTED) require(name, code);
      int algorithms = code == 0 ? count.get(JAVA_INT, 0) : 0;
      for (int i = 0; i < algorithms; i++) {
        MemorySegment a = found.asSlice(i * PERFORMANCE, PERFORMANCE);
        int algorithm = a.get(JAVA_INT, 0), named = a.get(JAVA_INT, MATH);
        if (a.get(JAVA_INT, STATUS) != 0 || a.get(JAVA_INT, DETERMINISM) != DETERMINISTIC) continue;
        // The algorithm goes with the math type named beside it, which may be another than was asked for. Exact f32
        // stays so.
        if (math == FMA_MATH && named != FMA_MATH && named != DEFAULT_MATH) continue;
        make("cudnnSetConvolutionMathType", convolution, math == FMA_MATH ? FMA_MATH : named);
        MemorySegment bytes = arena.allocate(JAVA_LONG);
        int refused = switch (pass) {
          case FORWARD -> call("cudnnGetConvolutionForwardWorkspaceSize", handle, x, weight, convolution, y, algorithm,
              bytes);
          case INPUT_GRAD -> call("cudnnGetConvolutionBackwardDataWorkspaceSize", handle, weight, y, convolution, x,
              algorithm, bytes);
          case WEIGHT_GRAD -> call("cudnnGetConvolutionBackwardFilterWorkspaceSize", handle, x, y, convolution, weight,
              algorithm, bytes);
        };
        long workspace = bytes.get(JAVA_LONG, 0);
        if (refused != 0 || workspace > WORKSPACE) continue;
        boolean wide = c.type() == DType.f64;
        return new Descriptors(x, weight, y, convolution, algorithm, wide ? doubles + 8 : floats + 4,
            wide ? doubles : floats, workspace);
      }
      for (long d : new long[] {x, y}) make("cudnnDestroyTensorDescriptor", d);
      make("cudnnDestroyFilterDescriptor", weight);
      make("cudnnDestroyConvolutionDescriptor", convolution);
      return null;
    }
  }

  private void picture(long descriptor, int type, int n, int c, int h, int w, boolean channelsLast) {
    make("cudnnSetTensor4dDescriptorEx", descriptor, type, n, c, h, w, c * h * w, channelsLast ? 1 : h * w,
        channelsLast ? w * c : w, channelsLast ? c : 1);
  }

  /** As cudnnDataType_t. */
  private static int number(DType type) {
    return switch (type) {
      case f64 -> 1;
      case f32 -> 0;
      case f16 -> 2;
      case bf16 -> 9;
      default -> throw new IllegalArgumentException(type.toString());
    };
  }

  @Override
  public void forward(long handle, Plan plan, long x, long weight, long y, long workspace) {
    var p = (Descriptors) plan;
    try {
      require("cudnnConvolutionForward", (int) forward.invokeExact(handle, p.one, p.x, x, p.weight, weight,
          p.convolution, p.algorithm, workspace, p.workspace, p.zero, p.y, y));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public void inputGrad(long handle, Plan plan, long g, long weight, long x, long workspace) {
    var p = (Descriptors) plan;
    try {
      require("cudnnConvolutionBackwardData",
          (int) backwardData.invokeExact(handle, p.one, p.weight, weight, p.y, g, p.convolution, p.algorithm, workspace,
          p.workspace, p.zero, p.x, x));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public void weightGrad(long handle, Plan plan, long g, long x, long weight, long workspace) {
    var p = (Descriptors) plan;
    try {
      require("cudnnConvolutionBackwardFilter",
          (int) backwardFilter.invokeExact(handle, p.one, p.x, x, p.y, g, p.convolution, p.algorithm, workspace,
          p.workspace, p.zero, p.weight, weight));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof RuntimeException r) return r;
    if (e instanceof Error r) throw r;
    return new IllegalStateException(e);
  }

  @Override
  public String toString() {
    return "cuDNN " + version / 10000 + "." + version / 100 % 100 + (tf32 ? " in TF32" : "") + " (" + library + ")";
  }
}

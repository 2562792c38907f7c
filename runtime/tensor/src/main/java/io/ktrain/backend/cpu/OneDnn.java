package io.ktrain.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.OutOfMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.MethodHandle;

/**
 * The part of oneDNN's C API that ktrain calls, on raw addresses. Each group of functions is a holder class of its own,
 * so that a program pays for linking what it uses. Only to be touched when {@link NativeLibrary#available()}.
 */
final class OneDnn {
  static final int ANY = 1;
  static final int NCHW = 5;
  static final int NHWC = 22;
  static final int OIHW = 5;
  static final int GOIHW = 6;
  static final int VECTOR = 2;

  static final int SRC = 1;
  static final int DST = 17;
  static final int WEIGHTS = 33;
  static final int BIAS = 41;
  static final int SCRATCHPAD = 80;
  static final int FIRST_OF_MANY = 1024;
  static final int DIFF_SRC = 129;
  static final int DIFF_DST = 145;
  static final int DIFF_WEIGHTS = 161;
  static final int DIFF_BIAS = 169;

  static final int WEIGHTS_DESC = 131;
  static final int DIFF_WEIGHTS_DESC = 132;
  static final int SCRATCHPAD_DESC = 136;

  static final int BF16 = 2;
  private static final int F32 = 3;
  private static final int IMPLEMENTATION_NAME = 8;
  private static final int FORWARD_TRAINING = 64;
  private static final int CONVOLUTION_DIRECT = 1;
  private static final long CPU = 1;
  private static final long IN_ORDER = 1;
  private static final int MAX_DIMS = 12;

  private OneDnn() {}

  private static final class Gemm {
    static final MethodHandle SGEMM = NativeLibrary.function("dnnl_sgemm", FunctionDescriptor.of(JAVA_INT,
        JAVA_BYTE, JAVA_BYTE, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_FLOAT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
        JAVA_FLOAT, JAVA_LONG, JAVA_LONG));
  }

  private static final class Primitives {
    static final MethodHandle ENGINE_CREATE = NativeLibrary.function("dnnl_engine_create");
    static final MethodHandle STREAM_CREATE = NativeLibrary.function("dnnl_stream_create");
    static final MethodHandle DESC_WITH_TAG = NativeLibrary.function("dnnl_memory_desc_create_with_tag");
    static final MethodHandle DESC_SIZE = NativeLibrary.function("dnnl_memory_desc_get_size");
    static final MethodHandle DESC_CLONE = NativeLibrary.function("dnnl_memory_desc_clone");
    static final MethodHandle DESC_PART = NativeLibrary.function("dnnl_memory_desc_create_submemory");
    static final MethodHandle DESC_DESTROY = NativeLibrary.function("dnnl_memory_desc_destroy");
    static final MethodHandle MEMORY_CREATE = NativeLibrary.function("dnnl_memory_create");
    static final MethodHandle MEMORY_SET_DATA = NativeLibrary.function("dnnl_memory_set_data_handle");
    static final MethodHandle MEMORY_DESTROY = NativeLibrary.function("dnnl_memory_destroy");
    static final MethodHandle PRIMITIVE_DESTROY = NativeLibrary.function("dnnl_primitive_destroy");
    static final MethodHandle PRIMITIVE_CREATE = NativeLibrary.function("dnnl_primitive_create");
    static final MethodHandle PRIMITIVE_DESC_DESTROY = NativeLibrary.function("dnnl_primitive_desc_destroy");
    static final MethodHandle QUERY = NativeLibrary.function("dnnl_primitive_desc_query");
    static final MethodHandle QUERY_DESC = NativeLibrary.function("dnnl_primitive_desc_query_md");
    static final MethodHandle EXECUTE = NativeLibrary.function("dnnl_primitive_execute");
    static final MethodHandle REORDER = NativeLibrary.function("dnnl_reorder_primitive_desc_create");
    static final MethodHandle ATTR_CREATE = NativeLibrary.function("dnnl_primitive_attr_create");
    static final MethodHandle ATTR_SCRATCHPAD = NativeLibrary.function("dnnl_primitive_attr_set_scratchpad_mode");

    static final long ENGINE;
    static final long STREAM;
    /** Library scratchpads bind a primitive to one thread, so every primitive is given its scratchpad by the caller. */
    static final long USER_SCRATCHPAD;

    static {
      try (var arena = Arena.ofConfined()) {
        MemorySegment out = arena.allocate(JAVA_LONG);
        check("engine", (long) ENGINE_CREATE.invokeExact(out.address(), CPU, 0L, 0L, 0L, 0L));
        ENGINE = out.get(JAVA_LONG, 0);
        check("stream", (long) STREAM_CREATE.invokeExact(out.address(), ENGINE, IN_ORDER, 0L, 0L, 0L));
        STREAM = out.get(JAVA_LONG, 0);
        USER_SCRATCHPAD = attributes(out);
      } catch (Throwable e) {
        throw rethrown(e);
      }
    }
  }

  private static final class Sum {
    static final MethodHandle CREATE =
        NativeLibrary.function("dnnl_sum_primitive_desc_create", Convolution.TYPE);
  }

  private static final class MatMul {
    static final MethodHandle DESC_WITH_STRIDES = NativeLibrary.function("dnnl_memory_desc_create_with_strides");
    static final MethodHandle CREATE = NativeLibrary.function("dnnl_matmul_primitive_desc_create", Convolution.TYPE);
  }

  private static final class Convolution {
    /** As many words as the longest of the three takes; surplus ones are not seen, as in NativeLibrary.function. */
    static final FunctionDescriptor TYPE = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
        JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle FORWARD =
        NativeLibrary.function("dnnl_convolution_forward_primitive_desc_create", TYPE);
    static final MethodHandle BACKWARD_DATA =
        NativeLibrary.function("dnnl_convolution_backward_data_primitive_desc_create", TYPE);
    static final MethodHandle BACKWARD_WEIGHTS =
        NativeLibrary.function("dnnl_convolution_backward_weights_primitive_desc_create", TYPE);
  }

  /** {@code C = alpha * op(A) op(B) + beta * C}, row-major, on the calling thread. */
  static void sgemm(boolean transA, boolean transB, int m, int n, int k, float alpha, long a, int lda, long b, int ldb,
      float beta, long c, int ldc) {
    int status;
    try {
      status = (int) Gemm.SGEMM.invokeExact((byte) (transA ? 'T' : 'N'), (byte) (transB ? 'T' : 'N'), (long) m,
          (long) n, (long) k, alpha, a, (long) lda, b, (long) ldb, beta, c, (long) ldc);
    } catch (Throwable e) {
      throw rethrown(e);
    }
    if (status != 0) check("sgemm " + m + "x" + n + "x" + k, status);
  }

  /** A new dense f32 descriptor; {@code tag} is one of the layouts above. */
  static long desc(int tag, long... dims) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      check("memory descriptor", (long) Primitives.DESC_WITH_TAG.invokeExact(out.address(), (long) dims.length,
          dims(arena, dims), (long) F32, (long) tag, 0L));
      return out.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** A new descriptor of a matrix whose elements lie so far apart; {@code type} is one of the types above. */
  static long matrix(int type, long rows, long columns, long rowStride, long columnStride) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      check("memory descriptor", (long) MatMul.DESC_WITH_STRIDES.invokeExact(out.address(), 2L, dims(arena, rows, columns),
          (long) type, dims(arena, rowStride, columnStride), 0L));
      return out.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** A primitive descriptor of a matrix product, or 0 if oneDNN has none for these types. {@code bias} is 0 for none. */
  static long matmul(long a, long b, long bias, long c) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      return created(out, (long) MatMul.CREATE.invokeExact(out.address(), Primitives.ENGINE, a, b, bias, c,
          Primitives.USER_SCRATCHPAD, 0L, 0L, 0L, 0L, 0L, 0L));
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  static void destroyDesc(long desc) {
    call(Primitives.DESC_DESTROY, desc, 0, 0, 0);
  }

  /** Bytes, padding of blocked layouts included. */
  static long size(long desc) {
    return call(Primitives.DESC_SIZE, desc, 0, 0, 0);
  }

  static long copyOf(long desc) {
    return create("memory descriptor", Primitives.DESC_CLONE, desc, 0, 0);
  }

  /** The part of a tensor that begins at {@code offsets}, or 0 if its layout cannot be cut there. */
  static long part(long desc, long[] dims, long[] offsets) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      long status = call(Primitives.DESC_PART, out.address(), desc, dims(arena, dims), dims(arena, offsets));
      return (int) status == 0 ? out.get(JAVA_LONG, 0) : 0;
    }
  }

  /** Sizes and steps of a convolution, as oneDNN takes them: its dilation counts the holes. */
  record Window(long sh, long sw, long dh, long dw, long top, long left, long bottom, long right) {}

  /** A primitive descriptor, or 0 if oneDNN has no implementation for these layouts. {@code bias} is 0 for none. */
  static long convolutionForward(long src, long weights, long bias, long dst, Window w) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      return created(out, (long) Convolution.FORWARD.invokeExact(out.address(), Primitives.ENGINE,
          (long) FORWARD_TRAINING, (long) CONVOLUTION_DIRECT, src, weights, bias, dst, dims(arena, w.sh, w.sw),
          dims(arena, w.dh, w.dw), dims(arena, w.top, w.left), dims(arena, w.bottom, w.right),
          Primitives.USER_SCRATCHPAD));
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  static long convolutionBackwardData(long diffSrc, long weights, long diffDst, Window w, long forward) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      return created(out, (long) Convolution.BACKWARD_DATA.invokeExact(out.address(), Primitives.ENGINE,
          (long) CONVOLUTION_DIRECT, diffSrc, weights, diffDst, dims(arena, w.sh, w.sw), dims(arena, w.dh, w.dw),
          dims(arena, w.top, w.left), dims(arena, w.bottom, w.right), forward, Primitives.USER_SCRATCHPAD, 0L));
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  static long convolutionBackwardWeights(long src, long diffWeights, long diffBias, long diffDst, Window w,
      long forward) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      return created(out, (long) Convolution.BACKWARD_WEIGHTS.invokeExact(out.address(), Primitives.ENGINE,
          (long) CONVOLUTION_DIRECT, src, diffWeights, diffBias, diffDst, dims(arena, w.sh, w.sw),
          dims(arena, w.dh, w.dw), dims(arena, w.top, w.left), dims(arena, w.bottom, w.right), forward,
          Primitives.USER_SCRATCHPAD));
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** A copy from one layout to another. */
  static long reorder(long from, long to) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      check("reorder", (long) Primitives.REORDER.invokeExact(
          out.address(), from, Primitives.ENGINE, to, Primitives.ENGINE, Primitives.USER_SCRATCHPAD));
      return out.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** The sum of {@code count} tensors alike; the result may take the place of the first. */
  static long sum(long desc, int count) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      MemorySegment scales = arena.allocate(JAVA_FLOAT, count);
      MemorySegment descs = arena.allocate(JAVA_LONG, count);
      for (int i = 0; i < count; i++) {
        scales.setAtIndex(JAVA_FLOAT, i, 1f);
        descs.setAtIndex(JAVA_LONG, i, desc);
      }
      check("sum", (long) Sum.CREATE.invokeExact(out.address(), Primitives.ENGINE, desc, (long) count,
          scales.address(), descs.address(), Primitives.USER_SCRATCHPAD, 0L, 0L, 0L, 0L, 0L, 0L));
      return out.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  static void destroyPrimitiveDesc(long primitiveDesc) {
    call(Primitives.PRIMITIVE_DESC_DESTROY, primitiveDesc, 0, 0, 0);
  }

  /** A descriptor owned by the primitive descriptor, 0 if it has none of this kind; {@code what} ends in _DESC. */
  static long queryDesc(long primitiveDesc, int what) {
    return call(Primitives.QUERY_DESC, primitiveDesc, what, 0, 0);
  }

  static String implementation(long primitiveDesc) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      check("implementation name", call(Primitives.QUERY, primitiveDesc, IMPLEMENTATION_NAME, 0, out.address()));
      return MemorySegment.ofAddress(out.get(JAVA_LONG, 0)).reinterpret(256).getString(0);
    }
  }

  static long primitive(long primitiveDesc) {
    return create("primitive", Primitives.PRIMITIVE_CREATE, primitiveDesc, 0, 0);
  }

  /** A memory object without data; {@link #setData} gives it some before each use. */
  static long memory(long desc) {
    return create("memory", Primitives.MEMORY_CREATE, desc, Primitives.ENGINE, 0);
  }

  static void setData(long memory, long address) {
    int status;
    try {
      status = (int) (long) Primitives.MEMORY_SET_DATA.invokeExact(memory, address, 0L, 0L, 0L, 0L);
    } catch (Throwable e) {
      throw rethrown(e);
    }
    if (status != 0) check("memory", status);
  }

  /** Runs a primitive on the calling thread. {@code arguments}: {@code count} pairs of an int kind and a memory. */
  static void execute(long primitive, int count, long arguments) {
    int status;
    try {
      status = (int) (long) Primitives.EXECUTE.invokeExact(
          primitive, Primitives.STREAM, (long) count, arguments, 0L, 0L);
    } catch (Throwable e) {
      throw rethrown(e);
    }
    if (status != 0) check("execution", status);
  }

  static void destroyMemory(long memory) {
    call(Primitives.MEMORY_DESTROY, memory, 0, 0, 0);
  }

  static void destroyPrimitive(long primitive) {
    call(Primitives.PRIMITIVE_DESTROY, primitive, 0, 0, 0);
  }

  private static long attributes(MemorySegment out) throws Throwable {
    check("attributes", (long) Primitives.ATTR_CREATE.invokeExact(out.address(), 0L, 0L, 0L, 0L, 0L));
    long attributes = out.get(JAVA_LONG, 0);
    check("attributes", (long) Primitives.ATTR_SCRATCHPAD.invokeExact(attributes, 1L, 0L, 0L, 0L, 0L));
    return attributes;
  }

  private static long create(String what, MethodHandle function, long a, long b, long c) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      check(what, call(function, out.address(), a, b, c));
      return out.get(JAVA_LONG, 0);
    }
  }

  private static long call(MethodHandle function, long a, long b, long c, long d) {
    try {
      return (long) function.invokeExact(a, b, c, d, 0L, 0L);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  private static long dims(SegmentAllocator arena, long... sizes) {
    MemorySegment dims = arena.allocate(JAVA_LONG, MAX_DIMS);
    for (int i = 0; i < sizes.length; i++) dims.setAtIndex(JAVA_LONG, i, sizes[i]);
    return dims.address();
  }

  private static long created(MemorySegment out, long status) {
    if ((int) status == 3) return 0; // unimplemented
    check("primitive", status);
    return out.get(JAVA_LONG, 0);
  }

  private static void check(String what, long status) {
    String reason = switch ((int) status) {
      case 0 -> null;
      case 1 -> throw new OutOfMemory("oneDNN: no memory left for " + what + ". Fix: a smaller batch.");
      case 2 -> "invalid arguments";
      case 3 -> "not implemented";
      case 5 -> "a runtime error";
      default -> "status " + (int) status;
    };
    if (reason != null) throw new KtrainException("oneDNN: " + what + " failed with " + reason
        + ". This is a fault in ktrain, not in your program; KTRAIN_NATIVE=off runs without oneDNN.");
  }

  /** A downcall itself throws nothing checked. */
  private static RuntimeException rethrown(Throwable e) {
    if (e instanceof Error error) throw error;
    return e instanceof RuntimeException known ? known : new IllegalStateException(e);
  }
}

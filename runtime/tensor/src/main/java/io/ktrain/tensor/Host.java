package io.ktrain.tensor;

import io.ktrain.backend.Backend;
import io.ktrain.backend.Backends;
import io.ktrain.memory.Pool;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Shapes;
import io.ktrain.op.Spec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Elements between tensors and the host's arrays. */
public final class Host {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED;
  private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfByte I8 = ValueLayout.JAVA_BYTE;

  private Host() {}

  static Tensor copyOf(MemorySegment data, DType dtype, Shape shape, String what) {
    if (data.byteSize() != shape.numel() * dtype.bytes())
      throw new ShapeError("tensor: " + what + " does not fill " + dtype + shape + ", which has " + shape.numel() + " elements.");
    Device device = Context.current().device();
    if (Check.active()) return Tensor.shapeOnly(shape, dtype, device);
    Tensor t = Dispatch.allocate("tensor", new Spec(shape, dtype), device, Layout.contiguous(shape));
    if (shape.numel() > 0) Backends.of(device).write(data, t.storage(), 0);
    return t;
  }

  /** The elements as little-endian bytes, row-major; zeros while checking. */
  public static MemorySegment bytes(Tensor t) {
    long size = t.numel() * t.getDtype().bytes();
    if (size > Integer.MAX_VALUE - 64) throw new ShapeError("toArray: " + t.describe() + " is too large for one Java array.");
    MemorySegment to = MemorySegment.ofArray(new byte[(int) size]);
    if (t.isShapeOnly()) {
      if (Check.active()) Check.current().read(t);
      return to;
    }
    if (size == 0) return to;
    Tensor dense = t.isContiguous() ? t : Context.current().withGrad(false, () -> Shapes.clone(t));
    Backends.of(t.getDevice()).read(dense.storage(), dense.layout().offset() * t.getDtype().bytes(), to);
    if (dense != t) dense.storage().free("toArray");
    return to;
  }

  /** The elements' own memory; zeros while checking. */
  static MemorySegment shared(Tensor t) {
    if (t.getRequiresGrad())
      throw new AutogradError("asMemorySegment: this " + t.describe() + " requires grad, and its graph would not know of writes to its memory. Fix: detach().asMemorySegment().");
    if (!t.isContiguous()) throw new KtrainException("asMemorySegment: the elements of " + t.describe() + " do not lie row-major in memory. Fix: contiguous().asMemorySegment().");
    if (t.isShapeOnly()) return bytes(t);
    if (t.isConstant() || t.storage().host() == null)
      throw new DeviceError("asMemorySegment: the host cannot reach the memory of " + t.describe() + " on " + t.getDevice() + ". Fix: to(Device.CPU).asMemorySegment().");
    t.storage().keep();
    t.storage().share();
    int size = t.getDtype().bytes();
    return t.storage().host().asSlice(t.layout().offset() * size, t.numel() * size);
  }

  static Number one(Tensor t) {
    if (t.isConstant()) return t.constantValue();
    if (t.numel() != 1) throw new ShapeError("item: needs a tensor of one element, got " + t.describe() + ". Fix: index it, or toFloatArray().");
    MemorySegment bytes = bytes(t);
    if (t.isShapeOnly()) return t.getDtype().isFloating() ? (Number) Double.NaN : (Number) 0L;
    return t.getDtype().isFloating() ? (Number) real(bytes, t.getDtype(), 0) : (Number) whole(bytes, t.getDtype(), 0);
  }

  static float[] floats(Tensor t) {
    MemorySegment bytes = bytes(t);
    float[] out = new float[Math.toIntExact(t.numel())];
    if (t.isShapeOnly()) java.util.Arrays.fill(out, Float.NaN);
    else if (t.getDtype() == DType.f32) MemorySegment.copy(bytes, F32, 0, out, 0, out.length);
    else for (int i = 0; i < out.length; i++) out[i] = (float) real(bytes, t.getDtype(), i);
    return out;
  }

  static double[] doubles(Tensor t) {
    MemorySegment bytes = bytes(t);
    double[] out = new double[Math.toIntExact(t.numel())];
    for (int i = 0; i < out.length; i++) out[i] = t.isShapeOnly() ? Double.NaN : real(bytes, t.getDtype(), i);
    return out;
  }

  static long[] longs(Tensor t) {
    MemorySegment bytes = bytes(t);
    long[] out = new long[Math.toIntExact(t.numel())];
    if (t.isShapeOnly()) return out;
    for (int i = 0; i < out.length; i++) out[i] = t.getDtype().isFloating() ? (long) real(bytes, t.getDtype(), i) : whole(bytes, t.getDtype(), i);
    return out;
  }

  /** Element {@code i} of row-major memory, as a double. */
  public static double real(MemorySegment m, DType dtype, long i) {
    return switch (dtype) {
      case f64 -> m.getAtIndex(F64, i);
      case f32 -> m.getAtIndex(F32, i);
      case f16 -> Float.float16ToFloat(m.getAtIndex(I16, i));
      case bf16 -> bf16(m.getAtIndex(I16, i));
      default -> whole(m, dtype, i);
    };
  }

  /** Element {@code i} of row-major memory, as a long. */
  public static long whole(MemorySegment m, DType dtype, long i) {
    return switch (dtype) {
      case i64 -> m.getAtIndex(I64, i);
      case i32 -> m.getAtIndex(I32, i);
      case i16 -> m.getAtIndex(I16, i);
      case i8 -> m.get(I8, i);
      case u8 -> m.get(I8, i) & 0xFF;
      case bool -> m.get(I8, i) != 0 ? 1 : 0;
      default -> (long) real(m, dtype, i);
    };
  }

  public static float bf16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Rounded to the nearest, halves to even; NaN stays NaN. */
  public static short bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return (short) (bits >>> 16 | 0x40);
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }

  /** The elements on another device, outside the graph. */
  public static Tensor moved(Tensor t, Device device) {
    Backend to = Backends.of(device);
    to.pool(device);
    if (t.isShapeOnly()) return Tensor.shapeOnly(t.getShape(), t.getDtype(), device);
    Pool pool = to.arrivals(device, t.storage());
    return filled(t, Dispatch.allocate("to", new Spec(t.getShape(), t.getDtype()), device, pool, Layout.contiguous(t.getShape())));
  }

  /** A copy in host memory from which {@link Tensor#to(Device)} is quickest; {@code t} itself where none is quicker. */
  static Tensor pinned(Tensor t) {
    if (t.isShapeOnly() || t.isConstant() || t.storage().host() == null) return t;
    for (Backend backend : Backends.all()) {
      Pool pool = backend.isUsable() ? backend.pinned() : null;
      if (pool == null) continue;
      if (t.storage().isFrom(pool)) return t;
      return filled(t, Dispatch.allocate("pinMemory", new Spec(t.getShape(), t.getDtype()), t.getDevice(), pool, Layout.contiguous(t.getShape())));
    }
    return t;
  }

  private static Tensor filled(Tensor from, Tensor to) {
    if (from.numel() == 0) return to;
    Tensor dense = from.isContiguous() ? from : Context.current().withGrad(false, () -> Shapes.clone(from));
    long offset = dense.layout().offset() * from.getDtype().bytes(), bytes = from.numel() * from.getDtype().bytes();
    boolean direct = dense.storage().host() != null || from.getDevice().type().equals(to.getDevice().type());
    if (direct) Backends.of(to.getDevice()).upload(dense.storage(), offset, to.storage(), bytes);
    else if (to.storage().host() != null) Backends.of(from.getDevice()).read(dense.storage(), offset, to.storage().host().asSlice(0, bytes));
    else Backends.of(to.getDevice()).write(bytes(dense), to.storage(), 0);
    if (dense != from) dense.storage().free("to");
    return to;
  }
}

package io.ktrain.backend.cpu;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Host;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Runs of elements of any type between storage and Java arrays, at any stride. Bounds are checked; no address is used. */
final class Elements {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED;
  private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;

  private Elements() {}

  static void load(MemorySegment m, DType type, long from, long stride, float[] to, int n) {
    load(m, type, from, stride, to, 0, n);
  }

  /** Fills {@code n} elements of {@code to} from {@code at} on. */
  static void load(MemorySegment m, DType type, long from, long stride, float[] to, int at, int n) {
    if (type == DType.f32 && stride == 1) MemorySegment.copy(m, F32, from * 4, to, at, n);
    else if (type == DType.f32) for (int i = 0; i < n; i++) to[at + i] = m.getAtIndex(F32, from + i * stride);
    else if (stride == 1 && type.isFloating() && type.bytes() == 2) widen(m, type, from, to, at, n);
    else if (type.isFloating()) for (int i = 0; i < n; i++) to[at + i] = (float) Host.real(m, type, from + i * stride);
    else for (int i = 0; i < n; i++) to[at + i] = Host.whole(m, type, from + i * stride);
  }

  /** Loops that the JIT makes vector code of. */
  private static void widen(MemorySegment m, DType type, long from, float[] to, int at, int n) {
    short[] bits = new short[n];
    MemorySegment.copy(m, I16, from * 2, bits, 0, n);
    if (type == DType.bf16) for (int i = 0; i < n; i++) to[at + i] = Host.bf16(bits[i]);
    else for (int i = 0; i < n; i++) to[at + i] = Float.float16ToFloat(bits[i]);
  }

  private static void narrow(float[] from, int at, MemorySegment m, DType type, long to, int n) {
    short[] bits = new short[n];
    if (type == DType.bf16) for (int i = 0; i < n; i++) bits[i] = Host.bf16(from[at + i]);
    else for (int i = 0; i < n; i++) bits[i] = Float.floatToFloat16(from[at + i]);
    MemorySegment.copy(bits, 0, m, I16, to * 2, n);
  }

  static void load(MemorySegment m, DType type, long from, long stride, double[] to, int n) {
    load(m, type, from, stride, to, 0, n);
  }

  static void load(MemorySegment m, DType type, long from, long stride, double[] to, int at, int n) {
    if (type == DType.f64 && stride == 1) MemorySegment.copy(m, F64, from * 8, to, at, n);
    else if (type.isFloating()) for (int i = 0; i < n; i++) to[at + i] = Host.real(m, type, from + i * stride);
    else for (int i = 0; i < n; i++) to[at + i] = Host.whole(m, type, from + i * stride);
  }

  static void load(MemorySegment m, DType type, long from, long stride, long[] to, int n) {
    load(m, type, from, stride, to, 0, n);
  }

  static void load(MemorySegment m, DType type, long from, long stride, long[] to, int at, int n) {
    if (type == DType.i64 && stride == 1) MemorySegment.copy(m, I64, from * 8, to, at, n);
    else for (int i = 0; i < n; i++) to[at + i] = Host.whole(m, type, from + i * stride);
  }

  static void store(float[] from, MemorySegment m, DType type, long to, long stride, int n) {
    store(from, 0, m, type, to, stride, n);
  }

  /** Writes {@code n} elements of {@code from}, from {@code at} on. */
  static void store(float[] from, int at, MemorySegment m, DType type, long to, long stride, int n) {
    if (type == DType.f32 && stride == 1) MemorySegment.copy(from, at, m, F32, to * 4, n);
    else if (stride == 1 && type.isFloating() && type.bytes() == 2) narrow(from, at, m, type, to, n);
    else for (int i = 0; i < n; i++) {
      float v = from[at + i];
      long place = to + i * stride;
      switch (type) {
        case f32 -> m.setAtIndex(F32, place, v);
        case f64 -> m.setAtIndex(F64, place, v);
        case f16 -> m.setAtIndex(I16, place, Float.floatToFloat16(v));
        case bf16 -> m.setAtIndex(I16, place, Host.bf16(v));
        case bool -> m.set(ValueLayout.JAVA_BYTE, place, (byte) (v != 0 ? 1 : 0));
        default -> whole(m, type, place, (long) v);
      }
    }
  }

  static void store(double[] from, MemorySegment m, DType type, long to, long stride, int n) {
    store(from, 0, m, type, to, stride, n);
  }

  static void store(double[] from, int at, MemorySegment m, DType type, long to, long stride, int n) {
    if (type == DType.f64 && stride == 1) MemorySegment.copy(from, at, m, F64, to * 8, n);
    else for (int i = 0; i < n; i++) real(m, type, to + i * stride, from[at + i]);
  }

  static void store(long[] from, MemorySegment m, DType type, long to, long stride, int n) {
    store(from, 0, m, type, to, stride, n);
  }

  static void store(long[] from, int at, MemorySegment m, DType type, long to, long stride, int n) {
    for (int i = 0; i < n; i++) {
      if (type.isFloating()) real(m, type, to + i * stride, from[at + i]);
      else whole(m, type, to + i * stride, from[at + i]);
    }
  }

  static void real(MemorySegment m, DType type, long at, double v) {
    switch (type) {
      case f64 -> m.setAtIndex(F64, at, v);
      case f32 -> m.setAtIndex(F32, at, (float) v);
      case f16 -> m.setAtIndex(I16, at, Float.floatToFloat16((float) v));
      case bf16 -> m.setAtIndex(I16, at, Host.bf16((float) v));
      case bool -> m.set(ValueLayout.JAVA_BYTE, at, (byte) (v != 0 ? 1 : 0));
      default -> whole(m, type, at, (long) v);
    }
  }

  static void whole(MemorySegment m, DType type, long at, long v) {
    switch (type) {
      case i64 -> m.setAtIndex(I64, at, v);
      case i32 -> m.setAtIndex(I32, at, (int) v);
      case i16 -> m.setAtIndex(I16, at, (short) v);
      case i8, u8 -> m.set(ValueLayout.JAVA_BYTE, at, (byte) v);
      case bool -> m.set(ValueLayout.JAVA_BYTE, at, (byte) (v != 0 ? 1 : 0));
      default -> real(m, type, at, v);
    }
  }
}

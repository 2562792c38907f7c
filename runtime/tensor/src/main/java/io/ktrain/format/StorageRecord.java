package io.ktrain.format;

import io.ktrain.tensor.DType;
import java.util.Map;

/**
 * A block of elements that a pickle names and a file holds elsewhere.
 *
 * @param numel how many elements of PyTorch's type it has; a complex one is {@code parts} of ours
 */
record StorageRecord(String key, DType dtype, int parts, long numel) {
  /** PyTorch's storage classes that ktrain can hold. */
  enum Type {
    DoubleStorage(DType.f64, 1),
    FloatStorage(DType.f32, 1),
    HalfStorage(DType.f16, 1),
    BFloat16Storage(DType.bf16, 1),
    LongStorage(DType.i64, 1),
    IntStorage(DType.i32, 1),
    ShortStorage(DType.i16, 1),
    CharStorage(DType.i8, 1),
    ByteStorage(DType.u8, 1),
    BoolStorage(DType.bool, 1),
    ComplexDoubleStorage(DType.f64, 2),
    ComplexFloatStorage(DType.f32, 2);

    final DType dtype;
    final int parts;

    Type(DType dtype, int parts) {
      this.dtype = dtype;
      this.parts = parts;
    }

    static Type of(DType dtype) {
      for (Type t : values()) if (t.dtype == dtype) return t;
      throw new IllegalArgumentException(dtype.toString());
    }
  }

  /** PyTorch's names of our types. */
  static final Map<String, DType> DTYPES = Map.ofEntries(
      Map.entry("float64", DType.f64), Map.entry("float32", DType.f32), Map.entry("float16", DType.f16),
      Map.entry("bfloat16", DType.bf16), Map.entry("int64", DType.i64), Map.entry("int32", DType.i32),
      Map.entry("int16", DType.i16), Map.entry("int8", DType.i8), Map.entry("uint8", DType.u8),
      Map.entry("bool", DType.bool));

  long elements() {
    return numel * parts;
  }

  long bytes() {
    return elements() * dtype.bytes();
  }
}

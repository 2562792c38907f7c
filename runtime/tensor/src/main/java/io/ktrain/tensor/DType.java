package io.ktrain.tensor;

/** Element types, named as they print; widest first within a kind. */
public enum DType {
  f64(8),
  f32(4),
  f16(2),
  bf16(2),
  i64(8),
  i32(4),
  i16(2),
  i8(1),
  u8(1),
  bool(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes per element. */
  public int bytes() {
    return bytes;
  }

  public boolean isFloating() {
    return ordinal() <= bf16.ordinal();
  }

  /** An integer type; bool is not one. */
  public boolean isInteger() {
    return !isFloating() && this != bool;
  }

  /** The type an operation on both gives, as PyTorch's {@code promote_types}. */
  public static DType promote(DType a, DType b) {
    if (a == b) return a;
    if (a.isFloating() || b.isFloating()) {
      if (!b.isFloating()) return a;
      if (!a.isFloating()) return b;
      if (a.bytes == 2 && b.bytes == 2) return f32;
      return a.bytes > b.bytes ? a : b;
    }
    if (a == bool) return b;
    if (b == bool) return a;
    if (a == u8 || b == u8) {
      DType other = a == u8 ? b : a;
      return other == i8 ? i16 : other;
    }
    return a.bytes > b.bytes ? a : b;
  }
}

package io.ktrain.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.Tensor;

/**
 * PyTorch's result_type: tensors with dims decide; 0-dim tensors and numbers only lift the kind (bool, integer,
 * floating).
 */
final class Promotion {
  private Promotion() {}

  static DType of(Call<?> call, int from) {
    Tensor first = call.in(from);
    if (call.inputs() == from + 1) return first.getDtype();
    DType dims = null, zero = null, number = null;
    for (int i = from; i < call.inputs(); i++) {
      Tensor t = call.in(i);
      DType d = t.getDtype();
      if (t.isConstant()) number = number == null ? d : DType.promote(number, d);
      else if (t.getNdim() == 0) zero = zero == null ? d : DType.promote(zero, d);
      else dims = dims == null ? d : DType.promote(dims, d);
    }
    return lift(lift(dims, zero), number);
  }

  /** The floating type of {@code x}, or the error where it has another. */
  static DType floating(String op, Tensor x) {
    if (!x.getDtype().isFloating())
      throw new DTypeError(op + ": needs a floating dtype, got " + x.describe() + ". Fix: to(f32).");
    return x.getDtype();
  }

  /** {@code weaker} counts only where it is of a higher kind. */
  private static DType lift(DType stronger, DType weaker) {
    if (stronger == null) return weaker;
    if (weaker == null || kind(weaker) <= kind(stronger)) return stronger;
    return weaker;
  }

  private static int kind(DType d) {
    return d == DType.bool ? 0 : d.isFloating() ? 2 : 1;
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;
import java.util.List;

/**
 * A value before and after the last dim: one width for all sides, or pairs from the last dim on. PyTorch's
 * ConstantPad1d.
 */
public final class ConstantPad1d extends Pad {
  public ConstantPad1d(double value, int... widths) {
    super(1, PaddingMode.ZEROS, value, widths);
  }

  @Override
  public List<Object> arguments() {
    return List.of(value(), widths().stream().mapToInt(n -> n).toArray());
  }

  @Override
  public String extraRepr() {
    return "padding=" + Repr.tuple(widths()) + ", value=" + Repr.shortest(value());
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;
import java.util.List;

/** A value around the last 3 dims: one width for all sides, or pairs from the last dim on. PyTorch's ConstantPad3d. */
public final class ConstantPad3d extends Pad {
  public ConstantPad3d(double value, int... widths) {
    super(3, PaddingMode.ZEROS, value, widths);
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

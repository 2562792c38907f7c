package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;
import java.util.List;

/** A value around the last 2 dims: one width for all sides, or pairs from the last dim on. PyTorch's ConstantPad2d. */
public final class ConstantPad2d extends Pad {
  public ConstantPad2d(double value, int... widths) {
    super(2, PaddingMode.ZEROS, value, widths);
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

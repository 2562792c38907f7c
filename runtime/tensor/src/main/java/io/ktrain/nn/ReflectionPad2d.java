package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;

/**
 * The elements beside the border in reverse around the last 2 dims: one width for all sides, or pairs from the last dim
 * on. PyTorch's ReflectionPad2d.
 */
public final class ReflectionPad2d extends Pad {
  public ReflectionPad2d(int... widths) {
    super(2, PaddingMode.REFLECT, 0, widths);
  }
}

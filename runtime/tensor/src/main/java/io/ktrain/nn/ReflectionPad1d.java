package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;

/**
 * The elements beside the border in reverse before and after the last dim: one width for all sides, or pairs from the
 * last dim on. PyTorch's ReflectionPad1d.
 */
public final class ReflectionPad1d extends Pad {
  public ReflectionPad1d(int... widths) {
    super(1, PaddingMode.REFLECT, 0, widths);
  }
}

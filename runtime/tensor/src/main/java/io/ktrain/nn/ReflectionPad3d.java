package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;

/**
 * The elements beside the border in reverse around the last 3 dims: one width for all sides, or pairs from the last dim
 * on. PyTorch's ReflectionPad3d.
 */
public final class ReflectionPad3d extends Pad {
  public ReflectionPad3d(int... widths) {
    super(3, PaddingMode.REFLECT, 0, widths);
  }
}

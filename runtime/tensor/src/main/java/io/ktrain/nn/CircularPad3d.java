package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;

/**
 * The elements of the other end around the last 3 dims: one width for all sides, or pairs from the last dim on.
 * PyTorch's CircularPad3d.
 */
public final class CircularPad3d extends Pad {
  public CircularPad3d(int... widths) {
    super(3, PaddingMode.CIRCULAR, 0, widths);
  }
}

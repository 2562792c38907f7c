package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;

/**
 * The elements of the other end before and after the last dim: one width for all sides, or pairs from the last dim on.
 * PyTorch's CircularPad1d.
 */
public final class CircularPad1d extends Pad {
  public CircularPad1d(int... widths) {
    super(1, PaddingMode.CIRCULAR, 0, widths);
  }
}

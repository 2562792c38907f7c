package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;

/**
 * The elements of the other end around the last 2 dims: one width for all sides, or pairs from the last dim on.
 * PyTorch's CircularPad2d.
 */
public final class CircularPad2d extends Pad {
  public CircularPad2d(int... widths) {
    super(2, PaddingMode.CIRCULAR, 0, widths);
  }
}

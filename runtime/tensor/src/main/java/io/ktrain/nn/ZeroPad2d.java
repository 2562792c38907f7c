package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;

/** Zeros around the last 2 dims: one width for all sides, or pairs from the last dim on. PyTorch's ZeroPad2d. */
public final class ZeroPad2d extends Pad {
  public ZeroPad2d(int... widths) {
    super(2, PaddingMode.ZEROS, 0, widths);
  }
}

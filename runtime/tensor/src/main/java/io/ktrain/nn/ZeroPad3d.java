package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;

/** Zeros around the last 3 dims: one width for all sides, or pairs from the last dim on. PyTorch's ZeroPad3d. */
public final class ZeroPad3d extends Pad {
  public ZeroPad3d(int... widths) {
    super(3, PaddingMode.ZEROS, 0, widths);
  }
}

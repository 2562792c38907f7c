package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;

/** Zeros before and after the last dim: one width for all sides, or pairs from the last dim on. PyTorch's ZeroPad1d. */
public final class ZeroPad1d extends Pad {
  public ZeroPad1d(int... widths) {
    super(1, PaddingMode.ZEROS, 0, widths);
  }
}

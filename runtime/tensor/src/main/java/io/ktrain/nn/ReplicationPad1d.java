package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;

/**
 * The border's elements again before and after the last dim: one width for all sides, or pairs from the last dim on.
 * PyTorch's ReplicationPad1d.
 */
public final class ReplicationPad1d extends Pad {
  public ReplicationPad1d(int... widths) {
    super(1, PaddingMode.REPLICATE, 0, widths);
  }
}

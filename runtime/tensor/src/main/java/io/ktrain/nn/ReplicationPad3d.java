package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;

/**
 * The border's elements again around the last 3 dims: one width for all sides, or pairs from the last dim on. PyTorch's
 * ReplicationPad3d.
 */
public final class ReplicationPad3d extends Pad {
  public ReplicationPad3d(int... widths) {
    super(3, PaddingMode.REPLICATE, 0, widths);
  }
}

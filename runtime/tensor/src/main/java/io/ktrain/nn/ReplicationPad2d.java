package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;

/**
 * The border's elements again around the last 2 dims: one width for all sides, or pairs from the last dim on. PyTorch's
 * ReplicationPad2d.
 */
public final class ReplicationPad2d extends Pad {
  public ReplicationPad2d(int... widths) {
    super(2, PaddingMode.REPLICATE, 0, widths);
  }
}

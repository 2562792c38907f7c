package io.ktrain.tensor;

import org.jspecify.annotations.Nullable;

/** PyTorch's settings of cross entropy; {@code weight}: one a class. */
public record CrossEntropyOptions(@Nullable Tensor weight, double labelSmoothing, long ignoreIndex, Reduction reduction) {
  public static final CrossEntropyOptions DEFAULT = new CrossEntropyOptions(null, 0, -100, Reduction.MEAN);
}

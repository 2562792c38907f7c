package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Who may look at what in a transformer, each as {@link MultiheadAttention#attend} takes it: masks by query and key,
 * and the padding of each sequence.
 *
 * @param causal each place of the target looks at itself and those before it only, besides what its mask says
 */
public record TransformerMasks(@Nullable Tensor source, @Nullable Tensor target, @Nullable Tensor memory,
    @Nullable Tensor sourcePadding, @Nullable Tensor targetPadding, @Nullable Tensor memoryPadding, boolean causal) {
  /** Everybody may look at everything. */
  public static final TransformerMasks NONE = new TransformerMasks(null, null, null, null, null, null, false);
}

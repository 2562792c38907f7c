package io.ktrain.tensor;

import io.ktrain.op.Attention;
import org.jspecify.annotations.Nullable;

/** Attention. */
public sealed interface AttentionMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  /** Of these queries [..., t, d] over keys [..., s, d] and values [..., s, e]: [..., t, e]; leading dims broadcast. */
  default Tensor scaledDotProductAttention(Tensor key, Tensor value) {
    return scaledDotProductAttention(key, value, null, 0, false, null);
  }

  /**
   * The same with a mask, broadcast to [..., t, s]: bool, true where a query may look at a key, or floating, added to the
   * scores. A query that may look at nothing gives NaN, as in PyTorch.
   *
   * @param dropout the probability with which a weight becomes 0; others are scaled by 1 / (1 - dropout)
   * @param causal query i looks at keys 0 to i only; instead of a mask
   * @param scale what the scores are multiplied with; null: 1 / sqrt(d)
   */
  default Tensor scaledDotProductAttention(
      Tensor key, Tensor value, @Nullable Tensor mask, double dropout, boolean causal, @Nullable Double scale) {
    return Attention.scaledDotProductAttention(self(), key, value, mask, dropout, causal, scale);
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What attention gives: {@code val (output, weights) = attention(x, x, x)}.
 *
 * @param output as the query, with what it took of the values
 * @param weights how much each query took of each value, before dropout: [batch, queries, keys] as a mean over the
 *     heads, or [batch, heads, queries, keys]; null unless they were asked for
 */
public record AttentionOutput(Tensor output, @Nullable Tensor weights) {
  public Tensor component1() {
    return output;
  }

  public @Nullable Tensor component2() {
    return weights;
  }
}

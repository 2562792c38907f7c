package io.ktrain.tensor;

/** Values along a dim and where they stood (i64). */
public record Extreme(Tensor values, Tensor indices) {
  /** {@code val (values, indices) = t.max(1)}. */
  public Tensor component1() {
    return values;
  }

  public Tensor component2() {
    return indices;
  }
}

package io.ktrain.tensor;

/**
 * What unique found: the distinct values or slices; for each element or slice which of them it is; and how often each
 * occurs.
 */
public record Unique(Tensor values, Tensor inverse, Tensor counts) {
  /** {@code val (values, inverse, counts) = t.unique()}. */
  public Tensor component1() {
    return values;
  }

  public Tensor component2() {
    return inverse;
  }

  public Tensor component3() {
    return counts;
  }
}

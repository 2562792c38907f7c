package io.ktrain.tensor;

/** How a loss of many elements becomes one. */
public enum Reduction {
  MEAN,
  SUM,
  NONE;

  /** Applied to the losses of single elements. */
  public Tensor of(Tensor losses) {
    return switch (this) {
      case MEAN -> losses.mean();
      case SUM -> losses.sum();
      case NONE -> losses;
    };
  }
}

package io.ktrain.tensor;

/** How a loss of many elements becomes one. */
public enum Reduction {
  MEAN,
  SUM,
  NONE,
  /** The sum divided by the size of dim 0, as PyTorch's {@code batchmean}: what the divergence of distributions is. */
  BATCHMEAN;

  /** Applied to the losses of single elements. */
  public Tensor of(Tensor losses) {
    return switch (this) {
      case MEAN -> losses.mean();
      case SUM -> losses.sum();
      case NONE -> losses;
      case BATCHMEAN -> losses.sum().div(losses.getNdim() == 0 ? 1 : losses.size(0));
    };
  }
}

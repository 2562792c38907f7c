package io.ktrain.nn;

import io.ktrain.tensor.Tensor;

/**
 * Dropout for selu, which keeps mean and variance, with probability p while training; the identity in evaluation.
 * PyTorch's AlphaDropout.
 */
public final class AlphaDropout extends DropoutNd {
  public AlphaDropout(double p) {
    super("alphaDropout", p);
  }

  @Override
  Tensor dropped(Tensor x, double p, boolean training) {
    return x.alphaDropout(p, training);
  }
}

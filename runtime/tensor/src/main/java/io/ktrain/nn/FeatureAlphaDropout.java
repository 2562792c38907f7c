package io.ktrain.nn;

import io.ktrain.tensor.Tensor;

/**
 * Dropout of whole channels for selu, which keeps mean and variance, with probability p while training; the identity in
 * evaluation. PyTorch's FeatureAlphaDropout.
 */
public final class FeatureAlphaDropout extends DropoutNd {
  public FeatureAlphaDropout(double p) {
    super("featureAlphaDropout", p);
  }

  @Override
  Tensor dropped(Tensor x, double p, boolean training) {
    return x.featureAlphaDropout(p, training);
  }
}

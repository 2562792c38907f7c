package io.ktrain.nn;

import io.ktrain.tensor.Tensor;

/**
 * Zeroes whole channels of [batch, channels, height, width], with probability p while training; the identity in
 * evaluation. PyTorch's Dropout2d.
 */
public final class Dropout2d extends DropoutNd {
  public Dropout2d(double p) {
    super("dropout2d", p);
  }

  @Override
  Tensor dropped(Tensor x, double p, boolean training) {
    return x.featureDropout(p, training);
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.Tensor;

/**
 * Zeroes whole channels of [batch, channels, length], with probability p while training; the identity in evaluation.
 * PyTorch's Dropout1d.
 */
public final class Dropout1d extends DropoutNd {
  public Dropout1d(double p) {
    super("dropout1d", p);
  }

  @Override
  Tensor dropped(Tensor x, double p, boolean training) {
    return x.getNdim() == 2 ? x.unsqueeze(0).featureDropout(p, training).squeeze(0)
        : x.featureDropout(p, training);
  }
}

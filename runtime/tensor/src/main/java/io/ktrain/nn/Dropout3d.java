package io.ktrain.nn;

import io.ktrain.tensor.Tensor;

/**
 * Zeroes whole channels of [batch, channels, depth, height, width], with probability p while training; the identity in
 * evaluation. PyTorch's Dropout3d.
 */
public final class Dropout3d extends DropoutNd {
  public Dropout3d(double p) {
    super("dropout3d", p);
  }

  @Override
  Tensor dropped(Tensor x, double p, boolean training) {
    return x.getNdim() == 4 ? x.unsqueeze(0).featureDropout(p, training).squeeze(0)
        : x.featureDropout(p, training);
  }
}

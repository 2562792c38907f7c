package io.ktrain.nn;

import io.ktrain.tensor.Tensor;

/** Zeroes elements with probability p while training and scales the rest; the identity in evaluation. PyTorch's Dropout. */
public final class Dropout extends DropoutNd {
  public Dropout(double p) {
    super("dropout", p);
  }

  @Override
  Tensor dropped(Tensor x, double p, boolean training) {
    return x.dropout(p, training);
  }
}

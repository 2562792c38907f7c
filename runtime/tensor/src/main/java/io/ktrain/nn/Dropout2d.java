package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.List;

/**
 * Zeroes whole channels of [batch, channels, height, width], with probability p while training; the identity in
 * evaluation. PyTorch's Dropout2d.
 */
public final class Dropout2d extends Module {
  private final double p;

  public Dropout2d(double p) {
    if (!(p >= 0 && p <= 1)) throw new KtrainException("dropout2d: p must lie in 0..1, got " + p + ".");
    this.p = p;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.featureDropout(p, isTraining());
  }

  @Override
  public List<Object> arguments() {
    return List.of(p);
  }

  @Override
  public String extraRepr() {
    return "p=" + Repr.number(p) + ", inplace=False";
  }
}

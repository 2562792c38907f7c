package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.List;

/**
 * Zeroes whole channels of [batch, channels, depth, height, width], with probability p while training; the identity in
 * evaluation. PyTorch's Dropout3d.
 */
public final class Dropout3d extends Module {
  private final double p;

  public Dropout3d(double p) {
    if (!(p >= 0 && p <= 1)) throw new KtrainException("dropout3d: p must lie in 0..1, got " + p + ".");
    this.p = p;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.getNdim() == 4 ? x.unsqueeze(0).featureDropout(p, isTraining()).squeeze(0)
        : x.featureDropout(p, isTraining());
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

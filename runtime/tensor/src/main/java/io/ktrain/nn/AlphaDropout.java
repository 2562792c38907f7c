package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.List;

/**
 * Dropout for selu, which keeps mean and variance, with probability p while training; the identity in evaluation.
 * PyTorch's AlphaDropout.
 */
public final class AlphaDropout extends Module {
  private final double p;

  public AlphaDropout(double p) {
    if (!(p >= 0 && p <= 1)) throw new KtrainException("alphaDropout: p must lie in 0..1, got " + p + ".");
    this.p = p;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.alphaDropout(p, isTraining());
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

package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Zeroes elements with probability p while training and scales the rest; the identity in evaluation. PyTorch's Dropout. */
public final class Dropout extends Module {
  private final double p;

  public Dropout(double p) {
    if (!(p >= 0 && p <= 1)) throw new KtrainException("dropout: p must lie in 0..1, got " + p + ".");
    this.p = p;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.dropout(p, isTraining());
  }

  @Override
  public List<Object> arguments() {
    return List.of(p);
  }

  @Override
  public String extraRepr() {
    return "p=" + p + ", inplace=False";
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Zeroes a part of its input at random while training, and is the identity in evaluation. PyTorch's _DropoutNd. */
public abstract sealed class DropoutNd extends Module
    permits Dropout, Dropout1d, Dropout2d, Dropout3d, AlphaDropout, FeatureAlphaDropout {
  private final double p;

  DropoutNd(String word, double p) {
    if (!(p >= 0 && p <= 1)) throw new KtrainException(word + ": p must lie in 0..1, got " + p + ".");
    this.p = p;
  }

  abstract Tensor dropped(Tensor x, double p, boolean training);

  @Override
  public final Tensor forward(Tensor x) {
    return dropped(x, p, isTraining());
  }

  @Override
  public final List<Object> arguments() {
    return List.of(p);
  }

  @Override
  public final String extraRepr() {
    return "p=" + Repr.number(p) + ", inplace=False";
  }
}

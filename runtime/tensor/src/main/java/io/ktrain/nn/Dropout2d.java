package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;

/**
 * Zeroes whole channels of [batch, channels, height, width] with probability p while training and scales the rest; the
 * identity in evaluation (Tompson et al. 2014). PyTorch's Dropout2d.
 */
public final class Dropout2d extends Module {
  private final double p;

  public Dropout2d(double p) {
    if (!(p >= 0 && p <= 1)) throw new KtrainException("dropout2d: p must lie in 0..1, got " + p + ".");
    this.p = p;
  }

  @Override
  public Tensor forward(Tensor x) {
    if (x.getNdim() != 4)
      throw new ShapeError("dropout2d: needs [batch, channels, height, width], got " + x.describe() + ".");
    if (!isTraining()) return x;
    return x.mul(Tensor.ones(Shape.of(x.size(0), x.size(1), 1, 1), x.getDtype()).to(x.getDevice()).dropout(p, true));
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

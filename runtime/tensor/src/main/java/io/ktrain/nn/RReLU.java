package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.List;

/**
 * x where positive, elsewhere a multiple of it: while training a random one for each element, from {@code lower} to
 * {@code upper}, else their mean. PyTorch's RReLU.
 */
public final class RReLU extends Module {
  private final double lower;
  private final double upper;

  public RReLU() {
    this(1.0 / 8, 1.0 / 3);
  }

  public RReLU(double lower, double upper) {
    if (!(lower <= upper)) throw new KtrainException("rrelu: lower " + lower + " is above upper " + upper + ".");
    this.lower = lower;
    this.upper = upper;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.rrelu(lower, upper, isTraining());
  }

  @Override
  public List<Object> arguments() {
    return List.of(lower, upper);
  }

  @Override
  public String extraRepr() {
    return "lower=" + Repr.number(lower) + ", upper=" + Repr.number(upper);
  }
}

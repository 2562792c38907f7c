package io.ktrain.nn;

import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** y = x * weight^T + bias over the last dim: [..., in] to [..., out]. PyTorch's Linear and LazyLinear. */
public sealed class Linear extends Module permits NonDynamicallyQuantizableLinear {
  private final int out;
  private final Parameter weight;
  private final Parameter bias;

  public Linear(int in, int out) {
    this(in, out, true);
  }

  /** @param in may be {@link Parameter#LAZY}, as PyTorch's LazyLinear */
  public Linear(int in, int out, boolean bias) {
    boolean lazy = in == Parameter.LAZY;
    if (!lazy && in < 0 || out < 1)
      throw new ShapeError("linear: sizes must be positive, got linear(" + (lazy ? "out = " : in + ", ") + out + ").");
    this.out = out;
    Shape shape = lazy ? Shape.SCALAR : Shape.of(out, in);
    weight = register("weight", lazy ? Parameter.lazy() : new Parameter(Init.weight(shape)));
    this.bias = !bias ? null : register("bias", lazy ? Parameter.lazy() : new Parameter(Init.bias(out, shape)));
  }

  public Parameter getWeight() {
    return weight;
  }

  public @Nullable Parameter getBias() {
    return bias;
  }

  @Override
  public Tensor forward(Tensor x) {
    if (!weight.isSized() && x.getNdim() > 0) {
      Shape shape = Shape.of(out, x.size(-1));
      weight.size(shape, Init::weight);
      if (bias != null) bias.size(Shape.of(out), s -> Init.bias(out, shape));
    }
    if (x.getNdim() == 0 || x.size(-1) != weight.size(1)) {
      if (x.getNdim() == 0) throw new ShapeError("linear: the input is a single value, but this layer is " + words() + ". Fix: reshape(1, " + weight.size(1) + ").");
      throw new ShapeError("linear: input " + x.describe() + " has " + x.size(-1) + " features in its last dim, but this layer is " + words()
          + ". Fix: linear(" + x.size(-1) + ", " + out + "), or linear(out = " + out + ").");
    }
    return x.linear(weight, bias);
  }

  private String words() {
    return weight.isSized() ? "linear(" + weight.size(1) + ", " + out + ")" : "linear(out = " + out + ")";
  }

  @Override
  public List<Object> arguments() {
    return List.of(weight.size(1), out, bias != null);
  }

  @Override
  public String extraRepr() {
    return "in_features=" + (weight.isSized() ? weight.size(1) : 0) + ", out_features=" + out + ", bias=" + (bias == null ? "False" : "True");
  }
}

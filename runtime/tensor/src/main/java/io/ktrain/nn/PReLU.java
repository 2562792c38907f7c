package io.ktrain.nn;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** x where positive, a learned multiple of it elsewhere (He et al. 2015). PyTorch's PReLU. */
public final class PReLU extends Module {
  private final Parameter weight;

  public PReLU() {
    this(1, 0.25);
  }

  /** @param parameters one in all, or one for each channel (dim 1) */
  public PReLU(int parameters, double first) {
    if (parameters < 1) throw new ShapeError("prelu: needs at least one parameter, got " + parameters + ".");
    weight = register("weight", new Parameter(Tensor.full(Shape.of(parameters), first, DType.f32)));
  }

  public Parameter getWeight() {
    return weight;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.prelu(weight);
  }

  @Override
  public List<Object> arguments() {
    return List.of(weight.size(0), 0.25);
  }

  @Override
  public String extraRepr() {
    return "num_parameters=" + weight.size(0);
  }
}

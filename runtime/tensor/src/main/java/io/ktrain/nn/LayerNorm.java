package io.ktrain.nn;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Normalizes over the last dims, then scales and shifts each element (Ba et al. 2016). PyTorch's LayerNorm. */
public final class LayerNorm extends Module {
  private final Shape shape;
  private final double eps;
  private final Parameter weight;
  private final Parameter bias;

  public LayerNorm(int... shape) {
    this(1e-5, shape);
  }

  public LayerNorm(double eps, int... shape) {
    this(eps, true, shape);
  }

  public LayerNorm(double eps, boolean affine, int... shape) {
    this.shape = Shape.of(shape);
    this.eps = eps;
    weight = affine ? register("weight", new Parameter(Tensor.ones(this.shape, DType.f32))) : null;
    bias = affine ? register("bias", new Parameter(Tensor.zeros(this.shape, DType.f32))) : null;
  }

  /** What elements are multiplied by; null where they are not. */
  public Parameter getWeight() {
    return weight;
  }

  /** What is added to elements; null where nothing is. */
  public Parameter getBias() {
    return bias;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.layerNorm(shape.ndim(), weight, bias, eps);
  }

  @Override
  public List<Object> arguments() {
    return List.of(eps, weight != null, shape.toArray());
  }

  @Override
  public String extraRepr() {
    return "(" + shape.toString().replaceAll("[\\[\\]]", "").replace(",", ", ") + (shape.ndim() == 1 ? ",)" : ")")
        + ", eps=" + Repr.number(eps) + ", elementwise_affine=" + Repr.flag(weight != null);
  }
}

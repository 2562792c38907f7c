package io.ktrain.nn;

import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** y = a^T weight b + bias, for each output: [..., in1] and [..., in2] to [..., out]. PyTorch's Bilinear. */
public final class Bilinear extends Module {
  private final Parameter weight;
  private final Parameter bias;

  public Bilinear(int in1, int in2, int out) {
    this(in1, in2, out, true);
  }

  public Bilinear(int in1, int in2, int out, boolean bias) {
    if (in1 < 1 || in2 < 1 || out < 1) throw new ShapeError("bilinear: sizes must be positive, got bilinear(" + in1 + ", " + in2 + ", " + out + ").");
    double bound = 1 / Math.sqrt(in1);
    weight = register("weight", new Parameter(Init.within(bound, Shape.of(out, in1, in2))));
    this.bias = bias ? register("bias", new Parameter(Init.within(bound, Shape.of(out)))) : null;
  }

  public Parameter getWeight() {
    return weight;
  }

  public @Nullable Parameter getBias() {
    return bias;
  }

  public Tensor invoke(Tensor a, Tensor b) {
    return call(a, in -> in.bilinear(b, weight, bias));
  }

  @Override
  public List<Object> arguments() {
    return List.of(weight.size(1), weight.size(2), weight.size(0), bias != null);
  }

  @Override
  public String extraRepr() {
    return "in1_features=" + weight.size(1) + ", in2_features=" + weight.size(2) + ", out_features=" + weight.size(0) + ", bias=" + (bias == null ? "False" : "True");
  }
}

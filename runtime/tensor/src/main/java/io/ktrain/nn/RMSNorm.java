package io.ktrain.nn;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Divides by the root mean square over the last dims, then scales each element (Zhang and Sennrich 2019). PyTorch's
 * RMSNorm.
 */
public final class RMSNorm extends Module {
  private final int[] shape;
  private final Double eps;
  private final Parameter weight;

  public RMSNorm(int... shape) {
    this(null, true, shape);
  }

  public RMSNorm(boolean affine, int... shape) {
    this(null, affine, shape);
  }

  /** @param eps added to the mean square; null: the distance from 1 to the next number of the input's type */
  public RMSNorm(@Nullable Double eps, boolean affine, int... shape) {
    this.shape = shape.clone();
    this.eps = eps;
    weight = affine ? register("weight", new Parameter(Tensor.ones(Shape.of(shape), DType.f32))) : null;
  }

  public @Nullable Parameter getWeight() {
    return weight;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.rmsNorm(shape.length, weight, eps != null ? eps : epsilon(x.getDtype()));
  }

  private static double epsilon(DType type) {
    return switch (type) {
      case f64 -> 0x1p-52;
      case f16 -> 0x1p-10;
      case bf16 -> 0x1p-7;
      default -> 0x1p-23;
    };
  }

  @Override
  public List<Object> arguments() {
    boolean affine = weight != null;
    return eps == null ? List.of(affine, shape.clone()) : List.of(eps, affine, shape.clone());
  }

  @Override
  public String extraRepr() {
    return Repr.tuple(Arrays.stream(shape).boxed().toList()) + ", eps=" + Repr.number(eps) + ", elementwise_affine="
        + Repr.flag(weight != null);
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes each sample's groups of channels (dim 1), then scales and shifts each channel (Wu and He 2018). PyTorch's
 * GroupNorm.
 */
public final class GroupNorm extends Module {
  private final int groups;
  private final int channels;
  private final double eps;
  private final Parameter weight;
  private final Parameter bias;

  public GroupNorm(int groups, int channels) {
    this(groups, channels, 1e-5, true);
  }

  public GroupNorm(int groups, int channels, double eps, boolean affine) {
    if (groups < 1 || channels < 1 || channels % groups != 0)
      throw new ShapeError("groupNorm: " + channels + " channels cannot be cut into " + groups + " groups.");
    this.groups = groups;
    this.channels = channels;
    this.eps = eps;
    weight = affine ? register("weight", new Parameter(Tensor.ones(Shape.of(channels), DType.f32))) : null;
    bias = affine ? register("bias", new Parameter(Tensor.zeros(Shape.of(channels), DType.f32))) : null;
  }

  public @Nullable Parameter getWeight() {
    return weight;
  }

  public @Nullable Parameter getBias() {
    return bias;
  }

  @Override
  public Tensor forward(Tensor x) {
    if (x.getNdim() > 1 && x.size(1) != channels)
      throw new ShapeError("groupNorm: input " + x.describe() + " has " + x.size(1)
          + " channels in dim 1, but this layer is groupNorm(" + groups + ", " + channels + "). Fix: groupNorm("
          + groups + ", " + x.size(1) + ").");
    return x.groupNorm(groups, weight, bias, eps);
  }

  @Override
  public List<Object> arguments() {
    return List.of(groups, channels, eps, weight != null);
  }

  @Override
  public String extraRepr() {
    return groups + ", " + channels + ", eps=" + Repr.number(eps) + ", affine=" + Repr.flag(weight != null);
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.Conv2dOptions;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** 2-D convolution over [batch, in, height, width]. PyTorch's Conv2d. */
public final class Conv2d extends Module {
  private final int in;
  private final int out;
  private final int kernelH;
  private final int kernelW;
  private final Conv2dOptions options;
  private final Parameter weight;
  private final Parameter bias;

  public Conv2d(int in, int out, int kernel) {
    this(in, out, kernel, kernel, Conv2dOptions.DEFAULT, true);
  }

  public Conv2d(int in, int out, int kernelH, int kernelW, Conv2dOptions options, boolean bias) {
    if (in < 1 || out < 1 || kernelH < 1 || kernelW < 1)
      throw new ShapeError("conv2d: sizes must be positive, got conv2d(" + in + ", " + out + ", kernel = " + kernelH + "x" + kernelW + ").");
    if (in % options.groups() != 0 || out % options.groups() != 0)
      throw new ShapeError("conv2d: " + in + " input and " + out + " output channels cannot be cut into " + options.groups() + " groups.");
    this.in = in;
    this.out = out;
    this.kernelH = kernelH;
    this.kernelW = kernelW;
    this.options = options;
    Shape shape = Shape.of(out, in / options.groups(), kernelH, kernelW);
    weight = register("weight", new Parameter(Init.weight(shape)));
    this.bias = bias ? register("bias", new Parameter(Init.bias(out, shape))) : null;
  }

  public Parameter getWeight() {
    return weight;
  }

  public @Nullable Parameter getBias() {
    return bias;
  }

  @Override
  public Tensor forward(Tensor x) {
    if (x.getNdim() != 4 || x.size(1) != in)
      throw new ShapeError("conv2d: input " + x.describe() + " must be [batch, " + in + ", height, width], since this layer is conv2d(" + in + ", " + out + ", kernel = " + kernelH + ")."
          + (x.getNdim() == 4 ? " Fix: conv2d(" + x.size(1) + ", " + out + ", kernel = " + kernelH + ")." : " Fix: unsqueeze(0) for a single picture."));
    return x.conv2d(weight, bias, options);
  }

  @Override
  public List<Object> arguments() {
    return List.of(in, out, kernelH, kernelW, options, bias != null);
  }

  @Override
  public String extraRepr() {
    Conv2dOptions o = options;
    return in + ", " + out + ", kernel_size=(" + kernelH + ", " + kernelW + "), stride=(" + o.strideH() + ", " + o.strideW() + ")"
        + (o.paddingH() != 0 || o.paddingW() != 0 ? ", padding=(" + o.paddingH() + ", " + o.paddingW() + ")" : "")
        + (o.dilationH() != 1 || o.dilationW() != 1 ? ", dilation=(" + o.dilationH() + ", " + o.dilationW() + ")" : "")
        + (o.groups() != 1 ? ", groups=" + o.groups() : "") + (bias == null ? ", bias=False" : "");
  }
}

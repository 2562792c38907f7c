package io.ktrain.nn;

import io.ktrain.tensor.Pool2dOptions;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** The largest of each window. PyTorch's MaxPool2d. */
public final class MaxPool2d extends Module {
  private final Pool2dOptions options;

  public MaxPool2d(Pool2dOptions options) {
    this.options = options;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.maxPool2d(options);
  }

  @Override
  public List<Object> arguments() {
    return List.of(options);
  }

  @Override
  public String extraRepr() {
    return "kernel_size=" + options.kernelH() + ", stride=" + options.strideH() + ", padding=" + options.paddingH() + ", dilation=1, ceil_mode="
        + (options.ceilMode() ? "True" : "False");
  }
}

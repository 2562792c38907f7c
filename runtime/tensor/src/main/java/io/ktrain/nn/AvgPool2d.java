package io.ktrain.nn;

import io.ktrain.tensor.Pool2dOptions;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** The mean of each window. PyTorch's AvgPool2d. */
public final class AvgPool2d extends Module {
  private final Pool2dOptions options;

  public AvgPool2d(Pool2dOptions options) {
    this.options = options;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.avgPool2d(options);
  }

  @Override
  public List<Object> arguments() {
    return List.of(options);
  }

  @Override
  public String extraRepr() {
    return "kernel_size=" + options.kernelH() + ", stride=" + options.strideH() + ", padding=" + options.paddingH();
  }
}

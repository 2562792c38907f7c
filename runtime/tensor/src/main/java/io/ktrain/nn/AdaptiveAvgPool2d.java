package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;

/** The means of a given number of cells, whatever the input's size. PyTorch's AdaptiveAvgPool2d. */
public final class AdaptiveAvgPool2d extends Module {
  private final int height;
  private final int width;

  public AdaptiveAvgPool2d(int height, int width) {
    this.height = height;
    this.width = width;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.adaptiveAvgPool2d(height, width);
  }

  @Override
  public List<Object> arguments() {
    return List.of(height, width);
  }

  @Override
  public String extraRepr() {
    return "output_size=(" + height + ", " + width + ")";
  }
}

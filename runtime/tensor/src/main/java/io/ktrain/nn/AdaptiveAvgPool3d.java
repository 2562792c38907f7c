package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;

/** The means of a given number of cells, whatever the input's size. PyTorch's AdaptiveAvgPool3d. */
public final class AdaptiveAvgPool3d extends Module {
  private final int depth;
  private final int height;
  private final int width;

  public AdaptiveAvgPool3d(int depth, int height, int width) {
    this.depth = depth;
    this.height = height;
    this.width = width;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.adaptiveAvgPool3d(depth, height, width);
  }

  @Override
  public List<Object> arguments() {
    return List.of(depth, height, width);
  }

  @Override
  public String extraRepr() {
    return "output_size=(" + depth + ", " + height + ", " + width + ")";
  }
}

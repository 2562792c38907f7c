package io.ktrain.nn;

import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** The largest elements of a given number of cells, whatever the input's size. PyTorch's AdaptiveMaxPool3d. */
public final class AdaptiveMaxPool3d extends Module {
  private final int depth;
  private final int height;
  private final int width;

  public AdaptiveMaxPool3d(int depth, int height, int width) {
    this.depth = depth;
    this.height = height;
    this.width = width;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.adaptiveMaxPool3d(depth, height, width).values();
  }

  /** The values, and their places among the elements of a channel: PyTorch's return_indices. */
  public Extreme withIndices(Tensor x) {
    return x.adaptiveMaxPool3d(depth, height, width);
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

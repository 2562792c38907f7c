package io.ktrain.nn;

import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** The largest elements of a given number of cells, whatever the input's size. PyTorch's AdaptiveMaxPool2d. */
public final class AdaptiveMaxPool2d extends Module {
  private final int height;
  private final int width;

  public AdaptiveMaxPool2d(int height, int width) {
    this.height = height;
    this.width = width;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.adaptiveMaxPool2d(height, width).values();
  }

  /** The values, and their places among the elements of a channel: PyTorch's return_indices. */
  public Extreme withIndices(Tensor x) {
    return x.adaptiveMaxPool2d(height, width);
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

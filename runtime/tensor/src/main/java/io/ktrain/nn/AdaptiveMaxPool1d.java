package io.ktrain.nn;

import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** The largest elements of a given number of cells, whatever the input's size. PyTorch's AdaptiveMaxPool1d. */
public final class AdaptiveMaxPool1d extends Module {
  private final int length;

  public AdaptiveMaxPool1d(int length) {
    this.length = length;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.adaptiveMaxPool1d(length).values();
  }

  /** The values, and their places among the elements of a channel: PyTorch's return_indices. */
  public Extreme withIndices(Tensor x) {
    return x.adaptiveMaxPool1d(length);
  }

  @Override
  public List<Object> arguments() {
    return List.of(length);
  }

  @Override
  public String extraRepr() {
    return "output_size=" + length;
  }
}

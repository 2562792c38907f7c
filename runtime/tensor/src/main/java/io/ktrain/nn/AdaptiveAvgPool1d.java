package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;

/** The means of a given number of cells, whatever the input's size. PyTorch's AdaptiveAvgPool1d. */
public final class AdaptiveAvgPool1d extends Module {
  private final int length;

  public AdaptiveAvgPool1d(int length) {
    this.length = length;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.adaptiveAvgPool1d(length);
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

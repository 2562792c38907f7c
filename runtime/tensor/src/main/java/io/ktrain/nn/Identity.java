package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;

/** Gives its input back: in the place of a layer that is left out. PyTorch's Identity. */
public final class Identity extends Module {
  @Override
  public Tensor forward(Tensor x) {
    return x;
  }

  @Override
  public List<Object> arguments() {
    return List.of();
  }
}

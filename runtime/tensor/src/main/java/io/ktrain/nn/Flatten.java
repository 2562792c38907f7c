package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;

/** Joins all dims from one on. PyTorch's Flatten. */
public final class Flatten extends Module {
  private final int from;

  public Flatten() {
    this(1);
  }

  public Flatten(int from) {
    this.from = from;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.flatten(from);
  }

  @Override
  public List<Object> arguments() {
    return List.of(from);
  }

  @Override
  public String extraRepr() {
    return "start_dim=" + from + ", end_dim=-1";
  }
}

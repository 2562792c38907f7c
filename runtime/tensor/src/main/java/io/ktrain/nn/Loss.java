package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import java.util.List;

/** A loss as a module: {@code loss.invoke(prediction, target)}, in Kotlin {@code loss(prediction, target)}. */
public abstract class Loss extends Module {
  private final Reduction reduction;

  Loss(Reduction reduction) {
    this.reduction = reduction;
  }

  /** How the losses of single elements become one. */
  public final Reduction reduction() {
    return reduction;
  }

  @Override
  public List<Object> arguments() {
    return List.of(reduction);
  }
}

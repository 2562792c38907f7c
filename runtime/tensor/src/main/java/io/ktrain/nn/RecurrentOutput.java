package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The states of a recurrent layer at every step, and its last state: {@code val (output, state) = lstm(x)}. It is
 * itself the output, for where the state is of no interest: {@code head(lstm(x))}.
 *
 * @param <S> {@link LstmState}, or Tensor
 */
public final class RecurrentOutput<S> extends Tensor {
  private final @Nullable S state;

  RecurrentOutput(Tensor output, @Nullable S state) {
    super(output);
    this.state = state;
    if (!output.getRequiresGrad()) return;
    recordedBy(output.node(), output.outputIndex());
    output.node().output(output.outputIndex(), this); // hooks on this one run
  }

  /** The last state of each layer and direction: [layers * directions, batch, hidden]. */
  public S getState() {
    if (state == null)
      throw new KtrainException("recurrent layer: a hook put another tensor into the output's place, so there is no state. Fix: lstm(x, null), which runs no hooks.");
    return state;
  }

  public Tensor component1() {
    return this;
  }

  public S component2() {
    return getState();
  }
}

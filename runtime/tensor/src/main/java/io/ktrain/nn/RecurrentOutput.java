package io.ktrain.nn;

import io.ktrain.tensor.Tensor;

/**
 * The states of a recurrent layer at every step, and its last state: {@code val (output, state) = lstm(x)}. It is
 * itself the output, for where the state is of no interest: {@code head(lstm(x))}.
 *
 * @param <S> {@link LstmState}, or Tensor
 */
public final class RecurrentOutput<S> extends Tensor {
  private final S state;

  RecurrentOutput(Tensor output, S state) {
    super(output);
    this.state = state;
    if (output.node() == null) return;
    recordedBy(output.node(), output.outputIndex());
    output.hooks().forEach(this::registerHook);
    output.node().output(output.outputIndex(), this); // its hooks run, and those on this one
  }

  /** The last state of each layer and direction: [layers * directions, batch, hidden]. */
  public S getState() {
    return state;
  }

  public Tensor component1() {
    return this;
  }

  public S component2() {
    return getState();
  }
}

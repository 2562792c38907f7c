package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.function.UnaryOperator;

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
    // What somebody hangs on either is run, also later: a hook of the layer may have kept the other.
    registerHook(g -> {
      Tensor changed = g;
      for (UnaryOperator<Tensor> hook : output.hooks()) {
        Tensor given = hook.apply(changed);
        if (given != null) changed = given;
      }
      return changed;
    });
    output.node().output(output.outputIndex(), this);
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

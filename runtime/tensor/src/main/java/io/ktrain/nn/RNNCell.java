package io.ktrain.nn;

import io.ktrain.op.Recurrent.Cell;
import io.ktrain.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** One step of an {@link RNN}: {@code h = cell(x, h)}, [batch, hiddenSize]. PyTorch's RNNCell. */
public final class RNNCell extends RNNCellBase {
  public RNNCell(int inputSize, int hiddenSize) {
    this(inputSize, hiddenSize, true, false);
  }

  public RNNCell(int inputSize, int hiddenSize, boolean bias, boolean relu) {
    super(relu ? Cell.RNN_RELU : Cell.RNN_TANH, inputSize, hiddenSize, bias);
  }

  @Override
  public Tensor forward(Tensor x) {
    return step(x, null, null)[0];
  }

  /** The next state, from {@code hidden} or, where that is null, from zeros. */
  public Tensor invoke(Tensor x, @Nullable Tensor hidden) {
    return call(x, in -> step(in, hidden, null)[0]);
  }
}

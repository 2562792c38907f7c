package io.ktrain.nn;

import io.ktrain.op.Recurrent.Cell;
import io.ktrain.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** One step of an {@link LSTM}: {@code state = cell(x, state)}, [batch, hiddenSize] each. PyTorch's LSTMCell. */
public final class LSTMCell extends RNNCellBase {
  public LSTMCell(int inputSize, int hiddenSize) {
    this(inputSize, hiddenSize, true);
  }

  public LSTMCell(int inputSize, int hiddenSize, boolean bias) {
    super(Cell.LSTM, inputSize, hiddenSize, bias);
  }

  /** The hidden state alone, from zeros. */
  @Override
  public Tensor forward(Tensor x) {
    return step(x, null, null)[0];
  }

  /** The next state, from {@code state} or, where that is null, from zeros. */
  public LstmState invoke(Tensor x, @Nullable LstmState state) {
    Tensor[] next = step(x, state == null ? null : state.hidden(), state == null ? null : state.cell());
    return new LstmState(next[0], next[1]);
  }
}

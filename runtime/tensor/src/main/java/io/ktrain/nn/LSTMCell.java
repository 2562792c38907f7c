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
    var cell = new Tensor[1];
    Tensor hidden = call(x, in -> {
      Tensor[] next = step(in, state == null ? null : state.hidden(), state == null ? null : state.cell());
      cell[0] = next[1];
      return next[0];
    });
    return new LstmState(hidden, cell[0]);
  }
}

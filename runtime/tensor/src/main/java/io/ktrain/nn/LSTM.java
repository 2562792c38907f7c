package io.ktrain.nn;

import io.ktrain.op.Recurrent.Cell;
import io.ktrain.tensor.Tensor;

/** A recurrent layer whose gates guard a cell state (Hochreiter and Schmidhuber 1997). PyTorch's LSTM. */
public final class LSTM extends RNNBase<LstmState> {
  public LSTM(int inputSize, int hiddenSize) {
    this(RecurrentOptions.of(inputSize, hiddenSize));
  }

  public LSTM(RecurrentOptions options) {
    super(Cell.LSTM, options);
  }

  @Override
  Tensor[] tensors(LstmState state) {
    return new Tensor[] {state.hidden(), state.cell()};
  }

  @Override
  LstmState state(Tensor[] tensors) {
    return new LstmState(tensors[0], tensors[1]);
  }
}

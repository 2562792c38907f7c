package io.ktrain.nn;

import io.ktrain.op.Recurrent.Cell;
import io.ktrain.tensor.Tensor;

/** h = tanh(W x + U h + biases) at each step, or relu of it (Elman 1990). PyTorch's RNN. */
public final class RNN extends RNNBase<Tensor> {
  public RNN(int inputSize, int hiddenSize) {
    this(RecurrentOptions.of(inputSize, hiddenSize), false);
  }

  public RNN(RecurrentOptions options, boolean relu) {
    super(relu ? Cell.RNN_RELU : Cell.RNN_TANH, options);
  }

  @Override
  Tensor[] tensors(Tensor state) {
    return new Tensor[] {state};
  }

  @Override
  Tensor state(Tensor[] tensors) {
    return tensors[0];
  }
}

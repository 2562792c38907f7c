package io.ktrain.nn;

import io.ktrain.op.Recurrent.Cell;
import io.ktrain.tensor.Tensor;

/** A recurrent layer whose gates choose between its state and a new one (Cho et al. 2014). PyTorch's GRU. */
public final class GRU extends RNNBase<Tensor> {
  public GRU(int inputSize, int hiddenSize) {
    this(RecurrentOptions.of(inputSize, hiddenSize));
  }

  public GRU(RecurrentOptions options) {
    super(Cell.GRU, options);
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

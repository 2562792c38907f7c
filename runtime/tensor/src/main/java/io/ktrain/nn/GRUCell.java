package io.ktrain.nn;

import io.ktrain.op.Recurrent.Cell;
import io.ktrain.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** One step of a {@link GRU}: {@code h = cell(x, h)}, [batch, hiddenSize]. PyTorch's GRUCell. */
public final class GRUCell extends RNNCellBase {
  public GRUCell(int inputSize, int hiddenSize) {
    this(inputSize, hiddenSize, true);
  }

  public GRUCell(int inputSize, int hiddenSize, boolean bias) {
    super(Cell.GRU, inputSize, hiddenSize, bias);
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

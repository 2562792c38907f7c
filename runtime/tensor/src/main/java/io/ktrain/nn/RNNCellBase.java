package io.ktrain.nn;

import io.ktrain.op.Dispatch;
import io.ktrain.op.Recurrent;
import io.ktrain.op.Recurrent.Cell;
import io.ktrain.op.Recurrent.Steps;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What single steps of recurrent layers share: inputs [batch, inputSize] or [inputSize]. PyTorch's RNNCellBase. */
public abstract sealed class RNNCellBase extends Module permits RNNCell, LSTMCell, GRUCell {
  private final Cell cell;
  private final int inputSize;
  private final int hiddenSize;
  private final Parameter inputWeight;
  private final Parameter stateWeight;
  private final @Nullable Parameter inputBias;
  private final @Nullable Parameter stateBias;

  RNNCellBase(Cell cell, int inputSize, int hiddenSize, boolean bias) {
    if (inputSize < 1 || hiddenSize < 1) throw new ShapeError("recurrent cell: sizes must be positive, got "
        + inputSize + " and " + hiddenSize + ".");
    this.cell = cell;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    int rows = cell.gates() * hiddenSize;
    inputWeight = parameter("weight_ih", Shape.of(rows, inputSize));
    stateWeight = parameter("weight_hh", Shape.of(rows, hiddenSize));
    inputBias = bias ? parameter("bias_ih", Shape.of(rows)) : null;
    stateBias = bias ? parameter("bias_hh", Shape.of(rows)) : null;
  }

  private Parameter parameter(String name, Shape shape) {
    return register(name, new Parameter(Init.within(1 / Math.sqrt(hiddenSize), shape)));
  }

  /** The next hidden state, and of an LSTM the next cell state; null states are zeros. */
  final Tensor[] step(Tensor x, @Nullable Tensor hidden, @Nullable Tensor state) {
    boolean alone = x.getNdim() == 1;
    if (!alone && x.getNdim() != 2 || x.size(-1) != inputSize)
      throw new ShapeError(word() + ": needs [batch, " + inputSize + "] or [" + inputSize + "], got " + x.describe()
          + ".");
    Tensor rows = alone ? x.unsqueeze(0) : x;
    boolean gru = cell == Cell.GRU;
    Tensor bias = inputBias == null || gru ? inputBias : inputBias.add(stateBias);
    Tensor[] next = Dispatch.all(Recurrent.RECURRENCE, new Steps(cell, new int[] {rows.size(0)}, false),
        rows.linear(inputWeight, bias), stateWeight,
        gru ? stateBias : null, begin(hidden, rows, alone), cell == Cell.LSTM ? begin(state, rows, alone) : null);
    if (alone) for (int i = 0; i < next.length; i++) next[i] = next[i].squeeze(0);
    return next;
  }

  private Tensor begin(@Nullable Tensor state, Tensor rows, boolean alone) {
    Shape shape = Shape.of(rows.size(0), hiddenSize), expected = alone ? Shape.of(hiddenSize) : shape;
    if (state == null) return Tensor.zeros(shape, rows.getDtype()).to(rows.getDevice());
    if (!state.getShape().equals(expected)) throw new ShapeError(word() + ": a state must be " + expected + ", got "
        + state.describe() + ".");
    return alone ? state.unsqueeze(0) : state;
  }

  private String word() {
    return typeName().toLowerCase(Locale.ROOT);
  }

  @Override
  public final List<Object> arguments() {
    boolean bias = inputBias != null;
    return this instanceof RNNCell ? List.of(inputSize, hiddenSize, bias, cell == Cell.RNN_RELU) : List.of(inputSize, hiddenSize, bias);
  }

  @Override
  public final String extraRepr() {
    return inputSize + ", " + hiddenSize + (inputBias == null ? ", bias=False" : "");
  }
}

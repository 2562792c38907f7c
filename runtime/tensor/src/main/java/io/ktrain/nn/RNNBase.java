package io.ktrain.nn;

import io.ktrain.op.Dispatch;
import io.ktrain.op.Recurrent;
import io.ktrain.op.Recurrent.Cell;
import io.ktrain.op.Recurrent.Steps;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What recurrent layers share. Sequences are [length, batch, inputSize], or [batch, length, inputSize] with batchFirst,
 * or [length, inputSize] alone, or packed. PyTorch's RNNBase.
 *
 * @param <S> the state: {@link LstmState}, or a Tensor [layers * directions, batch, hiddenSize]
 */
public abstract sealed class RNNBase<S> extends Module permits RNN, LSTM, GRU {
  private final Cell cell;
  private final RecurrentOptions options;
  private final List<Direction> directions = new ArrayList<>();

  /** One direction of one layer. */
  private record Direction(Parameter inputWeight, Parameter stateWeight, @Nullable Parameter inputBias,
      @Nullable Parameter stateBias) {}

  RNNBase(Cell cell, RecurrentOptions options) {
    this.cell = cell;
    this.options = options;
    int h = options.hiddenSize(), rows = cell.gates() * h;
    for (int layer = 0; layer < options.layers(); layer++)
      for (int d = 0; d < options.directions(); d++) {
        String suffix = "_l" + layer + (d == 1 ? "_reverse" : "");
        int in = layer == 0 ? options.inputSize() : h * options.directions();
        Parameter inputWeight = parameter("weight_ih" + suffix, Shape.of(rows, in)),
            stateWeight = parameter("weight_hh" + suffix, Shape.of(rows, h));
        Parameter inputBias = options.bias() ? parameter("bias_ih" + suffix, Shape.of(rows)) : null,
            stateBias = options.bias() ? parameter("bias_hh" + suffix, Shape.of(rows)) : null;
        directions.add(new Direction(inputWeight, stateWeight, inputBias, stateBias));
      }
  }

  private Parameter parameter(String name, Shape shape) {
    return register(name, new Parameter(Init.within(1 / Math.sqrt(options.hiddenSize()), shape)));
  }

  /** The tensors of a state: hidden, and of an LSTM the cell. */
  abstract Tensor[] tensors(S state);

  abstract S state(Tensor[] tensors);

  /** From a state of zeros. */
  @Override
  public final RecurrentOutput<S> invoke(Tensor x) {
    return invoke(x, null);
  }

  /** From a state of zeros, the output alone. */
  @Override
  public final Tensor forward(Tensor x) {
    return forward(x, new Tensor[stateTensors()]);
  }

  /** From {@code state}, or from zeros where it is null. */
  public final RecurrentOutput<S> invoke(Tensor x, @Nullable S state) {
    Tensor[] states = state == null ? new Tensor[stateTensors()] : tensors(state);
    Tensor y = call(x, in -> forward(in, states));
    boolean leaf = y.getRequiresGrad() && y.node() == null; // a hook's own tensor
    return new RecurrentOutput<>(leaf ? y.copy() : y, state(states));
  }

  /** The output; {@code states} become those after the last step. */
  private Tensor forward(Tensor x, Tensor[] states) {
    boolean alone = x.getNdim() == 2;
    if (x.getNdim() != 3 && !alone || x.size(-1) != options.inputSize())
      throw new ShapeError(word() + ": needs " + (options.batchFirst() ? "[batch, length, " : "[length, batch, ")
          + options.inputSize() + "] or [length, " + options.inputSize() + "], got " + x.describe() + ".");
    Tensor steps = alone ? x.unsqueeze(1) : options.batchFirst() ? x.transpose(0, 1) : x;
    int length = steps.size(0), batch = steps.size(1);
    int[] sizes = new int[length];
    Arrays.fill(sizes, batch);
    check(states, batch, alone);
    Tensor y = run(steps.reshape(length * batch, x.size(-1)), sizes, states).reshape(length, batch, width());
    if (alone) for (int i = 0; i < states.length; i++) states[i] = states[i].squeeze(1);
    return alone ? y.squeeze(1) : options.batchFirst() ? y.transpose(0, 1) : y;
  }

  /** Packed sequences from a state of zeros. */
  public final PackedOutput<S> invoke(PackedSequence x) {
    return invoke(x, null);
  }

  /** Packed sequences from {@code state}, or from zeros where it is null; hooks see their rows. */
  public final PackedOutput<S> invoke(PackedSequence x, @Nullable S state) {
    int[] sizes = x.sizes();
    Tensor[] states = state == null ? new Tensor[stateTensors()] : tensors(state);
    Tensor y = call(x.getData(), rows -> {
      if (rows.getNdim() != 2 || rows.size(1) != options.inputSize())
        throw new ShapeError(word() + ": needs packed rows of " + options.inputSize() + " features, got " + rows.describe()
            + ".");
      check(states, sizes[0], false);
      for (int i = 0; i < states.length; i++) if (states[i] != null) states[i] = x.reordered(states[i], false);
      return run(rows, sizes, states);
    });
    for (int i = 0; i < states.length; i++) states[i] = x.reordered(states[i], true);
    return new PackedOutput<>(x.with(y), state(states));
  }

  /** The states of packed rows after each step; {@code states} become those after the last. */
  private Tensor run(Tensor rows, int[] sizes, Tensor[] states) {
    Tensor[][] last = new Tensor[states.length][directions.size()];
    for (int layer = 0, k = 0; layer < options.layers(); layer++) {
      var sides = new ArrayList<Tensor>();
      for (int d = 0; d < options.directions(); d++, k++) {
        var steps = new Steps(cell, sizes, d == 1);
        Tensor[] first = new Tensor[2];
        for (int i = 0; i < states.length; i++)
          first[i] = states[i] != null ? states[i].select(0, k)
              : Tensor.zeros(Shape.of(sizes[0], options.hiddenSize()), rows.getDtype()).to(rows.getDevice());
        Tensor[] out = step(directions.get(k), steps, rows, first);
        for (int i = 0; i < states.length; i++) last[i][k] = last(out[i], steps);
        sides.add(out[0]);
      }
      rows = sides.size() == 1 ? sides.getFirst() : Tensor.cat(sides, 1);
      if (layer + 1 < options.layers()) rows = rows.dropout(options.dropout(), isTraining());
    }
    for (int i = 0; i < states.length; i++) states[i] = Tensor.stack(List.of(last[i]), 0);
    return rows;
  }

  private Tensor[] step(Direction w, Steps steps, Tensor rows, Tensor[] first) {
    boolean gru = cell == Cell.GRU; // its reset gate stands between the two biases of the candidate
    Tensor bias = w.inputBias == null || gru ? w.inputBias : w.inputBias.add(w.stateBias);
    return Dispatch.all(Recurrent.RECURRENCE, steps, rows.linear(w.inputWeight, bias), w.stateWeight,
        gru ? w.stateBias : null, first[0], first[1]);
  }

  /** The state of each sequence after its last step. */
  private static Tensor last(Tensor rows, Steps steps) {
    int[] sizes = steps.sizes();
    int batch = sizes[0], end = sizes.length - 1;
    if (steps.reverse()) return rows.narrow(0, 0, batch);
    if (sizes[end] == batch) return rows.narrow(0, rows.size(0) - batch, batch);
    long[] at = new long[batch];
    for (int t = 0, row = 0; t < sizes.length; row += sizes[t++]) for (int i = 0; i < sizes[t]; i++) at[i] = row + i;
    return rows.indexSelect(0, Tensor.of(at).to(rows.getDevice()));
  }

  private int stateTensors() {
    return cell == Cell.LSTM ? 2 : 1;
  }

  /** Refuses states of another shape; gives those of a sequence alone their batch. */
  private void check(Tensor[] all, int batch, boolean alone) {
    int h = options.hiddenSize(), n = directions.size();
    Shape expected = alone ? Shape.of(n, h) : Shape.of(n, batch, h);
    for (int i = 0; i < all.length; i++) {
      if (all[i] == null) continue;
      if (!all[i].getShape().equals(expected)) throw new ShapeError(word() + ": a first state must be " + expected
          + ", got " + all[i].describe() + ".");
      if (alone) all[i] = all[i].unsqueeze(1);
    }
  }

  private int width() {
    return options.hiddenSize() * options.directions();
  }

  private String word() {
    return typeName().toLowerCase(Locale.ROOT);
  }

  @Override
  public final List<Object> arguments() {
    return this instanceof RNN ? List.of(options, cell == Cell.RNN_RELU) : List.of(options);
  }

  @Override
  public final String extraRepr() {
    return options.inputSize() + ", " + options.hiddenSize()
        + (options.layers() == 1 ? "" : ", num_layers=" + options.layers()) + (options.bias() ? "" : ", bias=False")
        + (options.batchFirst() ? ", batch_first=True" : "")
            + (options.dropout() == 0 ? "" : ", dropout=" + options.dropout())
            + (options.bidirectional() ? ", bidirectional=True" : "");
  }
}

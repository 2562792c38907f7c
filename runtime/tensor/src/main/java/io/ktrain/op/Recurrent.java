package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.F32;
import static io.ktrain.op.Elementwise.call;
import static io.ktrain.op.Elementwise.sigmoid;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpBuilder.pointwise;

import io.ktrain.op.OpBuilder.Types;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Recurrent layers: one direction of one layer over a whole sequence is one operation. */
public final class Recurrent {
  private static final Expr X = new Expr.Input(0);
  private static final Expr Y = new Expr.Input(1);
  private static final Expr Z = new Expr.Input(2);
  private static final Expr W = new Expr.Input(3);

  private Recurrent() {}

  /** What is computed at each step. The gates' rows lie in PyTorch's order: i, f, g, o of an LSTM; r, z, n of a GRU. */
  public enum Cell {
    RNN_TANH(1), RNN_RELU(1), LSTM(4), GRU(3);

    private final int gates;

    Cell(int gates) {
      this.gates = gates;
    }

    /** How many rows of the weights belong to one hidden unit. */
    public int gates() {
      return gates;
    }
  }

  /**
   * A sequence as packed rows: first those of step 0, one for each sequence that has one, then those of step 1, ...
   *
   * @param sizes how many sequences have each step; they go from the longest to the shortest, so this never grows
   * @param reverse from each sequence's last step to its first
   */
  public record Steps(Cell cell, int[] sizes, boolean reverse) {
    int rows() {
      return Arrays.stream(sizes).sum();
    }

    /** In the order in which the steps are computed. */
    public int step(int place) {
      return reverse ? sizes.length - 1 - place : place;
    }
  }

  public static final Op<double[]> GATE = pointwise("gate", Types.FLOATING, sigmoid(X.plus(Y)),
      "sigmoid(x + y): a recurrent cell's gate.")
      .internal().tests(OpTests::binary).build();

  public static final Op<double[]> CANDIDATE = pointwise("candidate", Types.FLOATING, X.plus(Y).tanh(),
      "tanh(x + y): what a recurrent cell may take up.")
      .internal().tests(OpTests::binary).build();

  /** Inputs: forget gate, the state before, input gate, candidate. */
  public static final Op<double[]> LSTM_STATE = pointwise("lstmState", Types.FLOATING, X.times(Y).plus(Z.times(W)),
      "forget * before + input * candidate.")
      .internal().tests(t -> four(t).sample(OpTests.strided(4, 6), OpTests.shape(4, 6), OpTests.shape(6),
          OpTests.shape(4, 1))).build();

  public static final Op<double[]> LSTM_OUTPUT = pointwise("lstmOutput", Types.FLOATING, X.times(Y.tanh()),
      "gate * tanh(state).")
      .internal().tests(OpTests::binary).build();

  /** Inputs: what the input gives, reset gate, what the state gives. */
  public static final Op<double[]> GRU_CANDIDATE = pointwise("gruCandidate", Types.FLOATING, X.plus(Y.times(Z)).tanh(),
      "tanh(x + reset * u).")
      .internal().tests(OpTests::ternary).build();

  /** Inputs: candidate, update gate, the state before. */
  public static final Op<double[]> GRU_OUTPUT = pointwise("gruOutput", Types.FLOATING, X.plus(Y.times(Z.minus(X))),
      "candidate + update * (before - candidate).")
      .internal().tests(OpTests::ternary).build();

  private static OpTests<double[]> four(OpTests<double[]> t) {
    return t.sample(OpTests.shape(3, 4), OpTests.shape(3, 4), OpTests.shape(3, 4), OpTests.shape(3, 4));
  }

  /**
   * Inputs: the products of the inputs with all biases but the state's [rows, gates * hidden], the state's weight
   * [gates * hidden, hidden] and bias (a GRU's alone), the first state [sequences, hidden] and cell state (an LSTM's
   * alone). Outputs: the states [rows, hidden]; of an LSTM the cell states [rows, hidden]; and of an LSTM and a GRU
   * what backward needs [rows, 4 * hidden]: i, f, g, o, or r, z, n and the state's share of n.
   */
  public static final Op<Steps> RECURRENCE = op("recurrence", Steps.class,
      "One direction of a recurrent layer over a sequence: a plain RNN, an LSTM (Hochreiter and Schmidhuber 1997) or a "
          + "GRU (Cho et al. 2014).")
      .infer(Recurrent::shapes)
      .decompose(Recurrent::stepByStep)
      .grads(Recurrent::gradients)
      .internal()
      .autocast(F32).tests(t -> {
        for (Cell cell : Cell.values()) {
          samples(t, new Steps(cell, new int[] {2, 2, 2}, false), 3);
          samples(t, new Steps(cell, new int[] {3, 2, 2, 1}, false), 2);
          samples(t, new Steps(cell, new int[] {3, 2, 2, 1}, true), 2);
        }
        samples(t, new Steps(Cell.LSTM, new int[] {1}, true), 70);
        t.fails(() -> Dispatch.all(recurrence(), new Steps(Cell.LSTM, new int[] {2}, false), Tensor.ones(2, 8),
            Tensor.ones(8, 2), null, Tensor.ones(1, 2), Tensor.ones(2, 2)),
            "lstm: the first state must be f32[2,2] for 2 sequences and 2 hidden units, got f32[1,2]. Fix: leave it "
                + "out, or one row for each sequence.");
      }).build();

  /** The states are only a saving: the decomposition makes them again, so that it can be differentiated. */
  public static final Op<Steps> RECURRENCE_GRAD = op("recurrenceGrad", Steps.class,
      "The gradients of recurrence by those of its inputs that are there.")
      .infer(c -> {
        var all = new ArrayList<Spec>();
        for (int i = 2; i < 7; i++) if (c.in(i) != null) all.add(Spec.like(c.in(i)));
        return all;
      })
      .decompose(c -> {
        boolean lstm = c.attributes().cell() == Cell.LSTM;
        Tensor[] g = lstm ? new Tensor[] {c.in(0), c.in(1)} : new Tensor[] {c.in(0)};
        Tensor[] all = Gradients.throughParts(RECURRENCE, c.attributes(), g, c.in(2), c.in(3), c.in(4), c.in(5),
            c.in(6));
        return Arrays.stream(all).filter(t -> t != null).toArray(Tensor[]::new);
      })
      .internal().build();

  private static Op<Steps> recurrence() {
    return RECURRENCE;
  }

  private static Op<Steps> gradient() {
    return RECURRENCE_GRAD;
  }

  private static void samples(OpTests<Steps> t, Steps s, int h) {
    int n = s.rows(), b = s.sizes()[0], g = s.cell().gates();
    t.attributes(s).floats(OpTests.shape(n, g * h), OpTests.shape(g * h, h).of(OpTests.Values.SMALL),
        s.cell() == Cell.GRU ? OpTests.shape(g * h) : OpTests.ABSENT,
        OpTests.shape(b, h), s.cell() == Cell.LSTM ? OpTests.shape(b, h) : OpTests.ABSENT);
  }

  private static List<Spec> shapes(Call<Steps> c) {
    Steps s = c.attributes();
    Tensor x = c.in(0), w = c.in(1);
    String op = s.cell() == Cell.LSTM ? "lstm" : s.cell() == Cell.GRU ? "gru" : "rnn";
    int h = w.size(1), b = s.sizes().length == 0 ? 0 : s.sizes()[0];
    if (b == 0) throw new ShapeError(op
        + ": there is no step. Fix: a sequence of at least one, in a batch of at least one.");
    Promotion.floating(op, x);
    for (int i = 3; i <= 4; i++) {
      if (c.in(i) == null) continue;
      if (!c.in(i).getShape().equals(Shape.of(b, h)))
        throw new ShapeError(op + ": the first state must be " + x.getDtype() + Shape.of(b, h) + " for " + b
            + " sequences and " + h + " hidden units, got "
            + c.in(i).describe() + ". Fix: leave it out, or one row for each sequence.");
      if (c.in(i).getDtype() != x.getDtype()) throw new DTypeError(op + ": the input is " + x.describe()
          + ", but the first state " + c.in(i).describe() + ". Fix: to(" + x.getDtype() + ").");
    }
    Spec y = new Spec(Shape.of(s.rows(), h), x.getDtype()), saved = new Spec(Shape.of(s.rows(), 4 * h), x.getDtype());
    return switch (s.cell()) {
      case RNN_TANH, RNN_RELU -> List.of(y);
      case LSTM -> List.of(y, y, saved);
      case GRU -> List.of(y, saved);
    };
  }

  private static Tensor[] stepByStep(Call<Steps> c) {
    Steps s = c.attributes();
    int[] first = new int[s.sizes().length];
    for (int i = 1; i < first.length; i++) first[i] = first[i - 1] + s.sizes()[i - 1];
    var steps = new Tensor[first.length][];
    Tensor h = null, cell = null;
    for (int place = 0; place < first.length; place++) {
      int i = s.step(place), n = s.sizes()[i];
      h = before(h, c.in(3), n);
      cell = c.in(4) == null ? null : before(cell, c.in(4), n);
      steps[i] = step(s.cell(), c.in(0).narrow(0, first[i], n), h.linear(c.in(1), c.in(2)), h, cell);
      h = steps[i][0];
      if (cell != null) cell = steps[i][1];
    }
    Tensor[] out = new Tensor[steps[0].length];
    for (int k = 0; k < out.length; k++) {
      int which = k;
      out[k] = Tensor.cat(Arrays.stream(steps).map(t -> t[which]).toList(), 0);
    }
    return out;
  }

  /** The state that n sequences go on from: those that begin only now take it from the first state. */
  private static Tensor before(Tensor state, Tensor first, int n) {
    int had = state == null ? 0 : state.size(0);
    if (had >= n) return had == n ? state : state.narrow(0, 0, n);
    Tensor begun = first.narrow(0, had, n - had);
    return had == 0 ? begun : Tensor.cat(List.of(state, begun), 0);
  }

  private static Tensor[] step(Cell cell, Tensor x, Tensor u, Tensor h, Tensor state) {
    return switch (cell) {
      case RNN_TANH -> new Tensor[] {call(CANDIDATE, x, u)};
      case RNN_RELU -> new Tensor[] {x.add(u).relu()};
      case LSTM -> {
        Tensor i = call(GATE, part(x, 0, h), part(u, 0, h)), f = call(GATE, part(x, 1, h), part(u, 1, h));
        Tensor g = call(CANDIDATE, part(x, 2, h), part(u, 2, h)), o = call(GATE, part(x, 3, h), part(u, 3, h));
        Tensor next = call(LSTM_STATE, f, state, i, g);
        yield new Tensor[] {call(LSTM_OUTPUT, o, next), next, Tensor.cat(List.of(i, f, g, o), 1)};
      }
      case GRU -> {
        Tensor r = call(GATE, part(x, 0, h), part(u, 0, h)), z = call(GATE, part(x, 1, h), part(u, 1, h)),
            own = part(u, 2, h);
        Tensor n = call(GRU_CANDIDATE, part(x, 2, h), r, own);
        yield new Tensor[] {call(GRU_OUTPUT, n, z, h), Tensor.cat(List.of(r, z, n, own), 1)};
      }
    };
  }

  private static Tensor part(Tensor all, int gate, Tensor h) {
    return all.narrow(1, gate * h.size(1), h.size(1));
  }

  private static Tensor[] gradients(Call<Steps> c, Tensor[] g, boolean[] needed) {
    Tensor[] in = {c.in(0), c.in(1), c.in(2), c.in(3), c.in(4)};
    boolean plain = c.outputs() == 1, lstm = c.outputs() == 3;
    int saved = c.outputs() - 1;
    if (!plain && g[saved] != null) return Gradients.throughParts(c.op(), c.attributes(), g, in);
    Tensor dy = g[0] != null ? g[0] : Tensor.zerosLike(c.out(0));
    Tensor[] found = Dispatch.all(gradient(), c.attributes(), dy, lstm ? g[1] : null, in[0], in[1], in[2], in[3], in[4],
        c.out(0).detach(), lstm ? c.out(1).detach() : null, plain ? null : c.out(saved).detach());
    Tensor[] all = new Tensor[in.length];
    for (int i = 0, k = 0; i < all.length; i++) if (in[i] != null) all[i] = found[k++];
    return all;
  }
}

package io.ktrain.backend.cpu;

import io.ktrain.op.Expr;
import io.ktrain.op.Op;
import io.ktrain.op.Recurrent;
import io.ktrain.op.Recurrent.Cell;

/**
 * The arithmetic of recurrent cells on a range of hidden units at one step, by the compiled expressions of the op table
 * and, for backward, of their derivatives. Loaded only where the Vector module is there.
 */
final class RecurrentCell {
  private static final Expr A = new Expr.Input(0);
  private static final Expr B = new Expr.Input(1);
  private static final Expr C = new Expr.Input(2);
  private static final Expr D = new Expr.Input(3);
  private static final Expr ONE = Expr.of(1);
  private static final float[] NO_PARAMS = {};

  private static final PointwiseKernel GATE = of(Recurrent.GATE);
  private static final PointwiseKernel CANDIDATE = of(Recurrent.CANDIDATE);
  private static final PointwiseKernel RELU_OF_SUM = of(A.plus(B).max(Expr.of(0)));
  private static final PointwiseKernel LSTM_STATE = of(Recurrent.LSTM_STATE);
  private static final PointwiseKernel LSTM_OUTPUT = of(Recurrent.LSTM_OUTPUT);
  private static final PointwiseKernel GRU_CANDIDATE = of(Recurrent.GRU_CANDIDATE);
  private static final PointwiseKernel GRU_OUTPUT = of(Recurrent.GRU_OUTPUT);

  private static final PointwiseKernel SUM = of(A.plus(B));
  private static final PointwiseKernel PRODUCT = of(A.times(B));
  private static final PointwiseKernel TANH = of(A.tanh());
  /** Of tanh, and of relu, of a + b, by its value: gradients a and b, value c. */
  private static final PointwiseKernel TANH_BACKWARD = of(A.plus(B).times(ONE.minus(C.times(C))));
  private static final PointwiseKernel RELU_BACKWARD = of(C.gt(Expr.of(0)).choose(A.plus(B), Expr.of(0)));
  /** a * b through the sigmoid whose value is c, and through the tanh whose value is c. */
  private static final PointwiseKernel THROUGH_GATE = of(A.times(B).times(C.times(ONE.minus(C))));
  private static final PointwiseKernel THROUGH_TANH = of(A.times(B).times(ONE.minus(C.times(C))));
  /** What reaches an LSTM's state: from later a, from its output b through gate c and the state's tanh d. */
  private static final PointwiseKernel LSTM_STATE_BACKWARD = of(A.plus(B.times(C).times(ONE.minus(D.times(D)))));
  /** a into the candidate c and into the update gate, which chose between c and d and has the value b. */
  private static final PointwiseKernel GRU_CANDIDATE_BACKWARD = of(A.times(ONE.minus(B)).times(ONE.minus(C.times(C))));
  private static final PointwiseKernel GRU_UPDATE_BACKWARD = of(A.times(D.minus(C)).times(B.times(ONE.minus(B))));

  private RecurrentCell() {}

  private static PointwiseKernel of(Op<double[]> op) {
    return of(op.pointwise().expr());
  }

  private static PointwiseKernel of(Expr e) {
    PointwiseKernel kernel = PointwiseCompiler.kernel(e, 0, 0);
    if (kernel == null) throw new IllegalStateException("recurrent cells: no kernel for " + e);
    return kernel;
  }

  /** How many rows, units, and units in all: what the distances between rows are made of. */
  record Tile(int rows, int units, int hidden) {
    /** {@code operands}: for each its address and the distance between its rows. */
    void run(PointwiseKernel kernel, long out, long outStride, long... operands) {
      long[] at = new long[operands.length / 2], strides = new long[at.length];
      for (int i = 0; i < at.length; i++) {
        at[i] = operands[2 * i];
        strides[i] = operands[2 * i + 1];
      }
      kernel.run(at, strides, NO_PARAMS, out, outStride, rows, units);
    }
  }

  /** y = tanh or relu of x + u. */
  static void rnn(Tile t, Cell cell, long x, long u, long y) {
    t.run(cell == Cell.RNN_TANH ? CANDIDATE : RELU_OF_SUM, y, t.hidden, x, t.hidden, u, t.units);
  }

  /** Inputs x [rows, 4 hidden], u [rows, 4 units] and the state before; gives y, the state c and the gates. */
  static void lstm(Tile t, long x, long u, long before, long y, long c, long gates) {
    int h = t.hidden, wide = 4 * h, n = 4 * t.units;
    long step = 4L * h, own = 4L * t.units;
    t.run(GATE, gates, wide, x, wide, u, n);
    t.run(GATE, gates + step, wide, x + step, wide, u + own, n);
    t.run(CANDIDATE, gates + 2 * step, wide, x + 2 * step, wide, u + 2 * own, n);
    t.run(GATE, gates + 3 * step, wide, x + 3 * step, wide, u + 3 * own, n);
    t.run(LSTM_STATE, c, h, gates + step, wide, before, h, gates, wide, gates + 2 * step, wide);
    t.run(LSTM_OUTPUT, y, h, gates + 3 * step, wide, c, h);
  }

  /**
   * Inputs x [rows, 3 hidden], u [rows, 3 units], the state's bias (or 0) and the state before; gives y and what is
   * saved.
   */
  static void gru(Tile t, long x, long u, long bias, long before, long y, long saved) {
    int h = t.hidden, wide = 4 * h, in = 3 * h, n = 3 * t.units;
    long step = 4L * h, own = 4L * t.units;
    long r = saved, z = saved + step, candidate = saved + 2 * step, share = saved + 3 * step;
    if (bias != 0) for (int q = 0; q < 3; q++) t.run(SUM, u + q * own, n, u + q * own, n, bias + q * step, 0);
    t.run(GATE, r, wide, x, in, u, n);
    t.run(GATE, z, wide, x + step, in, u + own, n);
    VectorCopy.copy(u + 2 * own, n, 1, share, wide, t.rows, t.units);
    t.run(GRU_CANDIDATE, candidate, wide, x + 2 * step, in, r, wide, share, wide);
    t.run(GRU_OUTPUT, y, h, candidate, wide, z, wide, before, h);
  }

  /** dx, of what comes from above and from later. */
  static void rnnBackward(Tile t, Cell cell, long dy, long dh, long y, long dx) {
    t.run(cell == Cell.RNN_TANH ? TANH_BACKWARD : RELU_BACKWARD, dx, t.hidden, dy, t.hidden, dh, t.hidden, y, t.hidden);
  }

  /**
   * dx [rows, 4 hidden], and in {@code dstate} what flows on to the state before.
   *
   * @param dc the gradient of the states from above, or 0
   * @param scratch room for three tiles
   */
  static void lstmBackward(Tile t, long dy, long dh, long dc, long dstate, long gates, long c, long before, long dx,
      long scratch) {
    int h = t.hidden, wide = 4 * h, n = t.units;
    long step = 4L * h, i = gates, f = gates + step, g = gates + 2 * step, o = gates + 3 * step;
    long up = scratch, tanh = up + 4L * t.rows * n, state = tanh + 4L * t.rows * n;
    t.run(SUM, up, n, dy, h, dh, h);
    t.run(TANH, tanh, n, c, h);
    if (dc != 0) t.run(SUM, dstate, h, dstate, h, dc, h);
    t.run(LSTM_STATE_BACKWARD, state, n, dstate, h, up, n, o, wide, tanh, n);
    t.run(THROUGH_GATE, dx, wide, state, n, g, wide, i, wide);
    t.run(THROUGH_GATE, dx + step, wide, state, n, before, h, f, wide);
    t.run(THROUGH_TANH, dx + 2 * step, wide, state, n, i, wide, g, wide);
    t.run(THROUGH_GATE, dx + 3 * step, wide, up, n, tanh, n, o, wide);
    t.run(PRODUCT, dstate, h, state, n, f, wide);
  }

  /** dx and du [rows, 3 hidden], and in {@code dh} what flows past the gates to the state before. */
  static void gruBackward(Tile t, long dy, long dh, long saved, long before, long dx, long du, long scratch) {
    int h = t.hidden, wide = 4 * h, in = 3 * h, n = t.units;
    long step = 4L * h, r = saved, z = saved + step, candidate = saved + 2 * step, share = saved + 3 * step;
    t.run(SUM, scratch, n, dy, h, dh, h);
    t.run(GRU_CANDIDATE_BACKWARD, dx + 2 * step, in, scratch, n, z, wide, candidate, wide);
    t.run(GRU_UPDATE_BACKWARD, dx + step, in, scratch, n, z, wide, candidate, wide, before, h);
    t.run(THROUGH_GATE, dx, in, dx + 2 * step, in, share, wide, r, wide);
    t.run(PRODUCT, du + 2 * step, in, dx + 2 * step, in, r, wide);
    VectorCopy.copy(dx, in, 1, du, in, t.rows, t.units);
    VectorCopy.copy(dx + step, in, 1, du + step, in, t.rows, t.units);
    t.run(PRODUCT, dh, h, scratch, n, z, wide);
  }
}

package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.MatMulKernels.address;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Recurrent;
import io.ktrain.op.Recurrent.Cell;
import io.ktrain.op.Recurrent.Steps;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A recurrent layer over f32 sequences. Hidden units are cut into ranges; at each step a tile multiplies the state by
 * its range's weights, laid out once for all steps, and computes its gates, so that threads meet once a step.
 */
final class RecurrentKernels {
  /** Hidden units of a tile: wide enough for a product to run at full speed, few enough to share a small layer. */
  private static final int UNITS = 64;

  private static final VectorScratch SCRATCH = new VectorScratch();

  private RecurrentKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Recurrent.RECURRENCE, new Forward());
    cpu.add(Recurrent.RECURRENCE_GRAD, new Backward());
  }

  private static boolean takes(Call<Steps> call, int from) {
    if (!Vectors.available()) return false;
    for (int i = 0; i < call.inputs(); i++) if (call.in(i) != null && call.in(i).getDtype() != DType.f32) return false;
    return call.in(from).numel() > 0;
  }

  /** Row-major operands; those that were not are copies, freed together at the end. */
  private static final class Dense {
    private final List<Tensor> copies = new ArrayList<>();

    long of(Tensor t) {
      if (t == null) return 0;
      if (t.isContiguous()) return address(t);
      Tensor copy = scratch(t, t.getShape());
      CopyKernels.copy(t, copy);
      return address(copy);
    }

    Tensor scratch(Tensor like, Shape shape) {
      Tensor t = Temporary.of(like, shape);
      copies.add(t);
      return t;
    }

    void free() {
      copies.forEach(Temporary::free);
    }
  }

  /** Where the rows of each step lie, and what a tile's range of hidden units is. */
  private record Sequence(Steps steps, int[] first, int hidden, int gates) {
    static Sequence of(Steps steps, int hidden) {
      int[] first = new int[steps.sizes().length];
      for (int i = 1; i < first.length; i++) first[i] = first[i - 1] + steps.sizes()[i - 1];
      return new Sequence(steps, first, hidden, steps.cell().gates());
    }

    int length() {
      return first.length;
    }

    int tiles() {
      return (hidden + UNITS - 1) / UNITS;
    }

    int units(int tile) {
      return Math.min(UNITS, hidden - tile * UNITS);
    }

    /** How many sequences have the step at a place. */
    int size(int place) {
      return steps.sizes()[steps.step(place)];
    }

    /** The first row of the step at a place. */
    int row(int place) {
      return first[steps.step(place)];
    }

    int rows() {
      return first[first.length - 1] + steps.sizes()[first.length - 1];
    }

    /**
     * Where the states [size, hidden] lie that the step at a place goes on from: in {@code states}, in {@code begin},
     * or where some sequences begin only now in {@code joined}, copied there.
     */
    long before(int place, long states, long begin, long joined) {
      int n = size(place), had = place == 0 ? 0 : size(place - 1);
      if (had == 0) return begin;
      long from = states + 4L * row(place - 1) * hidden;
      if (had >= n) return from;
      VectorCopy.copy(from, hidden, 1, joined, hidden, had, hidden);
      VectorCopy.copy(begin + 4L * had * hidden, hidden, 1, joined + 4L * had * hidden, hidden, n - had, hidden);
      return joined;
    }
  }

  private static final class Forward implements Kernel<Steps> {
    @Override
    public boolean takes(Call<Steps> call) {
      return RecurrentKernels.takes(call, 0);
    }

    @Override
    public void run(Call<Steps> call) {
      Sequence s = Sequence.of(call.attributes(), call.in(1).size(1));
      var dense = new Dense();
      int h = s.hidden, gates = s.gates, b = s.steps.sizes()[0];
      boolean lstm = s.steps.cell() == Cell.LSTM;
      long x = dense.of(call.in(0)), w = dense.of(call.in(1)), bias = dense.of(call.in(2)), h0 = dense.of(call.in(3)),
          c0 = dense.of(call.in(4));
      long y = address(call.out(0)), c = lstm ? address(call.out(1)) : 0;
      long saved = call.outputs() == 1 ? 0 : address(call.out(call.outputs() - 1));
      long weights = address(dense.scratch(call.in(1), Shape.of(h, gates * h))),
          joined = address(dense.scratch(call.in(1), Shape.of(2, b, h)));
      ThreadPool.run(s.tiles(), tile -> pack(s, tile, w, weights));
      for (int p = 0; p < s.length(); p++) {
        int n = s.size(p), place = p;
        long row = s.row(p), from = s.before(p, y, h0, joined);
        long stateFrom = lstm ? s.before(p, c, c0, joined + 4L * b * h) : 0;
        ThreadPool.run(s.tiles(), tile -> {
          int unit = tile * UNITS, units = s.units(tile), across = gates * units;
          long u = SCRATCH.address(4L * n * across);
          long own = weights + 4L * h * gates * unit;
          NativeGemm.tile(false, false, n, across, h, 1, from, h, own, across, 0, u, across);
          var at = new RecurrentCell.Tile(n, units, h);
          long inputs = x + 4 * (row * gates * h + unit), out = y + 4 * (row * h + unit);
          long kept = saved + 4 * (row * 4 * h + unit);
          switch (s.steps.cell()) {
            case RNN_TANH, RNN_RELU -> RecurrentCell.rnn(at, s.steps.cell(), inputs, u, out);
            case LSTM -> RecurrentCell.lstm(at, inputs, u, stateFrom + 4L * unit, out, c + 4 * (row * h + unit), kept);
            case GRU -> RecurrentCell.gru(at, inputs, u, bias == 0 ? 0 : bias + 4L * unit, from + 4L * unit, out, kept);
          }
        });
      }
      dense.free();
    }

    /** The weights of a tile's units as [hidden, gates * units], so that every step reads them from end to end. */
    private static void pack(Sequence s, int tile, long w, long weights) {
      int h = s.hidden, units = s.units(tile), across = s.gates * units;
      long to = weights + 4L * h * s.gates * tile * UNITS;
      for (int q = 0; q < s.gates; q++)
        VectorCopy.copy(w + 4L * (q * h + tile * UNITS) * h, 1, h, to + 4L * q * units, across, h, units);
    }
  }

  /**
   * Inputs as {@link Recurrent#RECURRENCE_GRAD} has them: gradients of y and c, the operation's inputs, its outputs.
   */
  private static final class Backward implements Kernel<Steps> {
    @Override
    public boolean takes(Call<Steps> call) {
      return RecurrentKernels.takes(call, 2);
    }

    @Override
    public void run(Call<Steps> call) {
      Sequence s = Sequence.of(call.attributes(), call.in(3).size(1));
      var dense = new Dense();
      int h = s.hidden, gates = s.gates, rows = s.rows(), wide = gates * h;
      boolean lstm = s.steps.cell() == Cell.LSTM, gru = s.steps.cell() == Cell.GRU;
      long dy = dense.of(call.in(0)), dc = dense.of(call.in(1)), w = dense.of(call.in(3)), h0 = dense.of(call.in(5)),
          c0 = dense.of(call.in(6));
      long y = address(call.in(7)), c = lstm ? address(call.in(8)) : 0;
      long saved = call.in(9) == null ? 0 : address(call.in(9));
      Tensor dbias = gru ? call.out(2) : null;
      long dx = address(call.out(0)), dh = address(call.out(gru ? 3 : 2)), dstate = lstm ? address(call.out(3)) : 0;
      // What reaches the products of the state: the same as what reaches those of the input, but for a GRU's candidate.
      Tensor du = gru ? dense.scratch(call.in(3), Shape.of(rows, wide)) : call.out(0);
      Tensor before = dense.scratch(call.in(3), Shape.of(rows, h));
      Tensor cellBefore = lstm ? dense.scratch(call.in(3), Shape.of(rows, h)) : null;
      states(s, y, h0, address(before));
      if (lstm) states(s, c, c0, address(cellBefore));
      // These carry what flows from step to step; what is left in them flowed into the first states.
      CopyKernels.fill(call.out(gru ? 3 : 2), 0);
      if (lstm) CopyKernels.fill(call.out(3), 0);
      for (int p = s.length() - 1; p >= -1; p--) {
        int place = p;
        ThreadPool.run(s.tiles(), tile -> {
          int unit = tile * UNITS, units = s.units(tile);
          long later = dh + 4L * unit;
          if (place + 1 < s.length()) {
            long from = address(du) + 4L * s.row(place + 1) * wide;
            float keep = gru ? 1 : 0;
            NativeGemm.tile(false, false, s.size(place + 1), units, wide, 1, from, wide, w + 4L * unit, h, keep, later, h);
          }
          if (place < 0) return;
          long row = s.row(place), at = 4 * (row * h + unit), kept = saved + 4 * (row * 4 * h + unit),
              to = 4 * (row * wide + unit);
          var t = new RecurrentCell.Tile(s.size(place), units, h);
          long scratch = SCRATCH.address(12L * t.rows() * units);
          switch (s.steps.cell()) {
            case RNN_TANH, RNN_RELU -> RecurrentCell.rnnBackward(t, s.steps.cell(), dy + at, later, y + at, dx + to);
            case LSTM -> RecurrentCell.lstmBackward(t, dy + at, later, dc == 0 ? 0 : dc + at, dstate + 4L * unit, kept,
                c + at, address(cellBefore) + at, dx + to, scratch);
            case GRU -> RecurrentCell.gruBackward(t, dy + at, later, kept, address(before) + at, dx + to,
                address(du) + to, scratch);
          }
        });
      }
      long dw = address(call.out(1));
      NativeGemm.sgemm(true, false, wide, h, rows, 1, address(du), wide, address(before), h, 0, dw, h);
      if (gru) VectorReductions.columnSums(address(du), wide, rows, wide, address(dbias));
      dense.free();
    }

    /** The state that each row goes on from. */
    private static void states(Sequence s, long states, long begin, long to) {
      int h = s.hidden;
      for (int p = 0; p < s.length(); p++) {
        int n = s.size(p), had = p == 0 ? 0 : Math.min(n, s.size(p - 1));
        long at = to + 4L * s.row(p) * h;
        if (had > 0) VectorCopy.copy(states + 4L * s.row(p - 1) * h, h, 1, at, h, had, h);
        if (had < n) VectorCopy.copy(begin + 4L * had * h, h, 1, at + 4L * had * h, h, n - had, h);
      }
    }
  }
}

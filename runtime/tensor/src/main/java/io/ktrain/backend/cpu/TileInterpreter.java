package io.ktrain.backend.cpu;

import io.ktrain.backend.Strides;
import io.ktrain.op.Expr;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/**
 * Evaluates a pointwise expression a few hundred elements at a time, node by node over Java arrays: any types, any
 * strides, no native access. f16, bf16 and f32 compute in float, f64 in double, the rest in long.
 */
final class TileInterpreter {
  private static final int TILE = 512;

  private TileInterpreter() {}

  /** How many tiles a thread takes at a time. */
  private static final int TOGETHER = 8;

  /** {@code n} elements of a row of tensors of one shape, from {@code from} on. */
  private record Run(Tensor[] operands, Strides strides, int row, int from, int n) {
    long start(int k) {
      return strides.start(k, row) + from * strides.inner(k);
    }
  }

  /** out = expr(inputs), computed in {@code compute}. */
  static void run(Expr expr, DType compute, double[] params, Tensor out, Tensor[] in) {
    Tensor[] operands = new Tensor[in.length + 1];
    operands[0] = out;
    System.arraycopy(in, 0, operands, 1, in.length);
    if (out.numel() == 0) return;
    Strides s = Strides.of(operands);
    int columns = s.columns(), perRow = (columns + TILE - 1) / TILE;
    // Rows shorter than a tile are taken several at a time, so that a tile is worth handing over.
    int rowsEach = Math.max(1, TOGETHER * TILE / columns);
    int rows = s.rows();
    int groups = (rows + rowsEach - 1) / rowsEach;
    ThreadPool.run(groups * perRow, tile -> {
      int from = tile % perRow * TILE, n = Math.min(TILE, columns - from);
      int first = tile / perRow * rowsEach, last = Math.min(rows, first + rowsEach);
      Machine m = machine(compute, params, n);
      for (int row = first; row < last; row++) {
        var run = new Run(operands, s, row, from, n);
        m.load(run, 1, 0);
        m.store(m.eval(expr), 0, run, 0);
      }
    });
  }

  /**
   * Stores the values of all expressions to the inputs {@code written}, once they are computed; of several tuples of
   * inputs, which are small ones together in a tile.
   */
  static void inPlace(List<Expr> values, DType compute, double[] params, List<Tensor[]> tuples, int... written) {
    List<List<Run>> tiles = tiles(tuples);
    ThreadPool.run((tiles.size() + TOGETHER - 1) / TOGETHER, job -> {
      for (List<Run> tile : tiles.subList(job * TOGETHER, Math.min(tiles.size(), (job + 1) * TOGETHER)))
        storeTile(values, compute, params, tile, written);
    });
  }

  private static List<List<Run>> tiles(List<Tensor[]> tuples) {
    var tiles = new ArrayList<List<Run>>();
    int free = 0;
    for (Tensor[] operands : tuples) {
      if (operands[0].numel() == 0) continue;
      Strides s = Strides.of(operands);
      int columns = s.columns(), rows = s.rows();
      for (int row = 0; row < rows; row++)
        for (int from = 0, n; from < columns; from += n) {
          if (free == 0) {
            tiles.add(new ArrayList<>());
            free = TILE;
          }
          n = Math.min(free, columns - from);
          tiles.getLast().add(new Run(operands, s, row, from, n));
          free -= n;
        }
    }
    return tiles;
  }

  private static void storeTile(List<Expr> values, DType compute, double[] params, List<Run> tile, int[] written) {
    int n = 0;
    for (Run run : tile) n += run.n;
    Machine m = machine(compute, params, n);
    int at = 0;
    for (Run run : tile) {
      m.load(run, 0, at);
      at += run.n;
    }
    m.known = new IdentityHashMap<>();
    Object[] results = new Object[written.length];
    for (int i = 0; i < written.length; i++) results[i] = m.eval(values.get(i));
    at = 0;
    for (Run run : tile) {
      for (int i = 0; i < written.length; i++) m.store(results[i], at, run, written[i]);
      at += run.n;
    }
  }

  private static Machine machine(DType compute, double[] params, int n) {
    return compute == DType.f64 ? new Doubles(params, n) : compute.isFloating() ? new Floats(params, n)
        : new Longs(params, n);
  }

  /** Arrays of one kind of number. */
  private abstract static class Machine {
    final double[] params;
    final int n;

    /** The values of this row by expression object, where several expressions share parts; else null. */
    Map<Expr, Object> known;

    Machine(double[] params, int n) {
      this.params = params;
      this.n = n;
    }

    /** Reads the inputs, which are the operands from {@code first} on, into the row from {@code at} on. */
    abstract void load(Run run, int first, int at);

    abstract Object eval(Expr e);

    /** Writes what the row has from {@code at} on to operand {@code k}. */
    abstract void store(Object values, int at, Run run, int k);
  }

  private static final class Floats extends Machine {
    private float[][] in;

    Floats(double[] params, int n) {
      super(params, n);
    }

    @Override
    void load(Run run, int first, int at) {
      if (in == null) in = new float[run.operands.length - first][n];
      for (int k = first; k < run.operands.length; k++) {
        Tensor t = run.operands[k];
        float[] to = in[k - first];
        if (t.isConstant()) Arrays.fill(to, at, at + run.n, t.constantValue().floatValue());
        else Elements.load(t.storage().host(), t.getDtype(), run.start(k), run.strides.inner(k), to, at, run.n);
      }
    }

    @Override
    void store(Object values, int at, Run run, int k) {
      Tensor t = run.operands[k];
      Elements.store((float[]) values, at, t.storage().host(), t.getDtype(), run.start(k), run.strides.inner(k), run.n);
    }

    @Override
    float[] eval(Expr e) {
      if (known != null && known.get(e) instanceof float[] r) return r;
      float[] r = switch (e) {
        case Expr.Input i -> in[i.index()];
        case Expr.Constant c -> filled((float) c.value());
        case Expr.Param p -> filled((float) params[p.index()]);
        case Expr.Fma f -> fma(eval(f.a()), eval(f.b()), eval(f.c()));
        case Expr.Select s -> select(eval(s.condition()), eval(s.yes()), eval(s.no()));
        case Expr.Unary u -> unary(u.fn(), eval(u.x()));
        case Expr.Binary b -> binary(b.fn(), eval(b.a()), eval(b.b()));
      };
      if (known != null) known.put(e, r);
      return r;
    }

    private float[] filled(float value) {
      float[] r = new float[n];
      Arrays.fill(r, value);
      return r;
    }

    private static float[] fma(float[] a, float[] b, float[] c) {
      float[] r = new float[a.length];
      for (int i = 0; i < r.length; i++) r[i] = Math.fma(a[i], b[i], c[i]);
      return r;
    }

    private static float[] select(float[] c, float[] yes, float[] no) {
      float[] r = new float[c.length];
      for (int i = 0; i < r.length; i++) r[i] = c[i] != 0 ? yes[i] : no[i];
      return r;
    }

    private static float[] unary(Expr.Fn1 fn, float[] x) {
      int n = x.length;
      float[] r = new float[n];
      switch (fn) {
        case NEGATE -> { for (int i = 0; i < n; i++) r[i] = -x[i]; }
        case ABS -> { for (int i = 0; i < n; i++) r[i] = Math.abs(x[i]); }
        case SQRT -> { for (int i = 0; i < n; i++) r[i] = (float) Math.sqrt(x[i]); }
        case EXP -> { for (int i = 0; i < n; i++) r[i] = FloatMath.exp(x[i]); }
        default -> { for (int i = 0; i < n; i++) r[i] = FloatMath.apply(fn, x[i]); }
      }
      return r;
    }

    private static float[] binary(Expr.Fn2 fn, float[] a, float[] b) {
      int n = a.length;
      float[] r = new float[n];
      switch (fn) {
        case ADD -> { for (int i = 0; i < n; i++) r[i] = a[i] + b[i]; }
        case SUB -> { for (int i = 0; i < n; i++) r[i] = a[i] - b[i]; }
        case MUL -> { for (int i = 0; i < n; i++) r[i] = a[i] * b[i]; }
        case DIV -> { for (int i = 0; i < n; i++) r[i] = a[i] / b[i]; }
        case MAX -> { for (int i = 0; i < n; i++) r[i] = Math.max(a[i], b[i]); }
        case MIN -> { for (int i = 0; i < n; i++) r[i] = Math.min(a[i], b[i]); }
        case GT -> { for (int i = 0; i < n; i++) r[i] = a[i] > b[i] ? 1 : 0; }
        case LT -> { for (int i = 0; i < n; i++) r[i] = a[i] < b[i] ? 1 : 0; }
        case EQ -> { for (int i = 0; i < n; i++) r[i] = a[i] == b[i] ? 1 : 0; }
        default -> { for (int i = 0; i < n; i++) r[i] = FloatMath.apply(fn, a[i], b[i]); }
      }
      return r;
    }
  }

  private static final class Doubles extends Machine {
    private double[][] in;

    Doubles(double[] params, int n) {
      super(params, n);
    }

    @Override
    void load(Run run, int first, int at) {
      if (in == null) in = new double[run.operands.length - first][n];
      for (int k = first; k < run.operands.length; k++) {
        Tensor t = run.operands[k];
        double[] to = in[k - first];
        if (t.isConstant()) Arrays.fill(to, at, at + run.n, t.constantValue().doubleValue());
        else Elements.load(t.storage().host(), t.getDtype(), run.start(k), run.strides.inner(k), to, at, run.n);
      }
    }

    @Override
    void store(Object values, int at, Run run, int k) {
      Tensor t = run.operands[k];
      Elements.store((double[]) values, at, t.storage().host(), t.getDtype(), run.start(k), run.strides.inner(k), run.n);
    }

    @Override
    double[] eval(Expr e) {
      if (known != null && known.get(e) instanceof double[] r) return r;
      double[] r = new double[n];
      switch (e) {
        case Expr.Input i -> {
          return in[i.index()];
        }
        case Expr.Constant c -> Arrays.fill(r, c.value());
        case Expr.Param p -> Arrays.fill(r, params[p.index()]);
        case Expr.Fma f -> {
          double[] a = eval(f.a()), b = eval(f.b()), c = eval(f.c());
          for (int i = 0; i < n; i++) r[i] = Math.fma(a[i], b[i], c[i]);
        }
        case Expr.Select s -> {
          double[] c = eval(s.condition()), y = eval(s.yes()), z = eval(s.no());
          for (int i = 0; i < n; i++) r[i] = c[i] != 0 ? y[i] : z[i];
        }
        case Expr.Unary u -> {
          double[] x = eval(u.x());
          DoubleUnaryOperator f = DoubleMath.of(u.fn());
          for (int i = 0; i < n; i++) r[i] = f.applyAsDouble(x[i]);
        }
        case Expr.Binary b -> {
          double[] x = eval(b.a()), y = eval(b.b());
          DoubleBinaryOperator f = DoubleMath.of(b.fn());
          for (int i = 0; i < n; i++) r[i] = f.applyAsDouble(x[i], y[i]);
        }
      }
      if (known != null) known.put(e, r);
      return r;
    }
  }

  private static final class Longs extends Machine {
    private long[][] in;

    Longs(double[] params, int n) {
      super(params, n);
    }

    @Override
    void load(Run run, int first, int at) {
      if (in == null) in = new long[run.operands.length - first][n];
      for (int k = first; k < run.operands.length; k++) {
        Tensor t = run.operands[k];
        long[] to = in[k - first];
        if (t.isConstant()) Arrays.fill(to, at, at + run.n, t.constantValue().longValue());
        else Elements.load(t.storage().host(), t.getDtype(), run.start(k), run.strides.inner(k), to, at, run.n);
      }
    }

    @Override
    void store(Object values, int at, Run run, int k) {
      Tensor t = run.operands[k];
      Elements.store((long[]) values, at, t.storage().host(), t.getDtype(), run.start(k), run.strides.inner(k), run.n);
    }

    @Override
    long[] eval(Expr e) {
      long[] r = new long[n];
      switch (e) {
        case Expr.Input i -> {
          return in[i.index()];
        }
        case Expr.Constant c -> Arrays.fill(r, (long) c.value());
        case Expr.Param p -> Arrays.fill(r, (long) params[p.index()]);
        case Expr.Fma f -> {
          long[] a = eval(f.a()), b = eval(f.b()), c = eval(f.c());
          for (int i = 0; i < n; i++) r[i] = a[i] * b[i] + c[i];
        }
        case Expr.Select s -> {
          long[] c = eval(s.condition()), y = eval(s.yes()), z = eval(s.no());
          for (int i = 0; i < n; i++) r[i] = c[i] != 0 ? y[i] : z[i];
        }
        case Expr.Unary u -> {
          long[] x = eval(u.x());
          LongUnaryOperator f = LongMath.of(u.fn());
          for (int i = 0; i < n; i++) r[i] = f.applyAsLong(x[i]);
        }
        case Expr.Binary b -> {
          long[] x = eval(b.a()), y = eval(b.b());
          LongBinaryOperator f = LongMath.of(b.fn());
          for (int i = 0; i < n; i++) r[i] = f.applyAsLong(x[i], y[i]);
        }
      }
      return r;
    }
  }
}

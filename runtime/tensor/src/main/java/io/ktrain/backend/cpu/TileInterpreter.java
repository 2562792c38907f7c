package io.ktrain.backend.cpu;

import io.ktrain.backend.Strides;
import io.ktrain.op.Expr;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Tensor;
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

  private interface Row {
    void run(Machine machine, Strides strides, int row, int from);
  }

  /** out = expr(inputs), computed in {@code compute}. */
  static void run(Expr expr, DType compute, double[] params, Tensor out, Tensor[] in) {
    Tensor[] operands = after(out, in);
    each(operands, compute, params, (m, s, row, from) -> {
      m.load(s, operands, row, from);
      m.store(m.eval(expr), out, s.start(0, row) + from * s.inner(0), s.inner(0));
    });
  }

  /** Stores the values of all expressions to the inputs {@code written}, once they are computed. */
  static void inPlace(List<Expr> values, DType compute, double[] params, Tensor[] in, int... written) {
    Tensor[] operands = after(in[0], in);
    each(operands, compute, params, (m, s, row, from) -> {
      m.load(s, operands, row, from);
      m.known = new IdentityHashMap<>();
      Object[] results = new Object[written.length];
      for (int i = 0; i < written.length; i++) results[i] = m.eval(values.get(i));
      for (int i = 0; i < written.length; i++) {
        int k = written[i] + 1;
        m.store(results[i], operands[k], s.start(k, row) + from * s.inner(k), s.inner(k));
      }
    });
  }

  private static Tensor[] after(Tensor first, Tensor[] rest) {
    Tensor[] all = new Tensor[rest.length + 1];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }

  private static void each(Tensor[] operands, DType compute, double[] params, Row body) {
    if (operands[0].numel() == 0) return;
    Strides s = Strides.of(operands);
    int columns = s.columns(), perRow = (columns + TILE - 1) / TILE;
    // Rows shorter than a tile are taken several at a time, so that a tile is worth handing over.
    int rowsEach = Math.max(1, 8 * TILE / columns);
    int rows = s.rows();
    int groups = (rows + rowsEach - 1) / rowsEach;
    ThreadPool.run(groups * perRow, tile -> {
      int from = tile % perRow * TILE, n = Math.min(TILE, columns - from);
      int first = tile / perRow * rowsEach, last = Math.min(rows, first + rowsEach);
      Machine m = compute == DType.f64 ? new Doubles(params, n) : compute.isFloating() ? new Floats(params, n) : new Longs(params, n);
      for (int row = first; row < last; row++) body.run(m, s, row, from);
    });
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

    abstract void load(Strides s, Tensor[] operands, int row, int from);

    abstract Object eval(Expr e);

    abstract void store(Object values, Tensor out, long at, long stride);
  }

  private static final class Floats extends Machine {
    private float[][] in;

    Floats(double[] params, int n) {
      super(params, n);
    }

    @Override
    void load(Strides s, Tensor[] operands, int row, int from) {
      if (in == null) in = new float[operands.length - 1][n];
      for (int k = 1; k < operands.length; k++) {
        Tensor t = operands[k];
        if (t.isConstant()) java.util.Arrays.fill(in[k - 1], t.constantValue().floatValue());
        else Elements.load(t.storage().host(), t.getDtype(), s.start(k, row) + from * s.inner(k), s.inner(k), in[k - 1], n);
      }
    }

    @Override
    void store(Object values, Tensor out, long at, long stride) {
      Elements.store((float[]) values, out.storage().host(), out.getDtype(), at, stride, n);
    }

    @Override
    float[] eval(Expr e) {
      if (known != null && known.get(e) instanceof float[] r) return r;
      float[] r = new float[n];
      switch (e) {
        case Expr.Input i -> {
          return in[i.index()];
        }
        case Expr.Constant c -> java.util.Arrays.fill(r, (float) c.value());
        case Expr.Param p -> java.util.Arrays.fill(r, (float) params[p.index()]);
        case Expr.Fma f -> {
          float[] a = eval(f.a()), b = eval(f.b()), c = eval(f.c());
          for (int i = 0; i < n; i++) r[i] = Math.fma(a[i], b[i], c[i]);
        }
        case Expr.Select s -> {
          float[] c = eval(s.condition()), y = eval(s.yes()), z = eval(s.no());
          for (int i = 0; i < n; i++) r[i] = c[i] != 0 ? y[i] : z[i];
        }
        case Expr.Unary u -> unary(u.fn(), eval(u.x()), r);
        case Expr.Binary b -> binary(b.fn(), eval(b.a()), eval(b.b()), r);
      }
      if (known != null) known.put(e, r);
      return r;
    }

    private void unary(Expr.Fn1 fn, float[] x, float[] r) {
      switch (fn) {
        case NEGATE -> { for (int i = 0; i < n; i++) r[i] = -x[i]; }
        case ABS -> { for (int i = 0; i < n; i++) r[i] = Math.abs(x[i]); }
        case SQRT -> { for (int i = 0; i < n; i++) r[i] = (float) Math.sqrt(x[i]); }
        case EXP -> { for (int i = 0; i < n; i++) r[i] = FloatMath.exp(x[i]); }
        default -> { for (int i = 0; i < n; i++) r[i] = FloatMath.apply(fn, x[i]); }
      }
    }

    private void binary(Expr.Fn2 fn, float[] a, float[] b, float[] r) {
      switch (fn) {
        case ADD -> { for (int i = 0; i < n; i++) r[i] = a[i] + b[i]; }
        case SUB -> { for (int i = 0; i < n; i++) r[i] = a[i] - b[i]; }
        case MUL -> { for (int i = 0; i < n; i++) r[i] = a[i] * b[i]; }
        case DIV -> { for (int i = 0; i < n; i++) r[i] = a[i] / b[i]; }
        case MAX -> { for (int i = 0; i < n; i++) r[i] = Math.max(a[i], b[i]); }
        case MIN -> { for (int i = 0; i < n; i++) r[i] = Math.min(a[i], b[i]); }
        case GT -> { for (int i = 0; i < n; i++) r[i] = a[i] > b[i] ? 1 : 0; }
        case EQ -> { for (int i = 0; i < n; i++) r[i] = a[i] == b[i] ? 1 : 0; }
        default -> { for (int i = 0; i < n; i++) r[i] = FloatMath.apply(fn, a[i], b[i]); }
      }
    }
  }

  private static final class Doubles extends Machine {
    private double[][] in;

    Doubles(double[] params, int n) {
      super(params, n);
    }

    @Override
    void load(Strides s, Tensor[] operands, int row, int from) {
      if (in == null) in = new double[operands.length - 1][n];
      for (int k = 1; k < operands.length; k++) {
        Tensor t = operands[k];
        if (t.isConstant()) java.util.Arrays.fill(in[k - 1], t.constantValue().doubleValue());
        else Elements.load(t.storage().host(), t.getDtype(), s.start(k, row) + from * s.inner(k), s.inner(k), in[k - 1], n);
      }
    }

    @Override
    void store(Object values, Tensor out, long at, long stride) {
      Elements.store((double[]) values, out.storage().host(), out.getDtype(), at, stride, n);
    }

    @Override
    double[] eval(Expr e) {
      if (known != null && known.get(e) instanceof double[] r) return r;
      double[] r = new double[n];
      switch (e) {
        case Expr.Input i -> {
          return in[i.index()];
        }
        case Expr.Constant c -> java.util.Arrays.fill(r, c.value());
        case Expr.Param p -> java.util.Arrays.fill(r, params[p.index()]);
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
    void load(Strides s, Tensor[] operands, int row, int from) {
      if (in == null) in = new long[operands.length - 1][n];
      for (int k = 1; k < operands.length; k++) {
        Tensor t = operands[k];
        if (t.isConstant()) java.util.Arrays.fill(in[k - 1], t.constantValue().longValue());
        else Elements.load(t.storage().host(), t.getDtype(), s.start(k, row) + from * s.inner(k), s.inner(k), in[k - 1], n);
      }
    }

    @Override
    void store(Object values, Tensor out, long at, long stride) {
      Elements.store((long[]) values, out.storage().host(), out.getDtype(), at, stride, n);
    }

    @Override
    long[] eval(Expr e) {
      long[] r = new long[n];
      switch (e) {
        case Expr.Input i -> {
          return in[i.index()];
        }
        case Expr.Constant c -> java.util.Arrays.fill(r, (long) c.value());
        case Expr.Param p -> java.util.Arrays.fill(r, (long) params[p.index()]);
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

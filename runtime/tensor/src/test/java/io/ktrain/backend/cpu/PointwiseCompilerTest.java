package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.ktrain.op.Expr;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Compiled kernels against the same expression evaluated element by element with {@link FloatMath}: equal to the bit.
 */
final class PointwiseCompilerTest {
  private static final Set<Expr.Fn2> OF_WHOLE_NUMBERS = Set.of(Expr.Fn2.BIT_AND, Expr.Fn2.BIT_OR, Expr.Fn2.BIT_XOR,
      Expr.Fn2.SHIFT_LEFT, Expr.Fn2.SHIFT_RIGHT);

  private static final Expr X = new Expr.Input(0);
  private static final Expr Y = new Expr.Input(1);
  private static final Expr Z = new Expr.Input(2);
  private static final float[] PARAMS = {0.01f, -3f};
  private static final int[] SIZES = {0, 1, 7, 16, 17, 33, 1000};
  private static final float[] SPECIAL = {0f, -0f, 1f, -1f, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 88.5f, 89f, -87f, -104f,
      1e-40f, 1e-38f, 3e38f, 8388609f, -8388607.5f, 4194304.5f, Float.MIN_VALUE, Float.MAX_VALUE, Float.NaN,
      Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};

  private static Map<String, Expr> expressions() {
    var all = new LinkedHashMap<String, Expr>();
    for (Expr.Fn1 fn : Expr.Fn1.values()) all.put(fn.name(), new Expr.Unary(fn, X));
    for (Expr.Fn2 fn : Expr.Fn2.values()) if (!OF_WHOLE_NUMBERS.contains(fn)) all.put(fn.name(), new Expr.Binary(fn, X, Y));
    for (double p : new double[] {2, 3, 0.5, -1, -0.5, 7}) all.put("POW " + p, X.pow(Expr.of(p)));
    all.put("relu", X.max(Expr.of(0)));
    all.put("leakyRelu", X.gt(Expr.of(0)).choose(X, X.times(Expr.param(0))));
    all.put("sigmoid", Expr.of(1).div(X.negate().exp().plus(1)));
    all.put("silu", X.div(X.negate().exp().plus(1)));
    all.put("gelu", X.times(0.5).times(X.times(Math.sqrt(0.5)).erf().plus(1)));
    all.put("geluTanh", X.times(0.5).times(
        X.times(X).times(X).times(0.044715).plus(X).times(0.7978845608).tanh().plus(1)));
    all.put("biasGelu", X.plus(Y).times(0.5).times(X.plus(Y).times(Math.sqrt(0.5)).erf().plus(1)).times(Z));
    all.put("fma", X.fma(Y, Z));
    all.put("conditions", new Expr.Binary(Expr.Fn2.AND, X.lt(Y), new Expr.Binary(Expr.Fn2.OR, X, Z.isNan()).not())
        .choose(X.exp(), Y.log()));
    all.put("a condition as a number", X.ge(Y).plus(X.le(Y).times(2)).plus(X.isNan().times(4)));
    all.put("nothing but parameters", Expr.param(0).exp().plus(Expr.param(1)));
    all.put("softplus", X.gt(Expr.of(20)).choose(X, X.exp().log1p()));
    return all;
  }

  static float evaluate(Expr e, float[] in, float[] params) {
    return switch (e) {
      case Expr.Input i -> in[i.index()];
      case Expr.Constant c -> (float) c.value();
      case Expr.Param p -> params[p.index()];
      case Expr.Unary u -> FloatMath.apply(u.fn(), evaluate(u.x(), in, params));
      case Expr.Binary b -> FloatMath.apply(b.fn(), evaluate(b.a(), in, params), evaluate(b.b(), in, params));
      case Expr.Fma(var a, var b, var c) ->
          Math.fma(evaluate(a, in, params), evaluate(b, in, params), evaluate(c, in, params));
      case Expr.Select s -> evaluate(evaluate(s.condition(), in, params) != 0f ? s.yes() : s.no(), in, params);
    };
  }

  private static NativeFloats operand(int length, int seed) {
    var f = NativeFloats.random(length, seed);
    for (int i = 0; i < length; i++)
      f.set(i, i % 3 == 0 ? SPECIAL[(i / 3 * (seed + 1)) % SPECIAL.length] : f.get(i) * (i % 5 == 0 ? 30 : 1));
    return f;
  }

  private static void check(String name, Expr e, long columns, long[] strides, int rows, int cols, boolean bool) {
    PointwiseKernel kernel =
        bool ? PointwiseCompiler.boolKernel(e, columns, 0) : PointwiseCompiler.kernel(e, columns, 0);
    if (kernel == null) {
      assertFalse(PointwiseCompiler.supports(e), name);
      return;
    }
    var in = new NativeFloats[3];
    long[] addresses = new long[3];
    for (int i = 0; i < 3; i++) {
      boolean column = (columns >>> i & 1) != 0;
      in[i] = operand((int) (Math.max(0, rows - 1) * strides[i]) + (column ? 1 : cols), i);
      addresses[i] = in[i].address;
    }
    int outStride = cols + 3;
    var out = new NativeFloats(rows * outStride);
    kernel.run(addresses, strides, PARAMS, out.address, outStride, rows, cols);
    float[] at = new float[3];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < outStride; c++) {
        String where = name + " of " + rows + "x" + cols + " at " + r + ", " + c;
        if (c >= cols) {
          assertEquals(0, bool ? out.getByte(r * outStride + c) : out.get(r * outStride + c), where + ", past the row");
          continue;
        }
        for (int i = 0; i < 3; i++) at[i] = in[i].get((int) (r * strides[i]) + ((columns >>> i & 1) != 0 ? 0 : c));
        float expected = evaluate(e, at, PARAMS);
        if (bool) assertEquals(expected != 0f ? 1 : 0, out.getByte(r * outStride + c), where);
        else
          assertEquals(Float.floatToIntBits(expected), Float.floatToIntBits(out.get(r * outStride + c)),
              where + ", operands " + at[0] + ", " + at[1] + ", " + at[2] + ": expected " + expected);
      }
    }
    out.assertGuardsIntact();
  }

  @Test
  void everyExpressionEqualsFloatMathToTheBit() {
    var unsupported = new ArrayList<String>();
    expressions().forEach((name, e) -> {
      if (!PointwiseCompiler.supports(e)) unsupported.add(name);
      for (int n : SIZES) check(name, e, 0, new long[] {n, n, n}, 1, n, false);
    });
    assertEquals(List.of("LOG2", "LOG10", "SIN", "COS", "TAN", "ASIN", "ACOS", "ATAN", "SINH", "COSH", "ERFC",
        "ERFINV", "LGAMMA", "POW", "ATAN2", "FLOOR_DIV", "REMAINDER", "FMOD", "POLYGAMMA", "POW 7.0"), unsupported);
  }

  @Test
  void bitsDoNotChangeWhenTheKernelIsCompiled() {
    for (var named : expressions().entrySet()) {
      PointwiseKernel kernel = PointwiseCompiler.kernel(named.getValue(), 0, 0);
      if (kernel == null) continue;
      int n = 1000;
      var held = List.of(operand(n, 0), operand(n, 1), operand(n, 2));
      long[] in = held.stream().mapToLong(f -> f.address).toArray(), strides = new long[3];
      NativeFloats first = new NativeFloats(n), last = new NativeFloats(n);
      kernel.run(in, strides, PARAMS, first.address, 0, 1, n);
      for (int i = 0; i < 400; i++) kernel.run(in, strides, PARAMS, last.address, 0, 1, n);
      for (int i = 0; i < n; i++)
        assertEquals(Float.floatToIntBits(first.get(i)), Float.floatToIntBits(last.get(i)),
            named.getKey() + " at " + i);
      held.forEach(NativeFloats::assertGuardsIntact);
    }
  }

  @Test
  void rowsColumnsAndScalars() {
    Expr e = expressions().get("biasGelu");
    for (int cols : SIZES) {
      check("strided rows", e, 0, new long[] {cols + 5, cols, cols + 1}, 3, cols, false);
      check("a row repeated", e, 0, new long[] {cols, 0, cols}, 3, cols, false);
      check("one value a row", e, 0b010, new long[] {cols, 1, cols}, 3, cols, false);
      check("one value a row, strided, and a scalar", e, 0b110, new long[] {cols, 4, 0}, 3, cols, false);
      check("no row of values at all", e, 0b111, new long[] {1, 1, 0}, 3, cols, false);
    }
  }

  @Test
  void boolOutputs() {
    var all = expressions();
    for (String name : List.of("EQ", "NE", "LT", "LE", "GT", "GE", "AND", "OR", "XOR", "NOT", "IS_NAN", "relu"))
      for (int n : SIZES) check(name, all.get(name), 0, new long[] {n, n, n}, 2, n, true);
  }

  @Test
  void boolOperands() {
    Expr where = X.choose(Y, Z), both = new Expr.Binary(Expr.Fn2.AND, X, Y), sum = X.plus(Y.times(2));
    for (int cols : SIZES) {
      int rows = 3;
      NativeFloats x = new NativeFloats(rows * cols / 4 + 1), y = NativeFloats.random(rows * cols, 1);
      NativeFloats z = NativeFloats.random(rows * cols, 2), out = new NativeFloats(rows * cols);
      for (int i = 0; i < rows * cols; i++) x.setByte(i, y.get(i) > 0.3f ? 1 : 0);
      long[] in = {x.address, y.address, z.address}, strides = {cols, cols, cols}, oneARow = {1, cols, cols};
      PointwiseCompiler.kernel(where, 0, 0b001).run(in, strides, PARAMS, out.address, cols, rows, cols);
      for (int i = 0; i < rows * cols; i++) assertEquals(x.getByte(i) != 0 ? y.get(i) : z.get(i), out.get(i));
      PointwiseCompiler.kernel(where, 0b001, 0b001).run(in, oneARow, PARAMS, out.address, cols, rows, cols);
      for (int i = 0; i < rows * cols; i++)
        assertEquals(x.getByte(i / cols) != 0 ? y.get(i) : z.get(i), out.get(i));
      long[] masks = {x.address, x.address};
      PointwiseCompiler.kernel(sum, 0, 0b011).run(masks, strides, PARAMS, out.address, cols, rows, cols);
      for (int i = 0; i < rows * cols; i++) assertEquals(3f * x.getByte(i), out.get(i));
      PointwiseCompiler.boolKernel(both, 0, 0b011).run(masks, strides, PARAMS, out.address, cols, rows, cols);
      for (int i = 0; i < rows * cols; i++) assertEquals(x.getByte(i), out.getByte(i));
      out.assertGuardsIntact();
    }
  }

  @Test
  void inPlace() {
    var x = NativeFloats.random(100, 1);
    float[] before = x.toArray();
    Expr e = X.times(X).plus(1);
    PointwiseCompiler.kernel(e, 0, 0).run(new long[] {x.address}, new long[] {0}, PARAMS, x.address, 0, 1, 100);
    for (int i = 0; i < 100; i++) assertEquals(evaluate(e, new float[] {before[i]}, PARAMS), x.get(i));
  }

  @Test
  void oneKernelForEachStructure() {
    var k = PointwiseCompiler.kernel(new Expr.Input(0).plus(new Expr.Input(1)).exp(), 0, 0);
    assertSame(k, PointwiseCompiler.kernel(new Expr.Input(0).plus(new Expr.Input(1)).exp(), 0, 0));
    assertNotSame(k, PointwiseCompiler.kernel(new Expr.Input(0).plus(new Expr.Input(1)).exp(), 1, 0));
  }

  @Test
  void treesTooBigForTheJitAreLeftToTheCaller() {
    Expr e = X;
    for (int i = 0; i < 60; i++) e = e.tanh().plus(i);
    assertNull(PointwiseCompiler.kernel(e, 0, 0));
    Expr doubled = X;
    for (int i = 0; i < 60; i++) doubled = doubled.plus(doubled);
    assertNull(PointwiseCompiler.kernel(doubled, 0, 0));
  }
}

package io.ktrain.op;

import java.util.Arrays;
import java.util.List;

/** Evaluates a pointwise operation's expression one element at a time in double: its oracle. */
final class PointwiseOracle {
  private PointwiseOracle() {}

  static NdArray of(Expr expr, double[] params, List<NdArray> in) {
    int ndim = in.stream().mapToInt(x -> x.shape().length).max().orElse(0);
    int[] shape = new int[ndim];
    Arrays.fill(shape, 1);
    for (NdArray x : in)
      for (int d = 1; d <= x.shape().length; d++)
        if (x.shape()[x.shape().length - d] != 1) shape[ndim - d] = x.shape()[x.shape().length - d];
    return NdArray.by(shape, i -> eval(expr, in.stream().mapToDouble(x -> Oracles.broadcast(x, i)).toArray(), params));
  }

  private static double eval(Expr e, double[] in, double[] params) {
    return switch (e) {
      case Expr.Input i -> in[i.index()];
      case Expr.Constant c -> c.value();
      case Expr.Param p -> params[p.index()];
      case Expr.Fma f -> eval(f.a(), in, params) * eval(f.b(), in, params) + eval(f.c(), in, params);
      case Expr.Select s -> eval(s.condition(), in, params) != 0 ? eval(s.yes(), in, params) : eval(s.no(), in, params);
      case Expr.Unary u -> unary(u.fn(), eval(u.x(), in, params));
      case Expr.Binary b -> binary(b.fn(), eval(b.a(), in, params), eval(b.b(), in, params));
    };
  }

  private static double unary(Expr.Fn1 fn, double x) {
    return switch (fn) {
      case NEGATE -> -x;
      case ABS -> Math.abs(x);
      case SIGN -> Math.signum(x);
      case SQRT -> Math.sqrt(x);
      case EXP -> Math.exp(x);
      case EXPM1 -> Math.expm1(x);
      case LOG -> Math.log(x);
      case LOG1P -> Math.log1p(x);
      case LOG2 -> Math.log(x) / Math.log(2);
      case LOG10 -> Math.log10(x);
      case SIN -> Math.sin(x);
      case COS -> Math.cos(x);
      case TAN -> Math.tan(x);
      case ASIN -> Math.asin(x);
      case ACOS -> Math.acos(x);
      case ATAN -> Math.atan(x);
      case SINH -> Math.sinh(x);
      case COSH -> Math.cosh(x);
      case TANH -> Math.tanh(x);
      case ERF -> erf(x);
      case FLOOR -> Math.floor(x);
      case CEIL -> Math.ceil(x);
      case TRUNC -> (double) (long) x;
      case ROUND -> Math.rint(x);
      case NOT -> x == 0 ? 1 : 0;
      case IS_NAN -> Double.isNaN(x) ? 1 : 0;
    };
  }

  private static double binary(Expr.Fn2 fn, double a, double b) {
    return switch (fn) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> a / b;
      case POW -> Math.pow(a, b);
      case MAX -> Math.max(a, b);
      case MIN -> Math.min(a, b);
      case ATAN2 -> Math.atan2(a, b);
      case FLOOR_DIV -> Math.floor(a / b);
      case TRUNC_DIV -> (double) (long) (a / b);
      case REMAINDER -> a - Math.floor(a / b) * b;
      case FMOD -> a - (long) (a / b) * b;
      case EQ -> a == b ? 1 : 0;
      case NE -> a != b ? 1 : 0;
      case LT -> a < b ? 1 : 0;
      case LE -> a <= b ? 1 : 0;
      case GT -> a > b ? 1 : 0;
      case GE -> a >= b ? 1 : 0;
      case AND -> a != 0 && b != 0 ? 1 : 0;
      case OR -> a != 0 || b != 0 ? 1 : 0;
      case XOR -> a != 0 ^ b != 0 ? 1 : 0;
    };
  }

  /** The integral of 2 / sqrt(pi) * exp(-t * t) from 0 to x, by Simpson's rule. */
  private static double erf(double x) {
    int steps = 2000;
    double h = x / steps, sum = 0;
    for (int i = 0; i <= steps; i++)
      sum += Math.exp(-(i * h) * (i * h)) * (i == 0 || i == steps ? 1 : i % 2 == 0 ? 2 : 4);
    return 2 / Math.sqrt(Math.PI) * sum * h / 3;
  }
}

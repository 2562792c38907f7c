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
      case ERFC -> 1 - erf(x);
      case ERFINV -> erfinv(x);
      case LGAMMA -> lgamma(x);
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
      case COPYSIGN -> Math.copySign(a, b);
      case POLYGAMMA -> polygamma((int) a, b);
      case BIT_AND -> (long) a & (long) b;
      case BIT_OR -> (long) a | (long) b;
      case BIT_XOR -> (long) a ^ (long) b;
      case SHIFT_LEFT -> Math.floor(a) * Math.pow(2, b);
      case SHIFT_RIGHT -> Math.floor(a / Math.pow(2, b));
    };
  }

  /** By Newton's method on {@link #erf}. */
  private static double erfinv(double x) {
    if (!(Math.abs(x) < 1)) return x / (1 - Math.abs(x));
    double y = 0;
    for (int i = 0; i < 12; i++) y -= (erf(y) - x) * Math.sqrt(Math.PI) / 2 * Math.exp(y * y);
    return y;
  }

  /** By recurrence from Stirling's formula at x + 200. */
  private static double lgamma(double x) {
    double sum = 0;
    for (int k = 0; k < 200; k++) sum -= Math.log(Math.abs(x + k));
    double z = x + 200;
    return sum + (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * z) - 1 / (360 * z * z * z);
  }

  /** The sum of its series, whose rest from 1000 on is an integral. */
  private static double polygamma(int n, double x) {
    double sum = 0, z = x + 1000, sign = n % 2 == 0 ? -1 : 1, factorial = 1;
    if (n == 0) {
      for (int k = 0; k < 1000; k++) sum -= 1 / (x + k);
      return sum + Math.log(z) - 1 / (2 * z) - 1 / (12 * z * z);
    }
    for (int i = 2; i <= n; i++) factorial *= i;
    for (int k = 0; k < 1000; k++) sum += Math.pow(x + k, -n - 1);
    sum += Math.pow(z, -n) / n + Math.pow(z, -n - 1) / 2 + (n + 1) * Math.pow(z, -n - 2) / 12;
    return sign * factorial * sum;
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

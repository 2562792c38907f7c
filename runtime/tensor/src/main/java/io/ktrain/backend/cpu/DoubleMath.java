package io.ktrain.backend.cpu;

import io.ktrain.op.Expr.Fn1;
import io.ktrain.op.Expr.Fn2;
import io.ktrain.tensor.KtrainException;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/** The functions of expressions in double: StrictMath, whose bits depend on nothing. */
final class DoubleMath {
  private DoubleMath() {}

  static DoubleUnaryOperator of(Fn1 fn) {
    return switch (fn) {
      case NEGATE -> x -> -x;
      case ABS -> Math::abs;
      case SIGN -> Math::signum;
      case SQRT -> Math::sqrt;
      case EXP -> StrictMath::exp;
      case EXPM1 -> StrictMath::expm1;
      case LOG -> StrictMath::log;
      case LOG1P -> StrictMath::log1p;
      case LOG2 -> x -> StrictMath.log(x) / 0.6931471805599453;
      case LOG10 -> StrictMath::log10;
      case SIN -> StrictMath::sin;
      case COS -> StrictMath::cos;
      case TAN -> StrictMath::tan;
      case ASIN -> StrictMath::asin;
      case ACOS -> StrictMath::acos;
      case ATAN -> StrictMath::atan;
      case SINH -> StrictMath::sinh;
      case COSH -> StrictMath::cosh;
      case TANH -> StrictMath::tanh;
      case ERF -> DoubleMath::erf;
      case ERFC -> DoubleMath::erfc;
      case ERFINV -> DoubleMath::erfinv;
      case LGAMMA -> GammaMath::lgamma;
      case FLOOR -> Math::floor;
      case CEIL -> Math::ceil;
      case TRUNC -> x -> x < 0 ? Math.ceil(x) : Math.floor(x);
      case ROUND -> Math::rint;
      case NOT -> x -> x == 0 ? 1 : 0;
      case IS_NAN -> x -> x != x ? 1 : 0;
    };
  }

  static DoubleBinaryOperator of(Fn2 fn) {
    return switch (fn) {
      case ADD -> (a, b) -> a + b;
      case SUB -> (a, b) -> a - b;
      case MUL -> (a, b) -> a * b;
      case DIV -> (a, b) -> a / b;
      case POW -> StrictMath::pow;
      case MAX -> Math::max;
      case MIN -> Math::min;
      case ATAN2 -> StrictMath::atan2;
      case FLOOR_DIV -> (a, b) -> Math.floor(a / b);
      case TRUNC_DIV -> (a, b) -> a / b < 0 ? Math.ceil(a / b) : Math.floor(a / b);
      case REMAINDER -> (a, b) -> {
        double r = a % b;
        return r != 0 && r < 0 != b < 0 ? r + b : r;
      };
      case FMOD -> (a, b) -> a % b;
      case EQ -> (a, b) -> a == b ? 1 : 0;
      case NE -> (a, b) -> a != b ? 1 : 0;
      case LT -> (a, b) -> a < b ? 1 : 0;
      case LE -> (a, b) -> a <= b ? 1 : 0;
      case GT -> (a, b) -> a > b ? 1 : 0;
      case GE -> (a, b) -> a >= b ? 1 : 0;
      case AND -> (a, b) -> a != 0 && b != 0 ? 1 : 0;
      case OR -> (a, b) -> a != 0 || b != 0 ? 1 : 0;
      case XOR -> (a, b) -> a != 0 != (b != 0) ? 1 : 0;
      case COPYSIGN -> Math::copySign;
      case POLYGAMMA -> (n, x) -> GammaMath.polygamma((int) n, x);
      case BIT_AND, BIT_OR, BIT_XOR, SHIFT_LEFT, SHIFT_RIGHT -> throw new KtrainException(fn
          + " is a function of whole numbers only");
    };
  }

  /** By its Taylor series near 0, else by the continued fraction of erfc (Abramowitz and Stegun 7.1.6 and 7.1.14). */
  static double erf(double x) {
    double a = Math.abs(x);
    if (Double.isNaN(x)) return x;
    if (a > 6) return Math.signum(x);
    if (a < 2.5) {
      double term = x, sum = x;
      for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && n < 200; n++) {
        term *= 2 * x * x / (2 * n + 1);
        sum += term;
      }
      return 2 / Math.sqrt(Math.PI) * StrictMath.exp(-x * x) * sum;
    }
    return Math.signum(x) * (1 - tail(a));
  }

  /** 1 - erf(x), exact also where erf(x) rounds to 1. */
  static double erfc(double x) {
    return x < 1.5 ? 1 - erf(x) : x > 28 ? 0 : tail(x);
  }

  /** erfc from 1.5 on, by its continued fraction. */
  private static double tail(double x) {
    double f = 0;
    for (int n = 120; n >= 1; n--) f = n / 2.0 / (x + f);
    return StrictMath.exp(-x * x) / Math.sqrt(Math.PI) / (x + f);
  }

  /** Halley's iteration from Winitzki's closed form, which is right to two digits. */
  static double erfinv(double x) {
    double a = Math.abs(x);
    if (!(a < 1)) return a == 1 ? x * Double.POSITIVE_INFINITY : Double.NaN;
    if (a == 0) return x;
    double l = StrictMath.log1p(-a * a), h = 2 / (Math.PI * 0.147) + l / 2;
    double y = Math.sqrt(Math.sqrt(h * h - l / 0.147) - h);
    for (int i = 0; i < 3; i++) {
      double off = (a > 0.5 ? (1 - a) - erfc(y) : erf(y) - a) * Math.sqrt(Math.PI) / 2 * StrictMath.exp(y * y);
      y -= off / (1 + y * off);
    }
    return Math.copySign(y, x);
  }
}

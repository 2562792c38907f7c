package io.ktrain.backend.cpu;

import io.ktrain.op.Expr.Fn1;
import io.ktrain.op.Expr.Fn2;
import io.ktrain.tensor.KtrainException;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/** The functions of expressions on whole numbers, wrapping as two's complement does. */
final class LongMath {
  private LongMath() {}

  static LongUnaryOperator of(Fn1 fn) {
    return switch (fn) {
      case NEGATE -> x -> -x;
      case ABS -> Math::abs;
      case SIGN -> Long::signum;
      case FLOOR, CEIL, TRUNC, ROUND -> x -> x;
      case NOT -> x -> x == 0 ? 1 : 0;
      case IS_NAN -> x -> 0;
      case SQRT, EXP, EXPM1, LOG, LOG1P, LOG2, LOG10, SIN, COS, TAN, ASIN, ACOS, ATAN, SINH, COSH, TANH, ERF,
          ERFC, ERFINV, LGAMMA ->
          throw new KtrainException(fn + " is not a function of whole numbers");
    };
  }

  static LongBinaryOperator of(Fn2 fn) {
    return switch (fn) {
      case ADD -> (a, b) -> a + b;
      case SUB -> (a, b) -> a - b;
      case MUL -> (a, b) -> a * b;
      case POW -> LongMath::pow;
      case MAX -> Math::max;
      case MIN -> Math::min;
      case FLOOR_DIV -> (a, b) -> Math.floorDiv(a, divisor(b));
      case TRUNC_DIV -> (a, b) -> a / divisor(b);
      case REMAINDER -> (a, b) -> Math.floorMod(a, divisor(b));
      case FMOD -> (a, b) -> a % divisor(b);
      case EQ -> (a, b) -> a == b ? 1 : 0;
      case NE -> (a, b) -> a != b ? 1 : 0;
      case LT -> (a, b) -> a < b ? 1 : 0;
      case LE -> (a, b) -> a <= b ? 1 : 0;
      case GT -> (a, b) -> a > b ? 1 : 0;
      case GE -> (a, b) -> a >= b ? 1 : 0;
      case AND -> (a, b) -> a != 0 && b != 0 ? 1 : 0;
      case OR -> (a, b) -> a != 0 || b != 0 ? 1 : 0;
      case XOR -> (a, b) -> a != 0 != (b != 0) ? 1 : 0;
      case COPYSIGN -> (a, b) -> b < 0 ? -Math.abs(a) : Math.abs(a);
      case BIT_AND -> (a, b) -> a & b;
      case BIT_OR -> (a, b) -> a | b;
      case BIT_XOR -> (a, b) -> a ^ b;
      case SHIFT_LEFT -> (a, b) -> b < 0 || b >= Long.SIZE ? 0 : a << b;
      case SHIFT_RIGHT -> (a, b) -> a >> (b < 0 || b >= Long.SIZE ? Long.SIZE - 1 : b);
      case DIV, ATAN2, POLYGAMMA -> throw new KtrainException(fn + " is not a function of whole numbers");
    };
  }

  private static long divisor(long b) {
    if (b == 0) throw new KtrainException("division of whole numbers by zero. Fix: to(f32) first, or where(b.ne(0), ...).");
    return b;
  }

  private static long pow(long base, long exponent) {
    if (exponent < 0) {
      if (base == 1) return 1;
      if (base == -1) return (exponent & 1) == 0 ? 1 : -1;
      throw new KtrainException("pow: a whole number to a negative power (" + exponent + ") is not a whole number. Fix: to(f32) first.");
    }
    long r = 1;
    for (; exponent > 0; exponent >>= 1) {
      if ((exponent & 1) == 1) r *= base;
      base *= base;
    }
    return r;
  }
}

package io.ktrain.op;

import java.util.function.IntFunction;

/**
 * The arithmetic of a pointwise operation, written once: every backend compiles or interprets this tree. Built with the
 * methods below, starting from {@link Input}, {@link #of} and {@link #param}. Comparisons and logic give 1 or 0.
 */
public sealed interface Expr {
  /** The element of the operand with that index. */
  record Input(int index) implements Expr {}

  record Constant(double value) implements Expr {}

  /** A number given with the call (a slope, an epsilon): part of the call, not of the compiled kernel. */
  record Param(int index) implements Expr {}

  record Unary(Fn1 fn, Expr x) implements Expr {}

  record Binary(Fn2 fn, Expr a, Expr b) implements Expr {}

  /** a * b + c, rounded once. */
  record Fma(Expr a, Expr b, Expr c) implements Expr {}

  /** yes where condition is not 0, else no. Both sides are computed. */
  record Select(Expr condition, Expr yes, Expr no) implements Expr {}

  enum Fn1 {
    NEGATE, ABS, SIGN, SQRT, EXP, EXPM1, LOG, LOG1P, LOG2, LOG10, SIN, COS, TAN, ASIN, ACOS, ATAN, SINH, COSH, TANH,
    ERF, ERFC, ERFINV, LGAMMA, FLOOR, CEIL, TRUNC, ROUND, NOT, IS_NAN
  }

  enum Fn2 {
    ADD, SUB, MUL, DIV, POW, MAX, MIN, ATAN2, FLOOR_DIV, TRUNC_DIV, REMAINDER, FMOD,
    EQ, NE, LT, LE, GT, GE, AND, OR, XOR,
    /** |a| with the sign of b, also of -0. */
    COPYSIGN,
    /** The derivative of order a + 1 of log(gamma(b)); a is a whole number from 0. */
    POLYGAMMA,
    /** On whole numbers only; a shift by more bits than there are leaves nothing but the sign. */
    BIT_AND, BIT_OR, BIT_XOR, SHIFT_LEFT, SHIFT_RIGHT
  }

  static Expr of(double value) {
    return new Constant(value);
  }

  static Expr param(int index) {
    return new Param(index);
  }

  default Expr negate() { return new Unary(Fn1.NEGATE, this); }
  default Expr abs() { return new Unary(Fn1.ABS, this); }
  default Expr sign() { return new Unary(Fn1.SIGN, this); }
  default Expr sqrt() { return new Unary(Fn1.SQRT, this); }
  default Expr exp() { return new Unary(Fn1.EXP, this); }
  default Expr expm1() { return new Unary(Fn1.EXPM1, this); }
  default Expr log() { return new Unary(Fn1.LOG, this); }
  default Expr log1p() { return new Unary(Fn1.LOG1P, this); }
  default Expr tanh() { return new Unary(Fn1.TANH, this); }
  default Expr erf() { return new Unary(Fn1.ERF, this); }
  default Expr sin() { return new Unary(Fn1.SIN, this); }
  default Expr cos() { return new Unary(Fn1.COS, this); }
  default Expr not() { return new Unary(Fn1.NOT, this); }
  default Expr isNan() { return new Unary(Fn1.IS_NAN, this); }
  default Expr plus(Expr o) { return new Binary(Fn2.ADD, this, o); }
  default Expr minus(Expr o) { return new Binary(Fn2.SUB, this, o); }
  default Expr times(Expr o) { return new Binary(Fn2.MUL, this, o); }
  default Expr div(Expr o) { return new Binary(Fn2.DIV, this, o); }
  default Expr pow(Expr o) { return new Binary(Fn2.POW, this, o); }
  default Expr max(Expr o) { return new Binary(Fn2.MAX, this, o); }
  default Expr min(Expr o) { return new Binary(Fn2.MIN, this, o); }
  default Expr eq(Expr o) { return new Binary(Fn2.EQ, this, o); }
  default Expr and(Expr o) { return new Binary(Fn2.AND, this, o); }
  default Expr or(Expr o) { return new Binary(Fn2.OR, this, o); }
  default Expr gt(Expr o) { return new Binary(Fn2.GT, this, o); }
  default Expr ge(Expr o) { return new Binary(Fn2.GE, this, o); }
  default Expr lt(Expr o) { return new Binary(Fn2.LT, this, o); }
  default Expr le(Expr o) { return new Binary(Fn2.LE, this, o); }
  default Expr plus(double o) { return plus(of(o)); }
  default Expr minus(double o) { return minus(of(o)); }
  default Expr times(double o) { return times(of(o)); }
  default Expr div(double o) { return div(of(o)); }
  default Expr fma(Expr b, Expr c) { return new Fma(this, b, c); }

  /** This as a condition: yes where it is not 0, else no. */
  default Expr choose(Expr yes, Expr no) {
    return new Select(this, yes, no);
  }

  /** This with other expressions in the place of its inputs. */
  default Expr replaceInputs(IntFunction<Expr> by) {
    return switch (this) {
      case Input i -> by.apply(i.index());
      case Constant c -> c;
      case Param p -> p;
      case Unary u -> new Unary(u.fn, u.x.replaceInputs(by));
      case Binary b -> new Binary(b.fn, b.a.replaceInputs(by), b.b.replaceInputs(by));
      case Fma f -> new Fma(f.a.replaceInputs(by), f.b.replaceInputs(by), f.c.replaceInputs(by));
      case Select s -> new Select(s.condition.replaceInputs(by), s.yes.replaceInputs(by), s.no.replaceInputs(by));
    };
  }
}

package io.ktrain.op;

import static io.ktrain.op.Expr.of;

import io.ktrain.op.Expr.Binary;
import io.ktrain.op.Expr.Constant;
import io.ktrain.op.Expr.Fma;
import io.ktrain.op.Expr.Fn1;
import io.ktrain.op.Expr.Fn2;
import io.ktrain.op.Expr.Input;
import io.ktrain.op.Expr.Param;
import io.ktrain.op.Expr.Select;
import io.ktrain.op.Expr.Unary;
import java.util.TreeSet;
import java.util.function.IntUnaryOperator;

/** Expressions differentiated symbolically, so that a pointwise operation's gradient is one fused kernel as well. */
final class Derivative {
  private static final Expr ZERO = of(0);
  private static final Expr ONE = of(1);

  private Derivative() {}

  /** d e / d Input(x). */
  static Expr by(Expr e, int x) {
    return switch (e) {
      case Input i -> i.index() == x ? ONE : ZERO;
      case Constant c -> ZERO;
      case Param p -> ZERO;
      case Unary u -> times(unary(u), by(u.x(), x));
      case Binary b -> binary(b, by(b.a(), x), by(b.b(), x));
      case Fma f -> plus(plus(times(by(f.a(), x), f.b()), times(f.a(), by(f.b(), x))), by(f.c(), x));
      case Select s -> select(s.condition(), by(s.yes(), x), by(s.no(), x));
    };
  }

  private static Expr unary(Unary u) {
    Expr v = u.x();
    return switch (u.fn()) {
      case NEGATE -> of(-1);
      case ABS -> v.sign();
      case SQRT -> of(0.5).div(u);
      case EXP -> u;
      case EXPM1 -> v.exp();
      case LOG -> ONE.div(v);
      case LOG1P -> ONE.div(v.plus(1));
      case LOG2 -> of(1 / Math.log(2)).div(v);
      case LOG10 -> of(1 / Math.log(10)).div(v);
      case SIN -> new Unary(Fn1.COS, v);
      case COS -> new Unary(Fn1.SIN, v).negate();
      case TAN -> u.times(u).plus(1);
      case ASIN -> ONE.div(ONE.minus(v.times(v)).sqrt());
      case ACOS -> of(-1).div(ONE.minus(v.times(v)).sqrt());
      case ATAN -> ONE.div(v.times(v).plus(1));
      case SINH -> new Unary(Fn1.COSH, v);
      case COSH -> new Unary(Fn1.SINH, v);
      case TANH -> ONE.minus(u.times(u));
      case ERF -> v.times(v).negate().exp().times(2 / Math.sqrt(Math.PI));
      case ERFC -> v.times(v).negate().exp().times(-2 / Math.sqrt(Math.PI));
      case ERFINV -> u.times(u).exp().times(Math.sqrt(Math.PI) / 2);
      case LGAMMA -> new Binary(Fn2.POLYGAMMA, ZERO, v);
      case SIGN, FLOOR, CEIL, TRUNC, ROUND, NOT, IS_NAN -> ZERO;
    };
  }

  private static Expr binary(Binary e, Expr da, Expr db) {
    Expr a = e.a(), b = e.b();
    return switch (e.fn()) {
      case ADD -> plus(da, db);
      case SUB -> isZero(db) ? da : isZero(da) ? db.negate() : da.minus(db);
      case MUL -> plus(times(da, b), times(a, db));
      case DIV -> plus(isZero(da) ? ZERO : da.div(b), isZero(db) ? ZERO : times(db, e.negate().div(b)));
      case POW -> plus(
          // b = 0 gives 0 rather than 0 * a^-1, which is NaN at a = 0.
          times(da, select(new Binary(Fn2.EQ, b, ZERO), ZERO, b.times(a.pow(b.minus(1))))),
          isZero(db) ? ZERO
              : times(db, select(new Binary(Fn2.AND, new Binary(Fn2.EQ, a, ZERO), b.ge(ZERO)), ZERO,
                  e.times(a.log()))));
      // A tie shares the gradient, as PyTorch's maximum and minimum.
      case MAX -> plus(times(da, share(a, b, a.gt(b))), times(db, share(a, b, b.gt(a))));
      case MIN -> plus(times(da, share(a, b, a.lt(b))), times(db, share(a, b, b.lt(a))));
      case ATAN2 -> plus(times(da, b.div(a.times(a).plus(b.times(b)))),
          times(db, a.negate().div(a.times(a).plus(b.times(b)))));
      case REMAINDER -> plus(da, times(db, new Binary(Fn2.FLOOR_DIV, a, b).negate()));
      case FMOD -> plus(da, times(db, new Binary(Fn2.TRUNC_DIV, a, b).negate()));
      case COPYSIGN -> times(da, select(new Binary(Fn2.EQ, a, ZERO), ZERO, e.div(a)));
      case POLYGAMMA -> times(db, new Binary(Fn2.POLYGAMMA, plus(a, ONE), b));
      case FLOOR_DIV, TRUNC_DIV, EQ, NE, LT, LE, GT, GE, AND, OR, XOR, BIT_AND, BIT_OR, BIT_XOR, SHIFT_LEFT,
          SHIFT_RIGHT -> ZERO;
    };
  }

  private static Expr share(Expr a, Expr b, Expr wins) {
    return select(new Binary(Fn2.EQ, a, b), of(0.5), wins);
  }

  private static Expr select(Expr condition, Expr yes, Expr no) {
    return yes.equals(no) ? yes : condition.choose(yes, no);
  }

  private static boolean isZero(Expr e) {
    return e instanceof Constant c && c.value() == 0;
  }

  private static boolean isOne(Expr e) {
    return e instanceof Constant c && c.value() == 1;
  }

  private static Expr plus(Expr a, Expr b) {
    return isZero(a) ? b : isZero(b) ? a : a.plus(b);
  }

  /** A product; a factor that selects 1 or 0 becomes a selection, so that 0 times infinity cannot appear. */
  static Expr times(Expr a, Expr b) {
    if (isZero(a) || isZero(b)) return ZERO;
    if (isOne(a)) return b;
    if (isOne(b)) return a;
    if (b instanceof Constant c && c.value() == -1) return a.negate();
    if (b instanceof Select s && (isZero(s.yes()) || isZero(s.no())))
      return select(s.condition(), times(a, s.yes()), times(a, s.no()));
    if (b instanceof Binary d && d.fn() == Fn2.DIV && isOne(d.a())) return a.div(d.b());
    return a.times(b);
  }

  static Expr rename(Expr e, IntUnaryOperator index) {
    return e.replaceInputs(i -> new Input(index.applyAsInt(i)));
  }

  static TreeSet<Integer> inputs(Expr e) {
    var found = new TreeSet<Integer>();
    collect(e, found);
    return found;
  }

  private static void collect(Expr e, TreeSet<Integer> found) {
    switch (e) {
      case Input i -> found.add(i.index());
      case Constant c -> {}
      case Param p -> {}
      case Unary u -> collect(u.x(), found);
      case Binary b -> {
        collect(b.a(), found);
        collect(b.b(), found);
      }
      case Fma f -> {
        collect(f.a(), found);
        collect(f.b(), found);
        collect(f.c(), found);
      }
      case Select s -> {
        collect(s.condition(), found);
        collect(s.yes(), found);
        collect(s.no(), found);
      }
    }
  }
}

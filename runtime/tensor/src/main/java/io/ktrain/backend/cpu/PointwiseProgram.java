package io.ktrain.backend.cpu;

import io.ktrain.op.Expr;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * An expression taken apart into vector instructions, each distinct one once, arguments before their use. The functions
 * are written out as in {@link FloatMath}, step for step. A node is named by its index in {@link #nodes}.
 */
final class PointwiseProgram {
  /** How often a node changes: its instructions go before the rows' loop, inside it, or inside the columns' loop. */
  enum Level { KERNEL, ROW, ELEMENT }

  /**
   * An instruction on floats, on ints or on masks; the first {@code arity} of a node's a, b and c are nodes, the next
   * one an immediate value.
   */
  enum Code {
    LOAD(0), SPREAD(0), LOAD_BOOL(0), SPREAD_BOOL(0), PARAM(0), CONSTANT(0), INT_CONSTANT(0),
    ADD(2), SUB(2), MUL(2), DIV(2), MAX(2), MIN(2), NEG(1), ABS(1), SQRT(1), FMA(3), BLEND(3), FLOATS(1), CONVERT(1),
    BITS(1), INT_ADD(2), INT_AND(2), INT_OR(2), SHIFT_LEFT(1), SHIFT_RIGHT(1),
    EQ(2), NE(2), LT(2), LE(2), GT(2), GE(2), AND(2), OR(2), XOR(2), NOT(1);

    final int arity;

    Code(int arity) {
      this.arity = arity;
    }
  }

  record Node(Code code, int a, int b, int c) {
    int argument(int i) {
      return i == 0 ? a : i == 1 ? b : c;
    }
  }

  /** Thrown inside lowering where an expression has no vector form; {@link PointwiseCompiler} answers null. */
  static final class Unsupported extends RuntimeException {
    Unsupported(Object what) {
      super(String.valueOf(what), null, false, false);
    }
  }

  final List<Node> nodes = new ArrayList<>();
  private final List<Level> levels = new ArrayList<>();
  private final Map<Node, Integer> index = new HashMap<>();
  private final Map<Expr, Integer> values = new IdentityHashMap<>();
  private final Map<Expr, Integer> masks = new IdentityHashMap<>();
  private final long columns;
  private final long bools;
  /** What is computed, in the order it was asked for. */
  final int[] roots;

  /**
   * @param columns bit i is set where operand i has one value a row
   * @param bools bit i is set where operand i is of bytes 0 and 1
   */
  PointwiseProgram(Expr expr, long columns, long bools, boolean bool) {
    this.columns = columns;
    this.bools = bools;
    roots = new int[] {bool ? mask(expr) : value(expr)};
  }

  /** Several values over f32 operands, of which those in {@code written} need an address even where none is read. */
  PointwiseProgram(List<Expr> values, int[] written) {
    columns = bools = 0;
    roots = new int[values.size()];
    for (int i = 0; i < roots.length; i++) roots[i] = value(values.get(i));
    for (int operand : written) node(Code.LOAD, operand, 0, 0);
  }

  Level level(int node) {
    return levels.get(node);
  }

  private int node(Code code, int a, int b, int c) {
    return index.computeIfAbsent(new Node(code, a, b, c), n -> {
      Level level = switch (code) {
        case LOAD, LOAD_BOOL -> Level.ELEMENT;
        case SPREAD, SPREAD_BOOL -> Level.ROW;
        default -> Level.KERNEL;
      };
      for (int i = 0; i < code.arity; i++)
        if (levels.get(n.argument(i)).compareTo(level) > 0) level = levels.get(n.argument(i));
      nodes.add(n);
      levels.add(level);
      return nodes.size() - 1;
    });
  }

  private int value(Expr e) {
    Integer known = values.get(e);
    if (known != null) return known;
    int v = switch (e) {
      case Expr.Input in when isSet(bools, in) -> truth(mask(in));
      case Expr.Input in -> node(isSet(columns, in) ? Code.SPREAD : Code.LOAD, in.index(), 0, 0);
      case Expr.Constant c -> constant((float) c.value());
      case Expr.Param p -> node(Code.PARAM, p.index(), 0, 0);
      case Expr.Fma f -> fma(value(f.a()), value(f.b()), value(f.c()));
      case Expr.Select s -> blend(value(s.no()), value(s.yes()), mask(s.condition()));
      case Expr.Unary u -> unary(u);
      case Expr.Binary b -> binary(b);
    };
    values.put(e, v);
    return v;
  }

  private static boolean isSet(long bits, Expr.Input in) {
    return in.index() < Long.SIZE && (bits >>> in.index() & 1) != 0;
  }

  private int unary(Expr.Unary u) {
    return switch (u.fn()) {
      case NEGATE -> node(Code.NEG, value(u.x()), 0, 0);
      case ABS -> abs(value(u.x()));
      case SQRT -> sqrt(value(u.x()));
      case SIGN -> {
        int x = value(u.x());
        yield blend(blend(x, constant(-1f), lt(x, constant(0f))), constant(1f), gt(x, constant(0f)));
      }
      case EXP -> exp(value(u.x()));
      case EXPM1 -> expm1(value(u.x()));
      case LOG -> log(value(u.x()));
      case LOG1P -> log1p(value(u.x()));
      case TANH -> tanh(value(u.x()));
      case ERF -> erf(value(u.x()));
      case FLOOR, CEIL, TRUNC, ROUND -> round(u.fn(), value(u.x()));
      case NOT, IS_NAN -> truth(mask(u));
      case LOG2, LOG10, SIN, COS, TAN, ASIN, ACOS, ATAN, SINH, COSH, ERFC, ERFINV,
          LGAMMA -> throw new Unsupported(u.fn());
    };
  }

  private int binary(Expr.Binary b) {
    return switch (b.fn()) {
      case ADD -> add(value(b.a()), value(b.b()));
      case SUB -> sub(value(b.a()), value(b.b()));
      case MUL -> mul(value(b.a()), value(b.b()));
      case DIV -> div(value(b.a()), value(b.b()));
      case MAX -> node(Code.MAX, value(b.a()), value(b.b()), 0);
      case MIN -> node(Code.MIN, value(b.a()), value(b.b()), 0);
      case TRUNC_DIV -> round(Expr.Fn1.TRUNC, div(value(b.a()), value(b.b())));
      case POW -> {
        if (!(b.b() instanceof Expr.Constant c)) throw new Unsupported(b.fn());
        yield pow(value(b.a()), c.value());
      }
      case EQ, NE, LT, LE, GT, GE, AND, OR, XOR -> truth(mask(b));
      case COPYSIGN -> withSign(abs(value(b.a())), value(b.b()));
      case ATAN2, FLOOR_DIV, REMAINDER, FMOD, POLYGAMMA, BIT_AND, BIT_OR, BIT_XOR, SHIFT_LEFT, SHIFT_RIGHT ->
          throw new Unsupported(b.fn());
    };
  }

  /** The lanes where e is not 0. */
  private int mask(Expr e) {
    Integer known = masks.get(e);
    if (known != null) return known;
    int m = switch (e) {
      case Expr.Input in when isSet(bools, in) ->
          node(isSet(columns, in) ? Code.SPREAD_BOOL : Code.LOAD_BOOL, in.index(), 0, 0);
      case Expr.Unary(var fn, var x) when fn == Expr.Fn1.NOT -> node(Code.NOT, mask(x), 0, 0);
      case Expr.Unary(var fn, var x) when fn == Expr.Fn1.IS_NAN -> node(Code.NE, value(x), value(x), 0);
      case Expr.Binary(var fn, var a, var b) -> switch (fn) {
        case EQ -> node(Code.EQ, value(a), value(b), 0);
        case NE -> node(Code.NE, value(a), value(b), 0);
        case LT -> lt(value(a), value(b));
        case LE -> node(Code.LE, value(a), value(b), 0);
        case GT -> gt(value(a), value(b));
        case GE -> node(Code.GE, value(a), value(b), 0);
        case AND -> node(Code.AND, mask(a), mask(b), 0);
        case OR -> node(Code.OR, mask(a), mask(b), 0);
        case XOR -> node(Code.XOR, mask(a), mask(b), 0);
        default -> node(Code.NE, value(e), constant(0f), 0);
      };
      default -> node(Code.NE, value(e), constant(0f), 0);
    };
    masks.put(e, m);
    return m;
  }

  private int constant(float v) { return node(Code.CONSTANT, Float.floatToRawIntBits(v), 0, 0); }
  private int integer(int v) { return node(Code.INT_CONSTANT, v, 0, 0); }
  private int add(int a, int b) { return node(Code.ADD, a, b, 0); }
  private int sub(int a, int b) { return node(Code.SUB, a, b, 0); }
  private int mul(int a, int b) { return node(Code.MUL, a, b, 0); }
  private int div(int a, int b) { return node(Code.DIV, a, b, 0); }
  private int abs(int a) { return node(Code.ABS, a, 0, 0); }
  private int sqrt(int a) { return node(Code.SQRT, a, 0, 0); }
  private int fma(int a, int b, int c) { return node(Code.FMA, a, b, c); }
  private int lt(int a, int b) { return node(Code.LT, a, b, 0); }
  private int gt(int a, int b) { return node(Code.GT, a, b, 0); }
  private int blend(int no, int yes, int mask) { return node(Code.BLEND, no, yes, mask); }
  private int bits(int a) { return node(Code.BITS, a, 0, 0); }
  private int floats(int a) { return node(Code.FLOATS, a, 0, 0); }
  private int intAdd(int a, int b) { return node(Code.INT_ADD, a, b, 0); }
  private int truth(int mask) { return blend(constant(0f), constant(1f), mask); }

  /** ((last x + ...) x + next) x + first: the coefficients from the highest power down. */
  private int polynomial(int x, float... coefficients) {
    int p = constant(coefficients[0]);
    for (int i = 1; i < coefficients.length; i++) p = fma(p, x, constant(coefficients[i]));
    return p;
  }

  private int pow(int x, double y) {
    if (y == 2) return mul(x, x);
    if (y == 3) return mul(mul(x, x), x);
    if (y == 0.5) return sqrt(x);
    if (y == -1) return div(constant(1f), x);
    if (y == -0.5) return div(constant(1f), sqrt(x));
    throw new Unsupported("POW");
  }

  private int exp(int x) {
    int t = fma(x, constant(FloatMath.LOG2_E), constant(FloatMath.ROUNDER)), r = reduced(x, t);
    int p = polynomial(r, FloatMath.EXP_6, FloatMath.EXP_5, FloatMath.EXP_4, FloatMath.EXP_3, FloatMath.EXP_2, 1f, 1f);
    int y = floats(intAdd(bits(p), node(Code.SHIFT_LEFT, bits(t), 23, 0)));
    return blend(overflowing(x, y), constant(0f), lt(x, constant(FloatMath.EXP_LOW)));
  }

  private int expm1(int x) {
    int y = halfExpm1(x);
    return blend(overflowing(x, add(y, y)), constant(-1f), lt(x, constant(FloatMath.EXPM1_LOW)));
  }

  private int halfExpm1(int x) {
    int t = fma(x, constant(FloatMath.LOG2_E), constant(FloatMath.ROUNDER)), r = reduced(x, t);
    int p = polynomial(r, FloatMath.EXPM1_7, FloatMath.EXPM1_6, FloatMath.EXPM1_5, FloatMath.EXPM1_4, FloatMath.EXPM1_3,
        FloatMath.EXPM1_2);
    p = fma(p, mul(r, r), r);
    int s = floats(intAdd(node(Code.SHIFT_LEFT, bits(t), 23, 0), integer(FloatMath.HALF_BITS)));
    return fma(s, p, sub(s, constant(0.5f)));
  }

  private int reduced(int x, int t) {
    int k = sub(t, constant(FloatMath.ROUNDER));
    return fma(k, constant(-FloatMath.LN2_LOW), fma(k, constant(-FloatMath.LN2_HIGH), x));
  }

  /** y, but inf or NaN where e^x is. */
  private int overflowing(int x, int y) {
    int high = add(x, constant(Float.POSITIVE_INFINITY));
    return blend(high, y, node(Code.LE, x, constant(FloatMath.EXP_HIGH), 0));
  }

  private int log(int x) {
    int tiny = lt(x, constant(Float.MIN_NORMAL)), zero = constant(0f);
    int normal = blend(x, mul(x, constant(FloatMath.TWO_23)), tiny);
    int i = intAdd(bits(normal), integer(-FloatMath.SQRT_HALF_BITS));
    int e = sub(node(Code.CONVERT, node(Code.SHIFT_RIGHT, i, 23, 0), 0, 0), blend(zero, constant(23f), tiny));
    int m = intAdd(node(Code.INT_AND, i, integer(FloatMath.MANTISSA), 0), integer(FloatMath.SQRT_HALF_BITS));
    int f = sub(floats(m), constant(1f)), z = mul(f, f);
    int p = polynomial(f, FloatMath.LOG_11, FloatMath.LOG_10, FloatMath.LOG_9, FloatMath.LOG_8, FloatMath.LOG_7,
        FloatMath.LOG_6, FloatMath.LOG_5, FloatMath.LOG_4, FloatMath.LOG_3);
    int y = fma(e, constant(FloatMath.LN2_LOW), mul(mul(p, f), z));
    y = add(f, fma(z, constant(-0.5f), y));
    y = fma(e, constant(FloatMath.LN2_HIGH), y);
    y = blend(x, y, lt(x, constant(Float.POSITIVE_INFINITY)));
    y = blend(y, constant(Float.NEGATIVE_INFINITY), node(Code.EQ, x, zero, 0));
    return blend(y, constant(Float.NaN), lt(x, zero));
  }

  private int log1p(int x) {
    int u = add(x, constant(1f)), y = log(u);
    int lost = div(sub(x, sub(u, constant(1f))), u);
    return blend(y, add(y, lost), node(Code.EQ, lost, lost, 0));
  }

  private int tanh(int x) {
    int a = abs(x), h = halfExpm1(add(a, a));
    int y = div(h, add(h, constant(1f)));
    return withSign(blend(y, constant(1f), gt(a, constant(FloatMath.TANH_HIGH))), x);
  }

  private int erf(int x) {
    int a = abs(x);
    int g = polynomial(a, FloatMath.ERF_8, FloatMath.ERF_7, FloatMath.ERF_6, FloatMath.ERF_5, FloatMath.ERF_4,
        FloatMath.ERF_3, FloatMath.ERF_2, FloatMath.ERF_1, FloatMath.ERF_0);
    int y = mul(halfExpm1(mul(g, node(Code.NEG, a, 0, 0))), constant(-2f));
    return withSign(blend(y, constant(1f), gt(a, constant(FloatMath.ERF_HIGH))), x);
  }

  /** To an integer by adding and taking away 2^23, below which a float can have a fraction. */
  private int round(Expr.Fn1 fn, int x) {
    int a = abs(x), step = constant(FloatMath.TWO_23), nearest = sub(add(a, step), step);
    int y = switch (fn) {
      case ROUND -> withSign(nearest, x);
      case TRUNC -> withSign(sub(nearest, truth(gt(nearest, a))), x);
      case FLOOR -> {
        int signed = withSign(nearest, x);
        yield withSign(sub(signed, truth(gt(signed, x))), x);
      }
      default -> {
        int signed = withSign(nearest, x);
        yield withSign(add(signed, truth(lt(signed, x))), x);
      }
    };
    return blend(x, y, lt(a, step));
  }

  private int withSign(int y, int x) {
    return floats(node(Code.INT_OR, bits(y), node(Code.INT_AND, bits(x), integer(Integer.MIN_VALUE), 0), 0));
  }
}

package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.F32;
import static io.ktrain.op.Expr.of;
import static io.ktrain.op.Expr.param;
import static io.ktrain.op.OpBuilder.composite;
import static io.ktrain.op.OpBuilder.pointwise;

import io.ktrain.op.Expr.Binary;
import io.ktrain.op.Expr.Fn1;
import io.ktrain.op.Expr.Fn2;
import io.ktrain.op.Expr.Unary;
import io.ktrain.op.OpBuilder.Types;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;

/** Operations on each element by itself: arithmetic, comparisons and other functions. Operands broadcast. */
public final class Elementwise {
  private static final double[] NO_NUMBERS = {};
  private static final Expr X = new Expr.Input(0);
  private static final Expr Y = new Expr.Input(1);
  private static final Expr Z = new Expr.Input(2);
  // In a derivative: the upstream gradient, the first input, and the output of an operation with one input.
  private static final Expr G = new Expr.Input(0);
  private static final Expr IN = new Expr.Input(1);
  private static final Expr OUT = new Expr.Input(2);

  private Elementwise() {}

  public static final Op<double[]> ADD = pointwise("add", Types.PROMOTE, X.plus(Y), "x + y.")
      .tests(OpTests::binary).build();
  public static final Op<double[]> SUB = pointwise("sub", Types.NUMBER, X.minus(Y), "x - y.")
      .tests(OpTests::binary).build();
  public static final Op<double[]> MUL = pointwise("mul", Types.PROMOTE, X.times(Y), "x * y.")
      .tests(OpTests::binary).build();
  public static final Op<double[]> DIV = pointwise("div", Types.FLOAT, X.div(Y),
      "x / y, always in floating point; integers give f32.")
      .tests(t -> t.binaryPositive()).build();
  public static final Op<double[]> NEG = pointwise("neg", Types.NUMBER, X.negate(), "-x.")
      .tests(OpTests::unary).build();
  public static final Op<double[]> POW = pointwise("pow", Types.NUMBER, X.pow(Y), "x to the power y.")
      .autocast(F32).tests(t -> t.binaryPositive()).build();
  public static final Op<double[]> FLOOR_DIVIDE = pointwise("floorDivide", Types.NUMBER,
      new Binary(Fn2.FLOOR_DIV, X, Y),
      "x / y rounded towards minus infinity; Python's //.").tests(t -> t.binaryPositive().flat()).build();
  public static final Op<double[]> TRUNC_DIVIDE = pointwise("truncDivide", Types.NUMBER,
      new Binary(Fn2.TRUNC_DIV, X, Y),
      "x / y rounded towards zero; C's division of integers.").tests(t -> t.binaryPositive().flat()).build();
  public static final Op<double[]> REMAINDER = pointwise("remainder", Types.NUMBER, new Binary(Fn2.REMAINDER, X, Y),
      "What floorDivide leaves over, with y's sign; Python's %.").tests(t -> t.binaryPositive()).build();
  public static final Op<double[]> FMOD = pointwise("fmod", Types.NUMBER, new Binary(Fn2.FMOD, X, Y),
      "What truncDivide leaves over, with x's sign; C's %.").tests(t -> t.binaryPositive()).build();
  public static final Op<double[]> MAXIMUM = pointwise("maximum", Types.PROMOTE, X.max(Y),
      "The larger of x and y; NaN if either is. A tie shares the gradient.")
      .tests(OpTests::binary).build();
  public static final Op<double[]> MINIMUM = pointwise("minimum", Types.PROMOTE, X.min(Y),
      "The smaller of x and y; NaN if either is. A tie shares the gradient.")
      .tests(OpTests::binary).build();
  public static final Op<double[]> ABS = pointwise("abs", Types.NUMBER, X.abs(), "|x|; the gradient at 0 is 0.")
      .tests(OpTests::unary).build();
  public static final Op<double[]> SIGN = pointwise("sign", Types.NUMBER, X.gt(of(0)).minus(X.lt(of(0))),
      "-1, 0 or 1; 0 for NaN.").tests(t -> t.unary().flat()).build();
  public static final Op<double[]> SQRT = pointwise("sqrt", Types.FLOAT, X.sqrt(), "The square root; NaN below 0.")
      .derivative(0, G.div(OUT.times(2))).tests(OpTests::unaryPositive).build();
  public static final Op<double[]> RSQRT = pointwise("rsqrt", Types.FLOAT, of(1).div(X.sqrt()), "1 / sqrt(x).")
      .autocast(F32).tests(OpTests::unaryPositive).build();
  public static final Op<double[]> RECIPROCAL = pointwise("reciprocal", Types.FLOAT, of(1).div(X), "1 / x.")
      .derivative(0, G.times(OUT).times(OUT).negate()).autocast(F32).tests(OpTests::unaryPositive).build();
  public static final Op<double[]> SQUARE = pointwise("square", Types.PROMOTE, X.times(X), "x * x.")
      .derivative(0, G.times(IN).times(2)).tests(OpTests::unary).build();
  public static final Op<double[]> EXP = pointwise("exp", Types.FLOAT, X.exp(), "e to the power x.")
      .derivative(0, G.times(OUT)).autocast(F32).tests(OpTests::unary).build();
  public static final Op<double[]> EXPM1 = pointwise("expm1", Types.FLOAT, X.expm1(), "exp(x) - 1, exact near 0.")
      .derivative(0, G.times(OUT.plus(1))).autocast(F32).tests(OpTests::unary).build();
  public static final Op<double[]> LOG = pointwise("log", Types.FLOAT, X.log(), "The natural logarithm.")
      .autocast(F32).tests(OpTests::unaryPositive).build();
  public static final Op<double[]> LOG1P = pointwise("log1p", Types.FLOAT, X.log1p(), "log(1 + x), exact near 0.")
      .autocast(F32).tests(OpTests::unaryPositive).build();
  public static final Op<double[]> LOG2 = unary("log2", Fn1.LOG2, "The logarithm to base 2.",
      OpTests::unaryPositive, F32);
  public static final Op<double[]> LOG10 = unary("log10", Fn1.LOG10, "The logarithm to base 10.",
      OpTests::unaryPositive, F32);
  public static final Op<double[]> SIN = unary("sin", Fn1.SIN, "The sine of x radians.", OpTests::unary);
  public static final Op<double[]> COS = unary("cos", Fn1.COS, "The cosine of x radians.", OpTests::unary);
  public static final Op<double[]> TAN = unary("tan", Fn1.TAN, "The tangent of x radians.", OpTests::unarySmall, F32);
  public static final Op<double[]> ASIN = unary("asin", Fn1.ASIN, "The inverse sine, in radians.",
      OpTests::unarySmall, F32);
  public static final Op<double[]> ACOS = unary("acos", Fn1.ACOS, "The inverse cosine, in radians.",
      OpTests::unarySmall, F32);
  public static final Op<double[]> ATAN = unary("atan", Fn1.ATAN, "The inverse tangent, in radians.", OpTests::unary);
  public static final Op<double[]> SINH = unary("sinh", Fn1.SINH, "The hyperbolic sine.", OpTests::unary, F32);
  public static final Op<double[]> COSH = unary("cosh", Fn1.COSH, "The hyperbolic cosine.", OpTests::unary, F32);
  public static final Op<double[]> TANH = pointwise("tanh", Types.FLOAT, X.tanh(), "The hyperbolic tangent.")
      .derivative(0, G.times(of(1).minus(OUT.times(OUT)))).tests(OpTests::unary).build();
  public static final Op<double[]> ERF = unary("erf", Fn1.ERF, "The error function.", OpTests::unary);
  public static final Op<double[]> SIGMOID = pointwise("sigmoid", Types.FLOAT, sigmoid(X), "1 / (1 + exp(-x)).")
      .derivative(0, G.times(OUT.times(of(1).minus(OUT)))).tests(OpTests::unary).build();
  public static final Op<double[]> FLOOR = pointwise("floor", Types.NUMBER, new Unary(Fn1.FLOOR, X),
      "The next whole number below.").tests(t -> t.unary().flat()).build();
  public static final Op<double[]> CEIL = pointwise("ceil", Types.NUMBER, new Unary(Fn1.CEIL, X),
      "The next whole number above.").tests(t -> t.unary().flat()).build();
  public static final Op<double[]> TRUNC = pointwise("trunc", Types.NUMBER, new Unary(Fn1.TRUNC, X),
      "Without the fraction.").tests(t -> t.unary().flat()).build();
  public static final Op<double[]> ROUND = pointwise("round", Types.NUMBER, new Unary(Fn1.ROUND, X),
      "The nearest whole number; halves to the even one.")
      .tests(t -> t.unary().flat()).build();
  public static final Op<double[]> CLAMP = pointwise("clamp", Types.PROMOTE, X.max(param(0)).min(param(1)),
      "x held between min and max; NaN stays.")
      .derivative(0, IN.ge(param(0)).choose(IN.le(param(1)).choose(G, of(0)), of(0)))
      .tests(t -> t.numbers(-0.5, 0.7).unary()).build();
  public static final Op<double[]> CLAMP_MIN = pointwise("clampMin", Types.PROMOTE, X.max(Y),
      "x, or min where that is larger.")
      .derivative(0, IN.ge(OUT).choose(G, of(0))).derivative(1, IN.ge(OUT).choose(of(0), G)).tests(OpTests::binary)
      .build();
  public static final Op<double[]> CLAMP_MAX = pointwise("clampMax", Types.PROMOTE, X.min(Y),
      "x, or max where that is smaller.")
      .derivative(0, IN.le(OUT).choose(G, of(0))).derivative(1, IN.le(OUT).choose(of(0), G)).tests(OpTests::binary)
      .build();
  /** How many digits are left behind the point; negative ones stand before it. */
  public record Digits(int decimals) {}

  public static final Op<Digits> ROUND_TO = composite("roundTo", Digits.class, "Rounded to so many decimals.", c -> {
    double scale = Math.pow(10, Math.abs(c.attributes().decimals()));
    return c.attributes().decimals() < 0 ? c.in(0).div(scale).round().mul(scale)
        : c.in(0).mul(scale).round().div(scale);
  }).floating().internal().tests(t -> t.flat().reference((by, in) -> NdArray.by(in.get(0).shape(),
      i -> new java.math.BigDecimal(in.get(0).at(i)).setScale(by.decimals(),
          java.math.RoundingMode.HALF_EVEN).doubleValue()))
      .with(new Digits(1), OpTests.shape(2, 3)).with(new Digits(-1), OpTests.shape(3))).build();
  public static final Op<double[]> WHERE = pointwise("where", Types.AFTER_CONDITION, X.choose(Y, Z),
      "yes where the condition holds, else no.").tests(OpTests::conditional).build();


  public static final Op<double[]> EQ = compare("eq", Fn2.EQ, "x == y.");
  public static final Op<double[]> NE = compare("ne", Fn2.NE, "x != y.");
  public static final Op<double[]> LT = compare("lt", Fn2.LT, "x < y.");
  public static final Op<double[]> LE = compare("le", Fn2.LE, "x <= y.");
  public static final Op<double[]> GT = compare("gt", Fn2.GT, "x > y.");
  public static final Op<double[]> GE = compare("ge", Fn2.GE, "x >= y.");
  public static final Op<double[]> LOGICAL_AND = compare("logicalAnd", Fn2.AND, "Whether both are not 0.");
  public static final Op<double[]> LOGICAL_OR = compare("logicalOr", Fn2.OR, "Whether one is not 0.");
  public static final Op<double[]> LOGICAL_NOT = pointwise("logicalNot", Types.COMPARE, X.not(), "Whether x is 0.")
      .tests(OpTests::unary).build();
  public static final Op<double[]> IS_NAN = pointwise("isNan", Types.COMPARE, X.isNan(), "Whether x is NaN.")
      .tests(OpTests::unary).build();
  public static final Op<double[]> IS_FINITE = pointwise("isFinite", Types.COMPARE,
      X.abs().lt(of(Double.POSITIVE_INFINITY)), "Whether x is neither NaN nor infinite.")
      .tests(OpTests::unary).build();

  static Expr sigmoid(Expr x) {
    return of(1).div(x.negate().exp().plus(1));
  }

  private static Op<double[]> unary(String name, Fn1 fn, String doc,
      java.util.function.Consumer<OpTests<double[]>> tests) {
    return unary(name, fn, doc, tests, null);
  }

  private static Op<double[]> unary(String name, Fn1 fn, String doc,
      java.util.function.Consumer<OpTests<double[]>> tests, Autocast.Rule rule) {
    return pointwise(name, Types.FLOAT, new Unary(fn, X), doc).autocast(rule).tests(tests).build();
  }

  private static Op<double[]> compare(String name, Fn2 fn, String doc) {
    return pointwise(name, Types.COMPARE, new Binary(fn, X, Y), doc + " Gives bool.").tests(OpTests::binary).build();
  }

  public static Tensor call(Op<double[]> op, Tensor... in) {
    return Dispatch.call(op, NO_NUMBERS, in);
  }

  /** A call with one number. */
  public static Tensor call(Op<double[]> op, double number, Tensor... in) {
    return Dispatch.call(op, new double[] {number}, in);
  }

  public static Tensor pow(Tensor x, Number exponent) {
    double e = exponent.doubleValue();
    return e == 2 ? x.square() : e == 1 ? x.mul(1) : call(POW, x, Tensor.constant(exponent));
  }

  /** A bound may be null. A fractional bound makes floats of whole numbers, as PyTorch does. */
  public static Tensor clamp(Tensor x, Number min, Number max) {
    if (min == null && max == null) throw new KtrainException("clamp: needs a min, a max or both.");
    Tensor from = x.getDtype().isFloating() || isWhole(min) && isWhole(max) ? x : x.to(DType.f32);
    double low = min == null ? Double.NEGATIVE_INFINITY : min.doubleValue();
    double high = max == null ? Double.POSITIVE_INFINITY : max.doubleValue();
    return Dispatch.call(CLAMP, new double[] {low, high}, from);
  }

  private static boolean isWhole(Number n) {
    return n == null || n instanceof Integer || n instanceof Long || n instanceof Short || n instanceof Byte;
  }

  /** Without a number for an infinity, the largest and the lowest there is in x's type. */
  public static Tensor nanToNum(Tensor x, double nan, Double posinf, Double neginf) {
    double largest = switch (x.getDtype()) {
      case f64 -> Double.MAX_VALUE;
      case f32 -> Float.MAX_VALUE;
      case f16 -> 65504;
      case bf16 -> 0x1.FEp127;
      default -> 0;
    };
    double[] by = {nan, posinf == null ? largest : posinf, neginf == null ? -largest : neginf};
    return Dispatch.call(MathFunctions.NAN_TO_NUM, by, x);
  }

  public static Tensor polygamma(int n, Tensor x) {
    if (n < 0) throw new KtrainException("polygamma: the order must not be negative, got " + n + ".");
    return call(MathFunctions.POLYGAMMA, n, x);
  }

  /** x where the condition holds, else zeros of its type. */
  static Tensor kept(Tensor condition, Tensor x) {
    return x.getDtype() == DType.bool ? condition.logicalAnd(x) : where(condition, x, Tensor.constant(0));
  }

  public static Tensor where(Tensor condition, Tensor yes, Tensor no) {
    return call(WHERE, condition, yes, no);
  }
}

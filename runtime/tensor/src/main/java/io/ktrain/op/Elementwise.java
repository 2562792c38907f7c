package io.ktrain.op;

import static io.ktrain.op.Expr.of;
import static io.ktrain.op.Expr.param;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpBuilder.pointwise;

import io.ktrain.op.Expr.Binary;
import io.ktrain.op.Expr.Fn1;
import io.ktrain.op.Expr.Fn2;
import io.ktrain.op.Expr.Unary;
import io.ktrain.op.OpBuilder.Types;
import io.ktrain.random.Generator.Draw;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;

/** Operations on each element by itself: arithmetic, comparisons, activations, dropout. Operands broadcast. */
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

  public static final Op<double[]> ADD = pointwise("add", Types.PROMOTE, X.plus(Y), "x + y.").tests(OpTests::binary).build();
  public static final Op<double[]> SUB = pointwise("sub", Types.NUMBER, X.minus(Y), "x - y.").tests(OpTests::binary).build();
  public static final Op<double[]> MUL = pointwise("mul", Types.PROMOTE, X.times(Y), "x * y.").tests(OpTests::binary).build();
  public static final Op<double[]> DIV = pointwise("div", Types.FLOAT, X.div(Y), "x / y, always in floating point; integers give f32.")
      .tests(t -> t.binaryPositive()).build();
  public static final Op<double[]> NEG = pointwise("neg", Types.NUMBER, X.negate(), "-x.").tests(OpTests::unary).build();
  public static final Op<double[]> POW = pointwise("pow", Types.NUMBER, X.pow(Y), "x to the power y.").tests(t -> t.binaryPositive()).build();
  public static final Op<double[]> FLOOR_DIVIDE = pointwise("floorDivide", Types.NUMBER, new Binary(Fn2.FLOOR_DIV, X, Y),
      "x / y rounded towards minus infinity; Python's //.").tests(t -> t.binaryPositive().flat()).build();
  public static final Op<double[]> TRUNC_DIVIDE = pointwise("truncDivide", Types.NUMBER, new Binary(Fn2.TRUNC_DIV, X, Y),
      "x / y rounded towards zero; C's division of integers.").tests(t -> t.binaryPositive().flat()).build();
  public static final Op<double[]> REMAINDER = pointwise("remainder", Types.NUMBER, new Binary(Fn2.REMAINDER, X, Y),
      "What floorDivide leaves over, with y's sign; Python's %.").tests(t -> t.binaryPositive()).build();
  public static final Op<double[]> FMOD = pointwise("fmod", Types.NUMBER, new Binary(Fn2.FMOD, X, Y),
      "What truncDivide leaves over, with x's sign; C's %.").tests(t -> t.binaryPositive()).build();
  public static final Op<double[]> MAXIMUM = pointwise("maximum", Types.PROMOTE, X.max(Y), "The larger of x and y; NaN if either is. A tie shares the gradient.")
      .tests(OpTests::binary).build();
  public static final Op<double[]> MINIMUM = pointwise("minimum", Types.PROMOTE, X.min(Y), "The smaller of x and y; NaN if either is. A tie shares the gradient.")
      .tests(OpTests::binary).build();
  public static final Op<double[]> ABS = pointwise("abs", Types.NUMBER, X.abs(), "|x|; the gradient at 0 is 0.").tests(OpTests::unary).build();
  public static final Op<double[]> SIGN = pointwise("sign", Types.NUMBER, X.gt(of(0)).minus(X.lt(of(0))), "-1, 0 or 1; 0 for NaN.").tests(t -> t.unary().flat()).build();
  public static final Op<double[]> SQRT = pointwise("sqrt", Types.FLOAT, X.sqrt(), "The square root; NaN below 0.")
      .derivative(0, G.div(OUT.times(2))).tests(OpTests::unaryPositive).build();
  public static final Op<double[]> RSQRT = pointwise("rsqrt", Types.FLOAT, of(1).div(X.sqrt()), "1 / sqrt(x).").tests(OpTests::unaryPositive).build();
  public static final Op<double[]> RECIPROCAL = pointwise("reciprocal", Types.FLOAT, of(1).div(X), "1 / x.")
      .derivative(0, G.times(OUT).times(OUT).negate()).tests(OpTests::unaryPositive).build();
  public static final Op<double[]> SQUARE = pointwise("square", Types.PROMOTE, X.times(X), "x * x.")
      .derivative(0, G.times(IN).times(2)).tests(OpTests::unary).build();
  public static final Op<double[]> EXP = pointwise("exp", Types.FLOAT, X.exp(), "e to the power x.")
      .derivative(0, G.times(OUT)).tests(OpTests::unary).build();
  public static final Op<double[]> EXPM1 = pointwise("expm1", Types.FLOAT, X.expm1(), "exp(x) - 1, exact near 0.")
      .derivative(0, G.times(OUT.plus(1))).tests(OpTests::unary).build();
  public static final Op<double[]> LOG = pointwise("log", Types.FLOAT, X.log(), "The natural logarithm.").tests(OpTests::unaryPositive).build();
  public static final Op<double[]> LOG1P = pointwise("log1p", Types.FLOAT, X.log1p(), "log(1 + x), exact near 0.").tests(OpTests::unaryPositive).build();
  public static final Op<double[]> LOG2 = unary("log2", Fn1.LOG2, "The logarithm to base 2.", OpTests::unaryPositive);
  public static final Op<double[]> LOG10 = unary("log10", Fn1.LOG10, "The logarithm to base 10.", OpTests::unaryPositive);
  public static final Op<double[]> SIN = unary("sin", Fn1.SIN, "The sine of x radians.", OpTests::unary);
  public static final Op<double[]> COS = unary("cos", Fn1.COS, "The cosine of x radians.", OpTests::unary);
  public static final Op<double[]> TAN = unary("tan", Fn1.TAN, "The tangent of x radians.", OpTests::unarySmall);
  public static final Op<double[]> ASIN = unary("asin", Fn1.ASIN, "The inverse sine, in radians.", OpTests::unarySmall);
  public static final Op<double[]> ACOS = unary("acos", Fn1.ACOS, "The inverse cosine, in radians.", OpTests::unarySmall);
  public static final Op<double[]> ATAN = unary("atan", Fn1.ATAN, "The inverse tangent, in radians.", OpTests::unary);
  public static final Op<double[]> SINH = unary("sinh", Fn1.SINH, "The hyperbolic sine.", OpTests::unary);
  public static final Op<double[]> COSH = unary("cosh", Fn1.COSH, "The hyperbolic cosine.", OpTests::unary);
  public static final Op<double[]> TANH = pointwise("tanh", Types.FLOAT, X.tanh(), "The hyperbolic tangent.")
      .derivative(0, G.times(of(1).minus(OUT.times(OUT)))).tests(OpTests::unary).build();
  public static final Op<double[]> ERF = unary("erf", Fn1.ERF, "The error function.", OpTests::unary);
  public static final Op<double[]> SIGMOID = pointwise("sigmoid", Types.FLOAT, sigmoid(X), "1 / (1 + exp(-x)).")
      .derivative(0, G.times(OUT.times(of(1).minus(OUT)))).tests(OpTests::unary).build();
  public static final Op<double[]> FLOOR = pointwise("floor", Types.NUMBER, new Unary(Fn1.FLOOR, X), "The next whole number below.").tests(t -> t.unary().flat()).build();
  public static final Op<double[]> CEIL = pointwise("ceil", Types.NUMBER, new Unary(Fn1.CEIL, X), "The next whole number above.").tests(t -> t.unary().flat()).build();
  public static final Op<double[]> TRUNC = pointwise("trunc", Types.NUMBER, new Unary(Fn1.TRUNC, X), "Without the fraction.").tests(t -> t.unary().flat()).build();
  public static final Op<double[]> ROUND = pointwise("round", Types.NUMBER, new Unary(Fn1.ROUND, X), "The nearest whole number; halves to the even one.")
      .tests(t -> t.unary().flat()).build();
  public static final Op<double[]> CLAMP = pointwise("clamp", Types.PROMOTE, X.max(param(0)).min(param(1)), "x held between min and max; NaN stays.")
      .derivative(0, IN.ge(param(0)).choose(IN.le(param(1)).choose(G, of(0)), of(0))).tests(t -> t.numbers(-0.5, 0.7).unary()).build();
  public static final Op<double[]> WHERE = pointwise("where", Types.AFTER_CONDITION, X.choose(Y, Z), "yes where the condition holds, else no.").tests(OpTests::conditional).build();

  public static final Op<double[]> RELU = pointwise("relu", Types.NUMBER, X.max(of(0)), "max(x, 0); the gradient at 0 is 0.")
      .derivative(0, OUT.gt(of(0)).choose(G, of(0))).tests(OpTests::unary).build();
  public static final Op<double[]> RELU6 = pointwise("relu6", Types.FLOATING, X.max(of(0)).min(of(6)), "min(max(x, 0), 6).")
      .derivative(0, IN.gt(of(0)).choose(IN.lt(of(6)).choose(G, of(0)), of(0))).tests(OpTests::unary).build();
  public static final Op<double[]> LEAKY_RELU = pointwise("leakyRelu", Types.FLOATING, X.gt(of(0)).choose(X, X.times(param(0))), "x, or slope * x below 0.")
      .tests(t -> t.numbers(0.1).unary()).build();
  public static final Op<double[]> ELU = pointwise("elu", Types.FLOATING, X.gt(of(0)).choose(X, X.expm1().times(param(0))), "x, or alpha * (exp(x) - 1) below 0.")
      .tests(t -> t.numbers(1.5).unary()).build();
  public static final Op<double[]> CELU = pointwise("celu", Types.FLOATING, X.gt(of(0)).choose(X, X.div(param(0)).expm1().times(param(0))),
      "x, or alpha * (exp(x / alpha) - 1) below 0.").tests(t -> t.numbers(2).unary()).build();
  public static final Op<double[]> SELU = pointwise("selu", Types.FLOATING,
      X.gt(of(0)).choose(X, X.expm1().times(1.6732632423543772848)).times(1.0507009873554804934), "elu scaled so that activations keep mean 0 and variance 1.")
      .tests(OpTests::unary).build();
  public static final Op<double[]> GELU = pointwise("gelu", Types.FLOATING, X.times(0.5).times(X.times(Math.sqrt(0.5)).erf().plus(1)),
      "x times the normal distribution function of x.").tests(OpTests::unary).build();
  public static final Op<double[]> GELU_TANH = pointwise("geluTanh", Types.FLOATING,
      X.times(0.5).times(X.plus(X.times(X).times(X).times(0.044715)).times(Math.sqrt(2 / Math.PI)).tanh().plus(1)), "gelu with the tanh approximation.")
      .tests(OpTests::unary).build();
  public static final Op<double[]> SILU = pointwise("silu", Types.FLOATING, X.times(sigmoid(X)), "x * sigmoid(x); also called swish.").tests(t -> t.unary()
      .fails(() -> Tensor.of(new int[] {1, 2, 3}).silu(), "silu: needs a floating dtype, got i32[3]. Fix: to(f32).")).build();
  public static final Op<double[]> MISH = pointwise("mish", Types.FLOATING, X.times(softplus(X).tanh()), "x * tanh(softplus(x)).").tests(OpTests::unary).build();
  public static final Op<double[]> SOFTPLUS = pointwise("softplus", Types.FLOATING,
      X.times(param(0)).gt(param(1)).choose(X, softplus(X.times(param(0))).div(param(0))), "log(1 + exp(beta x)) / beta; x above the threshold.")
      .tests(t -> t.numbers(1, 20).unary()).build();
  public static final Op<double[]> HARDSWISH = pointwise("hardswish", Types.FLOATING, X.times(X.plus(3).max(of(0)).min(of(6))).div(6), "x * relu6(x + 3) / 6.")
      .derivative(0, IN.lt(of(-3)).choose(of(0), IN.le(of(3)).choose(G.times(IN.div(3).plus(0.5)), G))).tests(OpTests::unary).build();
  public static final Op<double[]> HARDSIGMOID = pointwise("hardsigmoid", Types.FLOATING, X.plus(3).max(of(0)).min(of(6)).div(6), "relu6(x + 3) / 6.")
      .derivative(0, IN.gt(of(-3)).choose(IN.lt(of(3)).choose(G.div(6), of(0)), of(0))).tests(OpTests::unary).build();
  public static final Op<double[]> HARDTANH = pointwise("hardtanh", Types.FLOATING, X.max(of(-1)).min(of(1)), "x held between -1 and 1.")
      .derivative(0, IN.gt(of(-1)).choose(IN.lt(of(1)).choose(G, of(0)), of(0))).tests(OpTests::unary).build();
  public static final Op<double[]> LOG_SIGMOID = pointwise("logSigmoid", Types.FLOATING, X.min(of(0)).minus(X.abs().negate().exp().log1p()), "log(sigmoid(x)).")
      .derivative(0, G.times(sigmoid(IN.negate()))).tests(OpTests::unary).build();
  public static final Op<double[]> SOFTSIGN = pointwise("softsign", Types.FLOATING, X.div(X.abs().plus(1)), "x / (1 + |x|).").tests(OpTests::unary).build();
  public static final Op<double[]> TANHSHRINK = pointwise("tanhshrink", Types.FLOATING, X.minus(X.tanh()), "x - tanh(x).").tests(OpTests::unary).build();

  public static final Op<double[]> EQ = compare("eq", Fn2.EQ, "x == y.");
  public static final Op<double[]> NE = compare("ne", Fn2.NE, "x != y.");
  public static final Op<double[]> LT = compare("lt", Fn2.LT, "x < y.");
  public static final Op<double[]> LE = compare("le", Fn2.LE, "x <= y.");
  public static final Op<double[]> GT = compare("gt", Fn2.GT, "x > y.");
  public static final Op<double[]> GE = compare("ge", Fn2.GE, "x >= y.");
  public static final Op<double[]> LOGICAL_AND = compare("logicalAnd", Fn2.AND, "Whether both are not 0.");
  public static final Op<double[]> LOGICAL_OR = compare("logicalOr", Fn2.OR, "Whether one is not 0.");
  public static final Op<double[]> LOGICAL_NOT = pointwise("logicalNot", Types.COMPARE, X.not(), "Whether x is 0.").tests(OpTests::unary).build();
  public static final Op<double[]> IS_NAN = pointwise("isNan", Types.COMPARE, X.isNan(), "Whether x is NaN.").tests(OpTests::unary).build();
  public static final Op<double[]> IS_FINITE = pointwise("isFinite", Types.COMPARE, X.abs().lt(of(Double.POSITIVE_INFINITY)), "Whether x is neither NaN nor infinite.")
      .tests(OpTests::unary).build();

  /** What dropout draws: the same draw gives the same mask, so backward needs no memory for it. */
  public record Dropout(double p, Draw draw) {}

  public static final Op<Dropout> DROPOUT = op("dropout", Dropout.class, "Zeroes each element with probability p and scales the others by 1 / (1 - p).")
      .gives(c -> new Spec(c.in(0).getShape(), c.in(0).getDtype()))
      .grad((c, g) -> Dispatch.call(dropout(), c.attributes(), g))
      .tests(t -> t.reference(Oracles::dropout).attributes(new Dropout(0.4, new Draw(7, 3))).unaryLinear()).build();

  private static Op<Dropout> dropout() {
    return DROPOUT;
  }

  private static Expr sigmoid(Expr x) {
    return of(1).div(x.negate().exp().plus(1));
  }

  /** log(1 + exp(x)) without overflow. */
  private static Expr softplus(Expr x) {
    return x.max(of(0)).plus(x.abs().negate().exp().log1p());
  }

  private static Op<double[]> unary(String name, Fn1 fn, String doc, java.util.function.Consumer<OpTests<double[]>> tests) {
    return pointwise(name, Types.FLOAT, new Unary(fn, X), doc).tests(tests).build();
  }

  private static Op<double[]> compare(String name, Fn2 fn, String doc) {
    return pointwise(name, Types.COMPARE, new Binary(fn, X, Y), doc + " Gives bool.").tests(OpTests::binary).build();
  }

  public static Tensor call(Op<double[]> op, Tensor... in) {
    return Dispatch.call(op, NO_NUMBERS, in);
  }

  public static Tensor call(Op<double[]> op, double number, Tensor x) {
    return Dispatch.call(op, new double[] {number}, x);
  }

  public static Tensor pow(Tensor x, Number exponent) {
    double e = exponent.doubleValue();
    return e == 2 ? x.square() : e == 1 ? x.mul(1) : call(POW, x, Tensor.constant(exponent));
  }

  public static Tensor clamp(Tensor x, double min, double max) {
    return Dispatch.call(CLAMP, new double[] {min, max}, x);
  }

  public static Tensor softplus(Tensor x, double beta, double threshold) {
    return Dispatch.call(SOFTPLUS, new double[] {beta, threshold}, x);
  }

  public static Tensor where(Tensor condition, Tensor yes, Tensor no) {
    return call(WHERE, condition, yes, no);
  }

  public static Tensor prelu(Tensor x, Tensor weight) {
    if (weight.numel() == 1 || x.getNdim() < 2) return where(x.gt(0), x, x.mul(weight.reshape()));
    if (weight.getNdim() != 1 || weight.size(0) != x.size(1))
      throw new ShapeError("prelu: weight " + weight.describe() + " must hold one value or one for each of the " + x.size(1) + " channels of " + x.describe() + ".");
    int[] sizes = new int[x.getNdim()];
    java.util.Arrays.fill(sizes, 1);
    sizes[1] = weight.size(0);
    return where(x.gt(0), x, x.mul(weight.reshape(sizes)));
  }

  public static Tensor glu(Tensor x, int dim) {
    int n = x.size(dim);
    if (n % 2 != 0) throw new ShapeError("glu: dim " + dim + " of " + x.describe() + " must have an even size.");
    return x.narrow(dim, 0, n / 2).mul(x.narrow(dim, n / 2, n / 2).sigmoid());
  }

  public static Tensor dropout(Tensor x, double p, boolean training) {
    if (!(p >= 0 && p <= 1)) throw new KtrainException("dropout: p must lie in 0..1, got " + p + ".");
    if (!training || p == 0) return x;
    return Dispatch.call(DROPOUT, new Dropout(p, Context.current().generator().next()), x);
  }
}

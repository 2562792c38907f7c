package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.F32;
import static io.ktrain.op.Autocast.Rule.WIDEST;
import static io.ktrain.op.Expr.of;
import static io.ktrain.op.Expr.param;
import static io.ktrain.op.OpBuilder.pointwise;

import io.ktrain.op.Expr.Binary;
import io.ktrain.op.Expr.Fn1;
import io.ktrain.op.Expr.Fn2;
import io.ktrain.op.Expr.Unary;
import io.ktrain.op.OpBuilder.Types;
import io.ktrain.op.OpTests.Values;

/** Functions of one or two numbers beyond arithmetic: inverse hyperbolic, error, gamma, and safe logarithms. */
public final class MathFunctions {
  private static final Expr X = new Expr.Input(0);
  private static final Expr Y = new Expr.Input(1);
  // In a derivative: the upstream gradient, the first input, and the output of an operation with one input or two.
  private static final Expr G = new Expr.Input(0);
  private static final Expr IN = new Expr.Input(1);
  private static final Expr SECOND = new Expr.Input(2);
  private static final Expr OUT = new Expr.Input(2);
  private static final Expr OUT_OF_TWO = new Expr.Input(3);
  private static final double LN2 = Math.log(2);

  private MathFunctions() {}

  public static final Op<double[]> EXP2 = pointwise("exp2", Types.FLOAT, of(2).pow(X), "2 to the power x.")
      .derivative(0, G.times(OUT).times(LN2)).tests(OpTests::unary).build();

  public static final Op<double[]> ASINH = pointwise("asinh", Types.FLOAT,
      new Binary(Fn2.COPYSIGN, X.abs().plus(X.times(X).div(X.times(X).plus(1).sqrt().plus(1))).log1p(), X),
      "The inverse hyperbolic sine.")
      .derivative(0, G.div(IN.times(IN).plus(1).sqrt())).tests(OpTests::unary).build();

  public static final Op<double[]> ACOSH = pointwise("acosh", Types.FLOAT,
      X.minus(1).plus(X.minus(1).times(X.plus(1)).sqrt()).log1p(), "The inverse hyperbolic cosine; NaN below 1.")
      .derivative(0, G.div(IN.minus(1).times(IN.plus(1)).sqrt())).tests(t -> t.unary(Values.LARGE)).build();

  public static final Op<double[]> ATANH = pointwise("atanh", Types.FLOAT,
      new Binary(Fn2.COPYSIGN, X.abs().times(2).div(of(1).minus(X.abs())).log1p().times(0.5), X),
      "The inverse hyperbolic tangent; infinite at -1 and 1.")
      .derivative(0, G.div(of(1).minus(IN.times(IN)))).tests(OpTests::unarySmall).build();

  public static final Op<double[]> ERFC = pointwise("erfc", Types.FLOAT, new Unary(Fn1.ERFC, X),
      "1 - erf(x), exact also where erf(x) rounds to 1.").tests(OpTests::unary).build();

  public static final Op<double[]> NDTR = pointwise("ndtr", Types.FLOAT,
      new Unary(Fn1.ERFC, X.times(-Math.sqrt(0.5))).times(0.5), "How likely a normal number is below x.")
      .tests(OpTests::unary).build();

  public static final Op<double[]> ERFINV = pointwise("erfinv", Types.FLOAT, new Unary(Fn1.ERFINV, X),
      "The inverse of erf, from -1 to 1.")
      .derivative(0, G.times(OUT.times(OUT).exp()).times(Math.sqrt(Math.PI) / 2))
      .autocast(F32).tests(OpTests::unarySmall).build();

  public static final Op<double[]> LGAMMA = pointwise("lgamma", Types.FLOAT, new Unary(Fn1.LGAMMA, X),
      "log |gamma(x)|; its derivative is digamma.").tests(OpTests::unaryPositive).build();

  public static final Op<double[]> DIGAMMA = pointwise("digamma", Types.FLOAT, new Binary(Fn2.POLYGAMMA, of(0), X),
      "The derivative of log(gamma(x)).").tests(OpTests::unaryPositive).build();

  public static final Op<double[]> POLYGAMMA = pointwise("polygamma", Types.FLOAT,
      new Binary(Fn2.POLYGAMMA, param(0), X), "The n-th derivative of digamma.")
      .tests(t -> t.numbers(1).unaryPositive().numbers(2).unaryPositive()).build();

  public static final Op<double[]> SINC = pointwise("sinc", Types.FLOAT,
      X.eq(of(0)).choose(of(1), X.times(Math.PI).sin().div(X.times(Math.PI))), "sin(pi x) / (pi x); 1 at 0.")
      .tests(OpTests::unary).build();

  public static final Op<double[]> LOGIT = pointwise("logit", Types.FLOAT, logit(held()),
      "log(x / (1 - x)), the inverse of sigmoid, of x held eps away from 0 and 1; eps of minus infinity holds nothing.")
      .tests(t -> t.numbers(Double.NEGATIVE_INFINITY).unary(Values.PROBABILITY).numbers(0.25).unary(Values.PROBABILITY))
      .build();

  public static final Op<double[]> XLOGY = pointwise("xlogy", Types.FLOAT,
      Y.isNan().choose(Y, X.eq(of(0)).choose(of(0), X.times(Y.log()))), "x * log(y); 0 where x is 0, whatever log(y).")
      .derivative(0, IN.eq(of(0)).and(SECOND.le(of(0))).choose(of(0), G.times(SECOND.log())))
      .derivative(1, G.times(IN).div(SECOND)).tests(OpTests::binaryPositive).build();

  public static final Op<double[]> LOGADDEXP = pointwise("logaddexp", Types.FLOATING,
      X.eq(Y).choose(X.plus(LN2), X.max(Y).plus(X.minus(Y).abs().negate().exp().log1p())),
      "log(exp(x) + exp(y)) without overflow.")
      .derivative(0, G.div(SECOND.minus(IN).exp().plus(1))).derivative(1, G.div(IN.minus(SECOND).exp().plus(1)))
      .tests(OpTests::binary).build();

  public static final Op<double[]> LOGADDEXP2 = pointwise("logaddexp2", Types.FLOATING,
      X.eq(Y).choose(X.plus(1), X.max(Y).plus(X.minus(Y).abs().times(-LN2).exp().log1p().div(LN2))),
      "log2(2^x + 2^y) without overflow.")
      .derivative(0, G.div(SECOND.minus(IN).times(LN2).exp().plus(1)))
      .derivative(1, G.div(IN.minus(SECOND).times(LN2).exp().plus(1))).tests(OpTests::binary).build();

  public static final Op<double[]> ATAN2 = pointwise("atan2", Types.FLOAT, new Binary(Fn2.ATAN2, X, Y),
      "The angle of the point (y, x) in radians, from -pi to pi: atan(x / y) in the right quadrant.")
      .autocast(WIDEST).tests(OpTests::binary).build();

  public static final Op<double[]> HYPOT = pointwise("hypot", Types.FLOATING,
      hypot(X.abs().max(Y.abs()), X.abs().min(Y.abs())),
      "sqrt(x^2 + y^2) without overflow.")
      .derivative(0, G.times(IN.div(OUT_OF_TWO))).derivative(1, G.times(SECOND.div(OUT_OF_TWO)))
      .tests(OpTests::binary).build();

  public static final Op<double[]> COPYSIGN = pointwise("copysign", Types.FLOAT, new Binary(Fn2.COPYSIGN, X, Y),
      "|x| with the sign of y, also of -0.").tests(OpTests::binary).build();

  public static final Op<double[]> HEAVISIDE = pointwise("heaviside", Types.PROMOTE,
      X.eq(of(0)).choose(Y, X.gt(of(0))), "0 below 0, 1 above, and y where x is 0.").tests(t -> t.binary().flat())
          .build();

  public static final Op<double[]> DEG2RAD = pointwise("deg2rad", Types.FLOAT, X.times(Math.PI / 180),
      "Degrees as radians.").tests(OpTests::unary).build();

  public static final Op<double[]> RAD2DEG = pointwise("rad2deg", Types.FLOAT, X.times(180 / Math.PI),
      "Radians as degrees.").tests(OpTests::unary).build();

  public static final Op<double[]> FRAC = pointwise("frac", Types.FLOATING, X.minus(new Unary(Fn1.TRUNC, X)),
      "What trunc takes away, with x's sign.").tests(OpTests::unary).build();

  public static final Op<double[]> FMAX = pointwise("fmax", Types.PROMOTE,
      X.isNan().choose(Y, Y.isNan().choose(X, X.max(Y))), "The larger of x and y, or the one that is not NaN.")
      .tests(OpTests::binary).build();

  public static final Op<double[]> FMIN = pointwise("fmin", Types.PROMOTE,
      X.isNan().choose(Y, Y.isNan().choose(X, X.min(Y))), "The smaller of x and y, or the one that is not NaN.")
      .tests(OpTests::binary).build();

  public static final Op<double[]> NAN_TO_NUM = pointwise("nanToNum", Types.PROMOTE,
      X.isNan().choose(param(0), X.eq(of(Double.POSITIVE_INFINITY)).choose(param(1),
          X.eq(of(Double.NEGATIVE_INFINITY)).choose(param(2), X))),
              "Numbers in the place of NaN, infinity and -infinity.")
      .tests(t -> t.numbers(0, 5, -5).unary()).build();

  /** {@code weight} is the third operand. */
  public static final Op<double[]> LERP = pointwise("lerp", Types.FLOATING,
      new Expr.Input(2).abs().lt(of(0.5)).choose(X.plus(new Expr.Input(2).times(Y.minus(X))),
          Y.minus(Y.minus(X).times(of(1).minus(new Expr.Input(2))))),
      "x + weight * (end - x); exactly x and end at weights 0 and 1.").tests(OpTests::ternary).build();

  public static final Op<double[]> ADDCMUL = pointwise("addcmul", Types.PROMOTE,
      X.plus(param(0).times(Y).times(new Expr.Input(2))), "x + value * a * b.")
      .autocast(WIDEST).tests(t -> t.numbers(2).ternary().numbers(0.5).ternary()).build();

  public static final Op<double[]> ADDCDIV = pointwise("addcdiv", Types.FLOATING,
      X.plus(param(0).times(Y).div(new Expr.Input(2))), "x + value * a / b.")
      .autocast(WIDEST).tests(t -> t.numbers(2).ternary().numbers(0.5).ternary()).build();

  private static Expr held() {
    return X.max(param(0)).min(of(1).minus(param(0)));
  }

  private static Expr logit(Expr x) {
    return x.div(of(1).minus(x)).log();
  }

  private static Expr hypot(Expr larger, Expr smaller) {
    Expr part = smaller.div(larger);
    Expr length = larger.times(part.times(part).plus(1).sqrt());
    Expr whole = larger.eq(of(0)).choose(larger, smaller.eq(larger).choose(larger.times(Math.sqrt(2)), length));
    return larger.eq(of(Double.POSITIVE_INFINITY)).choose(larger, whole);
  }
}

package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.F32;
import static io.ktrain.op.Elementwise.call;
import static io.ktrain.op.Elementwise.sigmoid;
import static io.ktrain.op.Expr.of;
import static io.ktrain.op.Expr.param;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpBuilder.pointwise;

import io.ktrain.op.OpBuilder.Types;
import io.ktrain.random.Generator.Draw;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;

/** What stands between layers: activations, and dropout. */
public final class Activations {
  private static final Expr X = new Expr.Input(0);
  // In a derivative: the upstream gradient, the input and the output.
  private static final Expr G = new Expr.Input(0);
  private static final Expr IN = new Expr.Input(1);
  private static final Expr OUT = new Expr.Input(2);

  private Activations() {}

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
      .autocast(F32).tests(t -> t.numbers(1, 20).unary()).build();
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

  /** What dropout draws: the same draw gives the same mask, so backward needs no memory for it. */
  public record Dropout(double p, Draw draw) {}

  public static final Op<Dropout> DROPOUT = op("dropout", Dropout.class, "Zeroes each element with probability p and scales the others by 1 / (1 - p).")
      .gives(c -> new Spec(c.in(0).getShape(), c.in(0).getDtype()))
      .grad((c, g) -> Dispatch.call(dropout(), c.attributes(), g))
      .tests(t -> t.reference(Oracles::dropout).attributes(new Dropout(0.4, new Draw(7, 3))).unaryLinear()).build();

  private static Op<Dropout> dropout() {
    return DROPOUT;
  }

  /** log(1 + exp(x)) without overflow. */
  private static Expr softplus(Expr x) {
    return x.max(of(0)).plus(x.abs().negate().exp().log1p());
  }

  public static Tensor softplus(Tensor x, double beta, double threshold) {
    return Dispatch.call(SOFTPLUS, new double[] {beta, threshold}, x);
  }

  public static Tensor prelu(Tensor x, Tensor weight) {
    if (weight.numel() == 1 || x.getNdim() < 2) return Elementwise.where(x.gt(0), x, x.mul(weight.reshape()));
    if (weight.getNdim() != 1 || weight.size(0) != x.size(1))
      throw new ShapeError("prelu: weight " + weight.describe() + " must hold one value or one for each of the " + x.size(1) + " channels of " + x.describe() + ".");
    int[] sizes = new int[x.getNdim()];
    java.util.Arrays.fill(sizes, 1);
    sizes[1] = weight.size(0);
    return Elementwise.where(x.gt(0), x, x.mul(weight.reshape(sizes)));
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

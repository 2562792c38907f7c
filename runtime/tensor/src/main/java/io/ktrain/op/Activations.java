package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.F32;
import static io.ktrain.op.Autocast.Rule.LOWER;
import static io.ktrain.op.Elementwise.call;
import static io.ktrain.op.Elementwise.sigmoid;
import static io.ktrain.op.Expr.of;
import static io.ktrain.op.Expr.param;
import static io.ktrain.op.OpBuilder.composite;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpBuilder.pointwise;
import static io.ktrain.op.OpTests.shape;
import static io.ktrain.op.OpTests.strided;

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

  public static final Op<double[]> RELU = pointwise("relu", Types.NUMBER, X.max(of(0)),
      "max(x, 0); the gradient at 0 is 0.")
      .derivative(0, OUT.gt(of(0)).choose(G, of(0))).tests(OpTests::unary).build();
  public static final Op<double[]> RELU6 = pointwise("relu6", Types.FLOATING, X.max(of(0)).min(of(6)),
      "min(max(x, 0), 6).")
      .derivative(0, IN.gt(of(0)).choose(IN.lt(of(6)).choose(G, of(0)), of(0))).tests(OpTests::unary).build();
  public static final Op<double[]> LEAKY_RELU = pointwise("leakyRelu", Types.FLOATING,
      X.gt(of(0)).choose(X, X.times(param(0))), "x, or slope * x below 0.")
      .tests(t -> t.numbers(0.1).unary()).build();
  public static final Op<double[]> ELU = pointwise("elu", Types.FLOATING,
      X.gt(of(0)).choose(X, X.expm1().times(param(0))), "x, or alpha * (exp(x) - 1) below 0.")
      .tests(t -> t.numbers(1.5).unary()).build();
  public static final Op<double[]> CELU = pointwise("celu", Types.FLOATING,
      X.gt(of(0)).choose(X, X.div(param(0)).expm1().times(param(0))),
      "x, or alpha * (exp(x / alpha) - 1) below 0.").tests(t -> t.numbers(2).unary()).build();
  public static final Op<double[]> SELU = pointwise("selu", Types.FLOATING,
      X.gt(of(0)).choose(X, X.expm1().times(1.6732632423543772848)).times(1.0507009873554804934),
      "elu scaled so that activations keep mean 0 and variance 1.")
      .tests(OpTests::unary).build();
  public static final Op<double[]> GELU = pointwise("gelu", Types.FLOATING,
      X.times(0.5).times(X.times(Math.sqrt(0.5)).erf().plus(1)),
      "x times the normal distribution function of x.").tests(OpTests::unary).build();
  public static final Op<double[]> GELU_TANH = pointwise("geluTanh", Types.FLOATING,
      X.times(0.5).times(X.plus(X.times(X).times(X).times(0.044715)).times(Math.sqrt(2 / Math.PI)).tanh().plus(1)),
      "gelu with the tanh approximation.")
      .tests(OpTests::unary).build();
  public static final Op<double[]> SILU = pointwise("silu", Types.FLOATING, X.times(sigmoid(X)),
      "x * sigmoid(x); also called swish.").tests(t -> t.unary()
      .fails(() -> Tensor.of(new int[] {1, 2, 3}).silu(), "silu: needs a floating dtype, got i32[3]. Fix: to(f32)."))
      .build();
  public static final Op<double[]> MISH = pointwise("mish", Types.FLOATING, X.times(softplus(X).tanh()),
      "x * tanh(softplus(x)).").tests(OpTests::unary).build();
  public static final Op<double[]> SOFTPLUS = pointwise("softplus", Types.FLOATING,
      X.times(param(0)).gt(param(1)).choose(X, softplus(X.times(param(0))).div(param(0))),
      "log(1 + exp(beta x)) / beta; x above the threshold.")
      .autocast(F32).tests(t -> t.numbers(1, 20).unary()).build();
  public static final Op<double[]> HARDSWISH = pointwise("hardswish", Types.FLOATING,
      X.times(X.plus(3).max(of(0)).min(of(6))).div(6), "x * relu6(x + 3) / 6.")
      .derivative(0, IN.lt(of(-3)).choose(of(0), IN.le(of(3)).choose(G.times(IN.div(3).plus(0.5)), G)))
      .tests(OpTests::unary).build();
  public static final Op<double[]> HARDSIGMOID = pointwise("hardsigmoid", Types.FLOATING,
      X.plus(3).max(of(0)).min(of(6)).div(6), "relu6(x + 3) / 6.")
      .derivative(0, IN.gt(of(-3)).choose(IN.lt(of(3)).choose(G.div(6), of(0)), of(0))).tests(OpTests::unary).build();
  public static final Op<double[]> HARDTANH = pointwise("hardtanh", Types.FLOATING, X.max(param(0)).min(param(1)),
      "x held between min and max; the gradient at both is 0.")
      .derivative(0, IN.gt(param(0)).choose(IN.lt(param(1)).choose(G, of(0)), of(0)))
      .tests(t -> t.numbers(-1, 1).unary().numbers(-0.5, 1.5).unary()).build();
  public static final Op<double[]> THRESHOLD = pointwise("threshold", Types.NUMBER, X.gt(param(0)).choose(X, param(1)),
      "x where it is above the threshold, else the value.").tests(t ->
          t.numbers(0.5, -2).unary().numbers(1, 7).unary()).build();
  public static final Op<double[]> HARDSHRINK = pointwise("hardshrink", Types.FLOATING,
      X.abs().gt(param(0)).choose(X, X.isNan().choose(X, of(0))), "x, or 0 between -lambda and lambda.")
      .tests(t -> t.numbers(0.5).unary()).build();
  public static final Op<double[]> SOFTSHRINK = pointwise("softshrink", Types.FLOATING,
      X.gt(param(0)).choose(X.minus(param(0)), X.lt(param(0).negate()).choose(X.plus(param(0)),
          X.isNan().choose(X, of(0)))),
      "x brought lambda nearer to 0, and 0 between -lambda and lambda.").tests(t -> t.numbers(0.5).unary()).build();
  public static final Op<double[]> LOG_SIGMOID = pointwise("logSigmoid", Types.FLOATING,
      X.min(of(0)).minus(X.abs().negate().exp().log1p()), "log(sigmoid(x)).")
      .derivative(0, G.times(sigmoid(IN.negate()))).tests(OpTests::unary).build();
  public static final Op<double[]> SOFTSIGN = pointwise("softsign", Types.FLOATING, X.div(X.abs().plus(1)),
      "x / (1 + |x|).").tests(OpTests::unary).build();
  public static final Op<double[]> TANHSHRINK = pointwise("tanhshrink", Types.FLOATING, X.minus(X.tanh()),
      "x - tanh(x).").tests(OpTests::unary).build();

  /** What dropout draws: the same draw gives the same mask, so backward needs no memory for it. */
  public record Dropout(double p, Draw draw) {}

  public static final Op<Dropout> DROPOUT = op("dropout", Dropout.class,
      "Zeroes each element with probability p and scales the others by 1 / (1 - p).")
      .gives(c -> Spec.like(c.in(0)))
      .grad((c, g) -> Dispatch.call(dropout(), c.attributes(), g))
      .tests(t -> t.reference(Oracles::dropout).attributes(new Dropout(0.4, new Draw(7, 3))).unaryLinear()).build();

  /** Slopes are drawn uniformly from lower to upper; without a draw their mean serves. */
  public record Slopes(double lower, double upper, Draw draw) {}

  public static final Op<Slopes> RRELU = composite("rrelu", Slopes.class, "x, or a random slope times x below 0.",
      c -> {
    Slopes s = c.attributes();
    Tensor x = c.in(0);
    if (s.draw() == null) return x.leakyRelu((s.lower() + s.upper()) / 2);
    Tensor slopes = Creation.uniform(x, s.lower(), s.upper(), s.draw());
    return Elementwise.where(x.ge(0), x, x.mul(slopes));
  }).floating().tests(t -> t.reference(Oracles::rrelu).attributes(new Slopes(0.1, 0.3, null)).unary()
      .attributes(new Slopes(0.1, 0.3, new Draw(7, 3))).unary()).build();

  public static final Op<Void> PRELU = composite("prelu",
      "x where positive, weight * x elsewhere; one weight a channel, dim 1.",
      c -> prelu(c.in(0), c.in(1))).floating()
      .autocast(LOWER).tests(t -> t.reference((none, in) -> NdArray.by(in.get(0).shape(), i -> {
        double x = in.get(0).at(i);
        double[] w = in.get(1).data();
        return x > 0 ? x : x * w[w.length == 1 ? 0 : i[1]];
      })).sample(shape(2, 3, 4), shape(3)).sample(strided(4, 3), shape(1)).sample(shape(), shape(1))
          .sample(shape(3), shape())
          .fails(() -> Tensor.ones(2, 3).prelu(Tensor.ones(4)),
              "prelu: weight f32[4] must hold one value or one for each of the 3 channels of f32[2,3].")).build();

  public static final Op<Shapes.Dim> GLU = composite("glu", Shapes.Dim.class,
      "The first half along a dim times the sigmoid of the second.", c -> {
        int dim = c.attributes().dim(), n = c.in(0).size(dim);
        if (n % 2 != 0) throw new ShapeError("glu: dim " + dim + " of " + c.in(0).describe()
            + " must have an even size.");
        return c.in(0).narrow(dim, 0, n / 2).mul(c.in(0).narrow(dim, n / 2, n / 2).sigmoid());
      }).floating()
      .tests(t -> t.reference((along, in) -> {
        int n = in.get(0).shape()[along.dim()] / 2;
        int[] half = in.get(0).shape().clone();
        half[along.dim()] = n;
        return NdArray.by(half, i -> {
          double first = in.get(0).at(i);
          i[along.dim()] += n;
          return first / (1 + Math.exp(-in.get(0).at(i)));
        });
      }).with(new Shapes.Dim(1), shape(2, 6)).with(new Shapes.Dim(0), strided(4, 3))
          .fails(() -> Tensor.ones(2, 3).glu(1), "glu: dim 1 of f32[2,3] must have an even size.")).build();

  public static final Op<Shapes.Dim> SOFTMIN = composite("softmin", Shapes.Dim.class, "softmax of -x along a dim.",
      c -> c.in(0).neg().softmax(c.attributes().dim())).floating()
      .autocast(F32).tests(t -> t.reference((along, in) -> NdArray.by(in.get(0).shape(), i -> {
        double sum = 0, own = Math.exp(-in.get(0).at(i));
        for (double v : Oracles.line(in.get(0), along.dim(), i)) sum += Math.exp(-v);
        return own / sum;
      })).with(new Shapes.Dim(1), shape(2, 5)).with(new Shapes.Dim(0), strided(4, 3))).build();

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

  private static Tensor prelu(Tensor x, Tensor weight) {
    if (weight.numel() == 1 || x.getNdim() < 2) return Elementwise.where(x.gt(0), x, x.mul(weight.reshape()));
    if (weight.getNdim() != 1 || weight.size(0) != x.size(1))
      throw new ShapeError("prelu: weight " + weight.describe() + " must hold one value or one for each of the "
          + x.size(1) + " channels of " + x.describe() + ".");
    int[] sizes = new int[x.getNdim()];
    java.util.Arrays.fill(sizes, 1);
    sizes[1] = weight.size(0);
    return Elementwise.where(x.gt(0), x, x.mul(weight.reshape(sizes)));
  }

  public static Tensor along(Op<Shapes.Dim> op, Tensor x, int dim) {
    return Dispatch.call(op, new Shapes.Dim(x.getShape().axis(op.name(), dim)), x);
  }

  public static Tensor rrelu(Tensor x, double lower, double upper, boolean training) {
    if (lower > upper) throw new KtrainException("rrelu: lower " + lower + " is above upper " + upper + ".");
    return Dispatch.call(RRELU, new Slopes(lower, upper, training ? Context.current().generator().next() : null), x);
  }

  public static Tensor dropout(Tensor x, double p, boolean training) {
    if (!(p >= 0 && p <= 1)) throw new KtrainException("dropout: p must lie in 0..1, got " + p + ".");
    if (!training || p == 0) return x;
    return Dispatch.call(DROPOUT, new Dropout(p, Context.current().generator().next()), x);
  }
}

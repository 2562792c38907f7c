package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.F32;
import static io.ktrain.op.Expr.of;
import static io.ktrain.op.Expr.param;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpBuilder.pointwise;

import io.ktrain.op.OpBuilder.Types;
import io.ktrain.op.OpTests.Values;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.function.Function;

/** Losses that compare each element with its own target: one pointwise kernel, weights where given, a reduction. */
public final class ElementLosses {
  private ElementLosses() {}

  /** {@code width}: beta of smoothL1Loss, delta of huberLoss. */
  public record Robust(double width, Reduction reduction) {}

  public record Divergence(boolean logTarget, Reduction reduction) {}

  public record Gaussian(boolean full, double eps, Reduction reduction) {}

  public record Poisson(boolean logInput, boolean full, double eps, Reduction reduction) {}

  private static final Expr X = new Expr.Input(0);
  private static final Expr T = new Expr.Input(1);
  private static final Expr W = new Expr.Input(2);
  private static final Expr DISTANCE = X.minus(T).abs();
  // In a derivative: the upstream gradient and the inputs.
  private static final Expr G = new Expr.Input(0);
  private static final Expr X_IN = new Expr.Input(1);
  private static final Expr T_IN = new Expr.Input(2);
  private static final Expr W_IN = new Expr.Input(3);

  private static final Op<double[]> ABSOLUTE = pointwise("l1Elements", Types.FLOATING, DISTANCE, "|x - t|.")
      .internal().autocast(F32).tests(OpTests::binary).build();

  private static final Op<double[]> SQUARED = pointwise("mseElements", Types.FLOATING, X.minus(T).times(X.minus(T)),
      "(x - t)^2.")
      .internal().autocast(F32).tests(OpTests::binary).build();

  private static final Op<double[]> SMOOTH = pointwise("smoothL1Elements", Types.FLOATING,
      DISTANCE.lt(param(0))
          .choose(DISTANCE.times(DISTANCE).times(0.5).div(param(0)), DISTANCE.minus(param(0).times(0.5))),
      "(x - t)^2 / (2 beta) where |x - t| is below beta, else |x - t| - beta / 2.")
      .internal().autocast(F32).tests(t -> t.numbers(0.5).binary()).build();

  private static final Op<double[]> HUBER = pointwise("huberElements", Types.FLOATING,
      DISTANCE.le(param(0))
          .choose(DISTANCE.times(DISTANCE).times(0.5), param(0).times(DISTANCE.minus(param(0).times(0.5)))),
      "(x - t)^2 / 2 where |x - t| is at most delta, else delta (|x - t| - delta / 2).")
      .internal().autocast(F32).tests(t -> t.numbers(0.7).binary()).build();

  private static final Op<double[]> BCE = pointwise("bceElements", Types.FLOATING,
      T.minus(1).times(X.negate().log1p().max(of(-100))).minus(T.times(X.log().max(of(-100)))),
      "-t log(x) - (1 - t) log(1 - x), with logarithms of at least -100.")
      .derivative(0, G.times(X_IN.minus(T_IN)).div(of(1).minus(X_IN).times(X_IN).max(of(1e-12))))
      .internal().autocast(F32)
      .tests(t -> t.sample(OpTests.shape(3, 4).of(Values.PROBABILITY), OpTests.shape(3, 4).of(Values.PROBABILITY)))
      .build();

  /** By the logit itself, so that nothing overflows. */
  private static final Op<double[]> LOGITS = pointwise("bceLogitElements", Types.FLOATING,
      X.max(of(0)).minus(X.times(T)).plus(X.abs().negate().exp().log1p()), "max(x, 0) - x t + log(1 + exp(-|x|)).")
      .derivative(0, G.times(sigmoid(X_IN).minus(T_IN)))
      .internal().autocast(F32).tests(t -> t.binary()).build();

  private static final Op<double[]> WEIGHTED_LOGITS = pointwise("bceWeightedLogitElements", Types.FLOATING,
      of(1).minus(T).times(X)
          .plus(T.times(W.minus(1)).plus(1).times(X.abs().negate().exp().log1p().plus(X.negate().max(of(0))))),
      "(1 - t) x + (1 + (w - 1) t) log(1 + exp(-x)).")
      .derivative(0, G.times(of(1)
          .minus(T_IN).minus(T_IN.times(W_IN.minus(1)).plus(1).times(of(1).minus(sigmoid(X_IN))))))
      .internal().autocast(F32).tests(OpTests::ternary).build();

  private static final Op<double[]> DIVERGENCE = pointwise("klDivElements", Types.FLOATING,
      new Expr.Binary(Expr.Fn2.EQ, T, of(0)).choose(of(0), T.times(T.log().minus(X))),
      "t (log(t) - x), 0 where t is 0.")
      .internal().autocast(F32)
      .tests(t -> t.sample(OpTests.shape(3, 4), OpTests.shape(3, 4).of(Values.POSITIVE))).build();

  private static final Op<double[]> LOG_DIVERGENCE = pointwise("klDivLogElements", Types.FLOATING,
      T.exp().times(T.minus(X)), "exp(t) (t - x).")
      .internal().autocast(F32).tests(OpTests::binary).build();

  private static final Expr VARIANCE = W.max(param(0));
  private static final Expr VARIANCE_IN = W_IN.max(param(0));

  /** The floor under the variance does not stop its gradient. */
  private static final Op<double[]> GAUSSIAN = pointwise("gaussianNllElements", Types.FLOATING,
      VARIANCE.log().plus(X.minus(T).times(X.minus(T)).div(VARIANCE)).times(0.5),
      "(log(v) + (x - t)^2 / v) / 2, with v of at least eps.")
      .derivative(2, G.times(of(1).minus(X_IN.minus(T_IN).times(X_IN.minus(T_IN)).div(VARIANCE_IN)))
          .div(VARIANCE_IN).times(0.5))
      .internal().autocast(F32).tests(t -> t.numbers(1e-6).ternary()).build();

  private static final Op<double[]> POISSON_LOG = pointwise("poissonNllLogElements", Types.FLOATING,
      X.exp().minus(T.times(X)), "exp(x) - t x.")
      .internal().autocast(F32).tests(OpTests::binary).build();

  private static final Op<double[]> POISSON = pointwise("poissonNllElements", Types.FLOATING,
      X.minus(T.times(X.plus(param(0)).log())), "x - t log(x + eps).")
      .internal().autocast(F32).tests(t -> t.numbers(1e-8).binaryPositive()).build();

  private static final Op<double[]> STIRLING = pointwise("stirling", Types.FLOATING,
      X.gt(of(1)).choose(X.times(X.log()).minus(X).plus(X.times(2 * Math.PI).log().times(0.5)), of(0)),
      "Stirling's approximation of log(x!), 0 up to 1.")
      .internal().autocast(F32).tests(OpTests::unaryPositive).build();

  private static final Op<double[]> SOFT_MARGIN = pointwise("softMarginElements", Types.FLOATING,
      X.times(T).negate().max(of(0)).plus(X.times(T).abs().negate().exp().log1p()), "log(1 + exp(-t x)).")
      .internal().autocast(F32).tests(OpTests::binary).build();

  private static Expr sigmoid(Expr x) {
    return of(1).div(x.negate().exp().plus(1));
  }

  public static final Op<Reduction> L1_LOSS = op("l1Loss", Reduction.class,
      "The absolute difference of predictions and targets.")
      .composed(c -> reduced("l1Loss", ABSOLUTE, c, c.attributes()))
      .tests(t -> pairs(t, r -> r, Values.ANY, Values.ANY)
          .reference(LossOracles.each(r -> r, (r, v) -> Math.abs(v[0] - v[1])))
          .fails(() -> Tensor.ones(3, 1).l1Loss(Tensor.ones(3)),
              "l1Loss: input f32[3,1] and target f32[3] must have one shape. Fix: reshape, unsqueeze or expand one of "
                  + "them.")).build();

  public static final Op<Reduction> MSE_LOSS = op("mseLoss", Reduction.class,
      "The squared difference of predictions and targets.")
      .composed(c -> reduced("mseLoss", SQUARED, c, c.attributes()))
      .tests(t -> pairs(t, r -> r, Values.ANY, Values.ANY)
          .reference(LossOracles.each(r -> r, (r, v) -> (v[0] - v[1]) * (v[0] - v[1])))).build();

  public static final Op<Robust> SMOOTH_L1_LOSS = op("smoothL1Loss", Robust.class,
      "The absolute difference less beta / 2, and a parabola where it is below beta.")
      .composed(c -> reduced("smoothL1Loss", SMOOTH, c, c.attributes().reduction(),
          positive("smoothL1Loss", "beta", c.attributes().width(), true)))
      .tests(t -> pairs(t, r -> new Robust(1.5, r), Values.ANY, Values.ANY)
          .attributes(new Robust(0, Reduction.SUM)).sample(OpTests.shape(4), OpTests.shape(4))
          .reference(LossOracles.each(Robust::reduction, (a, v) -> {
            double d = Math.abs(v[0] - v[1]);
            return d < a.width() ? d * d / 2 / a.width() : d - a.width() / 2;
          }))
          .fails(() -> Tensor.ones(3).smoothL1Loss(Tensor.ones(3), -1, Reduction.MEAN),
              "smoothL1Loss: beta must not be negative, got -1.0. Fix: 1.")).build();

  public static final Op<Robust> HUBER_LOSS = op("huberLoss", Robust.class,
      "Half the squared difference up to delta, and a straight line from there.")
      .composed(c -> reduced("huberLoss", HUBER, c, c.attributes().reduction(),
          positive("huberLoss", "delta", c.attributes().width(), false)))
      .tests(t -> pairs(t, r -> new Robust(0.7, r), Values.ANY, Values.ANY)
          .reference(LossOracles.each(Robust::reduction, (a, v) -> {
            double d = Math.abs(v[0] - v[1]);
            return d <= a.width() ? d * d / 2 : a.width() * (d - a.width() / 2);
          }))
          .fails(() -> Tensor.ones(3).huberLoss(Tensor.ones(3), 0, Reduction.MEAN),
              "huberLoss: delta must be positive, got 0.0. Fix: 1.")).build();

  public static final Op<Reduction> BCE_LOSS = op("bceLoss", Reduction.class,
      "Binary cross entropy of probabilities against targets in 0..1; optional third: weights of the elements.")
      .composed(c -> {
        Tensor x = c.in(0);
        Promotion.floating("bceLoss", x);
        requireSameShape("bceLoss", x, c.in(1));
        requireProbabilities(x);
        return weighted(Elementwise.call(BCE, x, c.in(1)), c.in(2), c.attributes());
      })
      .tests(t -> {
        for (Reduction r : Reduction.values())
          t.attributes(r).sample(OpTests.shape(3, 4).of(Values.PROBABILITY), OpTests.shape(3, 4).of(Values.PROBABILITY),
              OpTests.ABSENT)
              .sample(OpTests.strided(4, 2).of(Values.PROBABILITY), OpTests.shape(4, 2).of(Values.PROBABILITY),
                  OpTests.shape(2).of(Values.POSITIVE));
        t.reference(LossOracles.each(r -> r,
            (r, v) -> -v[2] * (v[1] * Math.log(v[0]) + (1 - v[1]) * Math.log(1 - v[0]))));
      }).build();

  public static final Op<Reduction> BCE_WITH_LOGITS = op("bceWithLogits", Reduction.class,
      "Binary cross entropy of sigmoid(x) without computing it; optional: weights of the elements, and of the positive "
          + "ones.")
      .composed(c -> {
        Tensor x = c.in(0), target = c.in(1);
        Promotion.floating("bceWithLogits", x);
        if (!x.getShape().equals(target.getShape()))
          throw new ShapeError("bceWithLogits: logits " + x.describe() + " and target " + target.describe()
              + " must have one shape. Fix: unsqueeze or reshape the target.");
        Tensor t = target.to(x.getDtype());
        return weighted(c.in(3) == null ? Elementwise.call(LOGITS, x, t)
            : Elementwise.call(WEIGHTED_LOGITS, x, t, c.in(3)), c.in(2), c.attributes());
      })
      .tests(t -> {
        for (Reduction r : Reduction.values())
          t.attributes(r).sample(OpTests.shape(3, 4), OpTests.shape(3, 4).of(Values.PROBABILITY), OpTests.ABSENT,
              OpTests.ABSENT)
              .sample(OpTests.strided(4, 2), OpTests.shape(4, 2).of(Values.PROBABILITY),
                  OpTests.shape(4, 1).of(Values.POSITIVE), OpTests.shape(2).of(Values.POSITIVE));
        t.reference(LossOracles.each(r -> r,
            (r, v) -> v[2] * (v[3] * v[1] * Math.log1p(Math.exp(-v[0])) + (1 - v[1]) * Math.log1p(Math.exp(v[0])))));
      }).build();

  public static final Op<Divergence> KL_DIV = op("klDiv", Divergence.class,
      "The Kullback-Leibler divergence of log probabilities from a target distribution, or from its logarithm.")
      .composed(c -> reduced("klDiv", c.attributes().logTarget() ? LOG_DIVERGENCE
          : DIVERGENCE, c, c.attributes().reduction()))
      .tests(t -> pairs(pairs(t, r -> new Divergence(false, r), Values.ANY, Values.POSITIVE),
          r -> new Divergence(true, r), Values.ANY, Values.SMALL)
          .reference(LossOracles.each(Divergence::reduction, (a, v) -> a.logTarget() ? Math.exp(v[1]) * (v[1] - v[0])
              : v[1] * (Math.log(v[1]) - v[0])))).build();

  public static final Op<Gaussian> GAUSSIAN_NLL_LOSS = op("gaussianNllLoss", Gaussian.class,
      "The negative log likelihood of targets under normal distributions of given means and variances.")
      .composed(c -> {
        Tensor x = c.in(0), variance = c.in(2);
        Promotion.floating("gaussianNllLoss", x);
        requireSameShape("gaussianNllLoss", x, c.in(1));
        Shape s = x.getShape(), v = variance.getShape();
        if (!v.equals(s)) {
          if (s.ndim() > 0 && v.equals(s.without(-1))) variance = variance.unsqueeze(-1);
          else if (s.ndim() == 0 || !v.equals(s.with(-1, 1)))
            throw new ShapeError("gaussianNllLoss: variance " + variance.describe() + " does not fit input "
                + x.describe() + ". Fix: the input's shape, or without its last dim.");
        }
        if (!variance.isShapeOnly() && !Check.active() && variance.numel() > 0 && variance.detach().amin().item() < 0)
          throw new KtrainException("gaussianNllLoss: variances must not be negative, got "
              + variance.detach().amin().item() + ". Fix: exp() or softplus() of what the model gives.");
        Tensor losses = Dispatch.call(GAUSSIAN, new double[] {c.attributes().eps()}, x, c.in(1), variance);
        return c.attributes().reduction().of(c.attributes().full() ? losses.add(0.5 * Math.log(2 * Math.PI)) : losses);
      })
      .tests(t -> {
        for (Reduction r : Reduction.values())
          t.attributes(new Gaussian(r == Reduction.SUM, 1e-6, r))
              .sample(OpTests.shape(3, 4), OpTests.shape(3, 4), OpTests.shape(3, 4).of(Values.POSITIVE))
              .sample(OpTests.strided(4, 2), OpTests.shape(4, 2), OpTests.shape(4, 1).of(Values.POSITIVE));
        t.reference(LossOracles.each(Gaussian::reduction,
            (a, v) -> 0.5 * (Math.log(v[2]) + (v[0] - v[1]) * (v[0] - v[1]) / v[2]
                + (a.full() ? Math.log(2 * Math.PI) : 0))))
            .fails(() -> Tensor.ones(3).gaussianNllLoss(Tensor.ones(3), Tensor.ones(2)),
                "gaussianNllLoss: variance f32[2] does not fit input f32[3]. Fix: the input's shape, or without its "
                    + "last dim.")
            .failsByValues(() -> Tensor.ones(1).gaussianNllLoss(Tensor.ones(1), Tensor.ones(1).neg()),
                "gaussianNllLoss: variances must not be negative, got -1.0. Fix: exp() or softplus() of what the model "
                    + "gives.");
      }).build();

  public static final Op<Poisson> POISSON_NLL_LOSS = op("poissonNllLoss", Poisson.class,
      "The negative log likelihood of counts under Poisson distributions of given rates, or of their logarithms.")
      .composed(c -> {
        Poisson a = c.attributes();
        Promotion.floating("poissonNllLoss", c.in(0));
        requireSameShape("poissonNllLoss", c.in(0), c.in(1));
        Tensor losses = a.logInput() ? Elementwise.call(POISSON_LOG, c.in(0), c.in(1))
            : Dispatch.call(POISSON, new double[] {a.eps()}, c.in(0), c.in(1));
        return a.reduction()
            .of(a.full() ? losses.add(Elementwise.call(STIRLING, c.in(1).to(c.in(0).getDtype()))) : losses);
      })
      .tests(t -> pairs(pairs(t, r -> new Poisson(true, true, 1e-8, r), Values.ANY, Values.POSITIVE),
          r -> new Poisson(false, false, 1e-8, r), Values.POSITIVE, Values.POSITIVE)
          .reference(LossOracles.each(Poisson::reduction, (a, v) -> {
            double rate = a.logInput() ? Math.exp(v[0]) - v[1] * v[0] : v[0] - v[1] * Math.log(v[0] + a.eps());
            return a.full() && v[1] > 1
                ? rate + v[1] * Math.log(v[1]) - v[1] + 0.5 * Math.log(2 * Math.PI * v[1]) : rate;
          }))).build();

  public static final Op<Reduction> SOFT_MARGIN_LOSS = op("softMarginLoss", Reduction.class,
      "log(1 + exp(-t x)) for targets of 1 and -1.")
      .composed(c -> reduced("softMarginLoss", SOFT_MARGIN, c, c.attributes()))
      .tests(t -> pairs(t, r -> r, Values.ANY, Values.SIGN)
          .reference(LossOracles.each(r -> r, (r, v) -> Math.log1p(Math.exp(-v[0] * v[1]))))).build();

  public static final Op<Reduction> MULTILABEL_SOFT_MARGIN_LOSS = op("multilabelSoftMarginLoss", Reduction.class,
      "Binary cross entropy of logits, averaged over the classes (the last dim); optional third: weights of the "
          + "classes.")
      .composed(c -> {
        Tensor x = c.in(0);
        Promotion.floating("multilabelSoftMarginLoss", x);
        requireSameShape("multilabelSoftMarginLoss", x, c.in(1));
        if (x.getNdim() == 0)
          throw new ShapeError("multilabelSoftMarginLoss: the input must be [..., classes], got " + x.describe() + ".");
        Tensor losses = Elementwise.call(LOGITS, x, c.in(1).to(x.getDtype()));
        return c.attributes().of((c.in(2) == null ? losses : losses.mul(c.in(2))).mean(-1));
      })
      .tests(t -> {
        for (Reduction r : Reduction.values())
          t.attributes(r).sample(OpTests.shape(3, 4), OpTests.shape(3, 4).of(Values.PROBABILITY), OpTests.ABSENT)
              .sample(OpTests.strided(4, 2), OpTests.shape(4, 2).of(Values.PROBABILITY),
                  OpTests.shape(2).of(Values.POSITIVE));
        t.reference((r, in) -> LossOracles.reduced(r, LossOracles.meanOfLast(
            LossOracles.<Reduction>each(none -> Reduction.NONE,
                (none, v) -> v[2] * (v[1] * Math.log1p(Math.exp(-v[0])) + (1 - v[1]) * Math.log1p(Math.exp(v[0]))))
            .of(r, in))));
      }).build();

  private static <A> OpTests<A> pairs(OpTests<A> t, Function<Reduction, A> attributes, Values x, Values target) {
    for (Reduction r : Reduction.values())
      t.attributes(attributes.apply(r)).sample(OpTests.shape(3, 4).of(x), OpTests.shape(3, 4).of(target));
    return t.attributes(attributes.apply(Reduction.MEAN))
        .sample(OpTests.strided(4, 6).of(x), OpTests.shape(4, 6).of(target))
        .sample(OpTests.shape(2, 3, 4).of(x), OpTests.strided(2, 3, 4).of(target))
        .sample(OpTests.shape().of(x), OpTests.shape().of(target))
        .attributes(attributes.apply(Reduction.NONE)).sample(OpTests.shape(0, 3).of(x), OpTests.shape(0, 3).of(target));
  }

  private static Tensor reduced(String op, Op<double[]> elements, Call<?> c, Reduction reduction, double... numbers) {
    Promotion.floating(op, c.in(0));
    requireSameShape(op, c.in(0), c.in(1));
    return reduction.of(Dispatch.call(elements, numbers, c.in(0), c.in(1)));
  }

  private static Tensor weighted(Tensor losses, Tensor weight, Reduction reduction) {
    return reduction.of(weight == null ? losses : losses.mul(weight));
  }

  private static double positive(String op, String what, double value, boolean orZero) {
    if (!(value > 0 || orZero && value == 0))
      throw new KtrainException(op + ": " + what + " must " + (orZero ? "not be negative" : "be positive") + ", got "
          + value + ". Fix: 1.");
    return value;
  }

  /** Broadcasting a target is a mistake far more often than it is meant: [n] against [n, 1] compares all with all. */
  static void requireSameShape(String op, Tensor x, Tensor target) {
    if (!x.getShape().equals(target.getShape()))
      throw new ShapeError(op + ": input " + x.describe() + " and target " + target.describe()
          + " must have one shape. Fix: reshape, unsqueeze or expand one of them.");
  }

  /** Where the host can look without waiting; elsewhere the loss is NaN. */
  private static void requireProbabilities(Tensor x) {
    if (!Losses.isReadable(x) || x.numel() == 0) return;
    double low = x.detach().amin().item(), high = x.detach().amax().item();
    if (!(low >= 0 && high <= 1))
      throw new KtrainException("bceLoss: inputs must be probabilities, got values from " + low + " to " + high
          + ". Fix: sigmoid() first, or bceWithLogits.");
  }
}

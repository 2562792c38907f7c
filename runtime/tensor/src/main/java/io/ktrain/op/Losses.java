package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.F32;
import static io.ktrain.op.Expr.of;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpBuilder.pointwise;

import io.ktrain.tensor.Check;
import io.ktrain.tensor.CrossEntropyOptions;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** What a model's outputs are compared with targets by. */
public final class Losses {
  private Losses() {}

  public record Rows(long ignoreIndex) {}

  /** Cross entropy of each row with its class: the case nearly every classifier trains with. The second output is each row's maximum and the sum of exp(x - maximum). */
  public static final Op<Rows> CROSS_ENTROPY_ROWS = op("crossEntropyRows", Rows.class, "logsumexp(row) - row[target], a value a row; 0 where the target is to be ignored.")
      .infer(c -> List.of(new Spec(Shape.of(c.in(0).size(0)), c.in(0).getDtype()), new Spec(Shape.of(c.in(0).size(0), 2), c.in(0).getDtype())))
      .decompose(c -> {
        Tensor x = c.in(0), target = c.in(1), ignored = target.eq(c.attributes().ignoreIndex());
        Tensor safe = Tensor.where(ignored, Tensor.constant(0), target);
        Tensor picked = x.logSoftmax(1).gather(1, safe.unsqueeze(1)).squeeze(1).neg();
        Tensor highest = x.detach().amax(1, true), sum = x.detach().sub(highest).exp().sum(1, true);
        return new Tensor[] {Tensor.where(ignored, Tensor.constant(0.0), picked), Tensor.cat(List.of(highest, sum), 1)};
      })
      .grads((c, g, needed) -> new Tensor[] {g[0] == null ? null : Dispatch.call(rowsGrad(), c.attributes(), g[0], c.in(0), c.in(1), c.out(1).detach())})
      .internal()
      .autocast(F32).tests(t -> t.firstOutputOnly().attributes(new Rows(-100)).labelled(OpTests.shape(4, 5), 5).labelled(OpTests.shape(1, 3), 3).labelled(OpTests.strided(6, 8), 8).labelled(OpTests.shape(3, 37), 37)
          .attributes(new Rows(2)).labelled(OpTests.shape(6, 4), 4)).build();

  /** The row statistics are only a saving: the decomposition makes them of x again, so that it can be differentiated. */
  public static final Op<Rows> CROSS_ENTROPY_ROWS_GRAD = op("crossEntropyRowsGrad", Rows.class, "(softmax(row) - onehot(target)) * g, zero in ignored rows.")
      .gives(c -> new Spec(c.in(1).getShape(), c.in(1).getDtype()))
      .decompose(c -> {
        Tensor x = c.in(1), target = c.in(2), ignored = target.eq(c.attributes().ignoreIndex());
        Tensor hot = target.unsqueeze(1).eq(Tensor.arange(x.size(1)).to(x.getDevice())).to(x.getDtype());
        Tensor g = Tensor.where(ignored, Tensor.constant(0.0), c.in(0));
        return new Tensor[] {x.softmax(1).sub(hot).mul(g.unsqueeze(1))};
      })
      .internal().build();

  private static Op<Rows> rowsGrad() {
    return CROSS_ENTROPY_ROWS_GRAD;
  }

  private static final Expr X = new Expr.Input(0);
  private static final Expr Y = new Expr.Input(1);
  private static final Expr W = new Expr.Input(2);

  /** By the logit itself, so that nothing overflows. */
  public static final Op<double[]> BCE = pointwise("bceElements", OpBuilder.Types.FLOATING,
      X.max(of(0)).minus(X.times(Y)).plus(X.abs().negate().exp().log1p()), "max(x, 0) - x * y + log(1 + exp(-|x|)).")
      .derivative(0, new Expr.Input(0).times(of(1).div(new Expr.Input(1).negate().exp().plus(1)).minus(new Expr.Input(2))))
      .internal().autocast(F32).tests(t -> t.binary()).build();

  public static final Op<double[]> BCE_WEIGHTED = pointwise("bceWeightedElements", OpBuilder.Types.FLOATING,
      of(1).minus(Y).times(X).plus(Y.times(W.minus(1)).plus(1).times(X.abs().negate().exp().log1p().plus(X.negate().max(of(0))))),
      "(1 - y) * x + (1 + (w - 1) * y) * log(1 + exp(-x)).")
      .derivative(0, new Expr.Input(0).times(of(1).minus(new Expr.Input(2))
          .minus(new Expr.Input(2).times(new Expr.Input(3).minus(1)).plus(1).times(of(1).minus(of(1).div(new Expr.Input(1).negate().exp().plus(1)))))))
      .internal().autocast(F32).tests(OpTests::ternary).build();

  public static Tensor mse(Tensor x, Tensor target, Reduction reduction) {
    return reduction.of(x.sub(target).square());
  }

  public static Tensor bceWithLogits(Tensor x, Tensor target, Tensor posWeight, Reduction reduction) {
    if (!x.getShape().equals(target.getShape()))
      throw new ShapeError("bceWithLogits: logits " + x.describe() + " and target " + target.describe() + " must have one shape. Fix: unsqueeze or reshape the target.");
    return reduction.of(posWeight == null ? Elementwise.call(BCE, x, target.to(x.getDtype())) : Elementwise.call(BCE_WEIGHTED, x, target.to(x.getDtype()), posWeight));
  }

  public static Tensor crossEntropy(Tensor x, Tensor target, CrossEntropyOptions o) {
    if (!x.getDtype().isFloating()) throw new DTypeError("crossEntropy: logits must be floating, got " + x.describe() + ".");
    if (x.getNdim() < 1) throw new ShapeError("crossEntropy: logits must be [batch, classes, ...] or [classes], got " + x.describe() + ".");
    if (target.getDtype().isFloating()) return probabilities(x, target, o);
    Tensor rows = classesLast("crossEntropy", x, target);
    Tensor labels = target.reshape(rows.size(0));
    boolean ignored = checkLabels("crossEntropy", labels, rows.size(1), o.ignoreIndex(), x);
    Shape out = target.getShape();
    if (o.weight() == null && o.labelSmoothing() == 0) {
      Tensor losses = Dispatch.all(CROSS_ENTROPY_ROWS, new Rows(o.ignoreIndex()), rows, labels)[0];
      return switch (o.reduction()) {
        case NONE -> losses.reshape(out);
        case SUM -> losses.sum();
        case MEAN -> ignored ? losses.sum().div(labels.ne(o.ignoreIndex()).sum().to(losses.getDtype())) : losses.mean();
      };
    }
    return smoothed(rows.logSoftmax(1), labels, out, o);
  }

  public static Tensor nll(Tensor logProbabilities, Tensor target, CrossEntropyOptions o) {
    Tensor rows = classesLast("nllLoss", logProbabilities, target);
    Tensor labels = target.reshape(rows.size(0));
    checkLabels("nllLoss", labels, rows.size(1), o.ignoreIndex(), logProbabilities);
    return smoothed(rows, labels, target.getShape(), o);
  }

  private static Tensor smoothed(Tensor logp, Tensor labels, Shape out, CrossEntropyOptions o) {
    int classes = logp.size(1);
    Tensor ignored = labels.eq(o.ignoreIndex());
    Tensor safe = Tensor.where(ignored, Tensor.constant(0), labels);
    Tensor weight = o.weight() == null ? null : o.weight().to(logp.getDtype());
    Tensor counts = Tensor.where(ignored, Tensor.constant(0.0), weight == null ? Tensor.ones(labels.getShape(), logp.getDtype()).to(logp.getDevice()) : weight.indexSelect(0, safe));
    Tensor losses = logp.gather(1, safe.unsqueeze(1)).squeeze(1).neg().mul(counts);
    if (o.labelSmoothing() > 0) {
      Tensor spread = (weight == null ? logp : logp.mul(weight)).sum(1).neg();
      spread = Tensor.where(ignored, Tensor.constant(0.0), spread);
      losses = losses.mul(1 - o.labelSmoothing()).add(spread.mul(o.labelSmoothing() / classes));
    }
    return switch (o.reduction()) {
      case NONE -> losses.reshape(out);
      case SUM -> losses.sum();
      case MEAN -> losses.sum().div(counts.sum());
    };
  }

  private static Tensor probabilities(Tensor x, Tensor target, CrossEntropyOptions o) {
    if (!x.getShape().equals(target.getShape()))
      throw new ShapeError("crossEntropy: a floating target holds class probabilities and must be " + x.getShape() + ", got " + target.describe() + ". Fix: labels as i64.");
    int dim = x.getNdim() == 1 ? 0 : 1;
    Tensor p = o.labelSmoothing() == 0 ? target : target.mul(1 - o.labelSmoothing()).add(o.labelSmoothing() / x.size(dim));
    Tensor logp = x.logSoftmax(dim);
    if (o.weight() != null) {
      int[] sizes = new int[x.getNdim()];
      Arrays.fill(sizes, 1);
      sizes[dim] = x.size(dim);
      logp = logp.mul(o.weight().reshape(sizes));
    }
    Tensor losses = p.mul(logp).sum(dim).neg();
    return o.reduction() == Reduction.MEAN ? losses.sum().div(Math.max(1, losses.numel())) : o.reduction().of(losses);
  }

  /** [batch, classes, ...] as [rows, classes]. */
  private static Tensor classesLast(String op, Tensor x, Tensor target) {
    if (!target.getDtype().isInteger()) throw new DTypeError(op + ": class labels must be whole numbers, got " + target.describe() + ". Fix: to(i64).");
    Shape expected = x.getNdim() == 1 ? Shape.SCALAR : x.getShape().without(1);
    if (!target.getShape().equals(expected))
      throw new ShapeError(op + ": logits " + x.describe() + " need labels " + expected + ", got " + target.describe() + ". Fix: one label a row, without the class dim.");
    if (x.getNdim() == 1) return x.unsqueeze(0);
    if (x.getNdim() == 2) return x;
    int[] order = new int[x.getNdim()];
    for (int d = 1; d < order.length - 1; d++) order[d] = d + 1;
    order[order.length - 1] = 1;
    return x.permute(order).reshape(Math.toIntExact(target.numel()), x.size(1));
  }

  /** Refuses labels that are no class, where the host can look; gives whether any row may have to be ignored. */
  private static boolean checkLabels(String op, Tensor labels, int classes, long ignore, Tensor x) {
    if (labels.isShapeOnly() || Check.active()) return false;
    if (labels.storage().host() == null) return true;
    boolean ignored = false;
    long[] all = labels.toLongArray();
    for (int i = 0; i < all.length; i++) {
      if (all[i] == ignore) ignored = true;
      else if (all[i] < 0 || all[i] >= classes)
        throw new ShapeError(op + ": label " + all[i] + " at index " + i + " is out of range for the " + classes + " classes of " + x.describe() + ". Fix: labels from 0 to " + (classes - 1) + ", or more outputs.");
    }
    return ignored;
  }
}

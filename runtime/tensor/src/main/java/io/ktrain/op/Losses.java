package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.F32;
import static io.ktrain.op.Expr.of;
import static io.ktrain.op.OpBuilder.op;

import io.ktrain.op.OpTests.Values;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.CrossEntropyOptions;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Losses of class scores against labels: cross entropy and its parts. */
public final class Losses {
  private Losses() {}

  public record Rows(long ignoreIndex) {}

  /**
   * Cross entropy of each row with its class: the case nearly every classifier trains with. The second output is each
   * row's maximum and the sum of exp(x - maximum).
   */
  public static final Op<Rows> CROSS_ENTROPY_ROWS = op("crossEntropyRows", Rows.class,
      "logsumexp(row) - row[target], a value a row; 0 where the target is to be ignored.")
      .infer(c -> List.of(new Spec(Shape.of(c.in(0).size(0)), c.in(0).getDtype()),
          new Spec(Shape.of(c.in(0).size(0), 2), c.in(0).getDtype())))
      .decompose(c -> {
        Tensor x = c.in(0), target = c.in(1), ignored = target.eq(c.attributes().ignoreIndex());
        Tensor safe = Tensor.where(ignored, Tensor.constant(0), target);
        Tensor picked = x.logSoftmax(1).gather(1, safe.unsqueeze(1)).squeeze(1).neg();
        Tensor highest = x.detach().amax(1, true), sum = x.detach().sub(highest).exp().sum(1, true);
        return new Tensor[] {Tensor.where(ignored, Tensor.constant(0.0), picked), Tensor.cat(List.of(highest, sum), 1)};
      })
      .grads((c, g, needed) ->
          new Tensor[] {g[0] == null ? null
              : Dispatch.call(rowsGrad(), c.attributes(), g[0], c.in(0), c.in(1), c.out(1).detach())})
      .internal()
      .autocast(F32).tests(t -> t.firstOutputOnly().attributes(new Rows(-100)).labelled(OpTests.shape(4, 5), 5)
          .labelled(OpTests.shape(1, 3), 3).labelled(OpTests.strided(6, 8), 8).labelled(OpTests.shape(3, 37), 37)
          .attributes(new Rows(2)).labelled(OpTests.shape(6, 4), 4)).build();

  /**
   * The row statistics are only a saving: the decomposition makes them of x again, so that it can be differentiated.
   */
  public static final Op<Rows> CROSS_ENTROPY_ROWS_GRAD = op("crossEntropyRowsGrad", Rows.class,
      "(softmax(row) - onehot(target)) * g, zero in ignored rows.")
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

  /** How labels count: {@code labelSmoothing} spreads that much over all classes. */
  public record Classes(double labelSmoothing, long ignoreIndex, Reduction reduction) {}

  public static final Op<Classes> CROSS_ENTROPY = op("crossEntropy", Classes.class,
      "-log softmax(x) at the label, or against probabilities; classes are dim 1. Optional third: weights of the "
          + "classes.")
      .composed(Losses::crossEntropy)
      .tests(t -> classes(t, 0.1).reference((a, in) -> LossOracles.crossEntropy(a, in))
          .attributes(new Classes(0.2, -100, Reduction.SUM))
          .sample(OpTests.shape(4, 5), OpTests.shape(4, 5).of(Values.POSITIVE), OpTests.shape(5).of(Values.POSITIVE))
          .attributes(new Classes(0, -100, Reduction.MEAN))
          .sample(OpTests.strided(4, 5), OpTests.strided(4, 5).of(Values.POSITIVE), OpTests.ABSENT)
          .fails(() -> Tensor.ones(2, 3).crossEntropy(Tensor.of(new long[] {0, 3})),
              "crossEntropy: label 3 at index 1 is out of range for the 3 classes of f32[2,3]. Fix: labels from 0 to "
                  + "2, or more outputs.")
          .fails(() -> Tensor.ones(2, 3).crossEntropy(Tensor.of(new long[] {0})),
              "crossEntropy: logits f32[2,3] need labels [2], got i64[1]. Fix: one label a row, without the class dim.")
          .fails(() -> Tensor.ones(2, 3)
              .crossEntropy(Tensor.of(new long[] {0, 1}),
                  new CrossEntropyOptions(Tensor.ones(4), 0, -100, Reduction.MEAN)),
              "crossEntropy: weight must hold one number for each of the 3 classes, got f32[4].")).build();

  public static final Op<Classes> NLL_LOSS = op("nllLoss", Classes.class,
      "Minus the log probability at the label; classes are dim 1. Optional third: weights of the classes.")
      .composed(c -> {
        Promotion.floating("nllLoss", c.in(0));
        requireClassWeight("nllLoss", c.in(0), c.in(2));
        Tensor rows = classesLast("nllLoss", c.in(0), c.in(1));
        Tensor labels = c.in(1).reshape(rows.size(0));
        checkLabels("nllLoss", labels, rows.size(1), c.attributes().ignoreIndex(), c.in(0));
        return smoothed(rows, labels, c.in(2), c.in(1).getShape(), c.attributes());
      })
      .tests(t -> classes(t, 0).reference((a, in) -> LossOracles.nll(a, in))
          .fails(() -> Tensor.ones(2, 3).nllLoss(Tensor.ones(2)),
              "nllLoss: class labels must be whole numbers, got f32[2]. Fix: to(i64).")).build();

  private static OpTests<Classes> classes(OpTests<Classes> t, double smoothing) {
    for (Reduction r : Reduction.values())
      t.attributes(new Classes(0, 2, r)).sample(OpTests.shape(6, 4), OpTests.shape(6).index(4), OpTests.ABSENT)
          .attributes(new Classes(smoothing, 1, r))
          .sample(OpTests.strided(6, 4), OpTests.shape(6).index(4), OpTests.shape(4).of(Values.POSITIVE));
    return t;
  }

  private static Tensor crossEntropy(Call<Classes> c) {
    Tensor x = c.in(0), target = c.in(1), weight = c.in(2);
    Classes a = c.attributes();
    Promotion.floating("crossEntropy", x);
    if (x.getNdim() < 1)
      throw new ShapeError("crossEntropy: logits must be [batch, classes, ...] or [classes], got "
          + x.describe() + ".");
    requireClassWeight("crossEntropy", x, weight);
    if (target.getDtype().isFloating()) return probabilities(x, target, weight, a);
    Tensor rows = classesLast("crossEntropy", x, target);
    Tensor labels = target.reshape(rows.size(0));
    boolean ignored = checkLabels("crossEntropy", labels, rows.size(1), a.ignoreIndex(), x);
    if (weight != null || a.labelSmoothing() != 0)
      return smoothed(rows.logSoftmax(1), labels, weight, target.getShape(), a);
    Tensor losses = Dispatch.all(CROSS_ENTROPY_ROWS, new Rows(a.ignoreIndex()), rows, labels)[0];
    if (a.reduction() == Reduction.MEAN && ignored)
      return losses.sum().div(labels.ne(a.ignoreIndex()).sum().to(losses.getDtype()));
    return a.reduction().of(losses.reshape(target.getShape()));
  }

  public static Tensor crossEntropy(Tensor x, Tensor target, CrossEntropyOptions o) {
    return Dispatch.call(CROSS_ENTROPY, new Classes(o.labelSmoothing(), o.ignoreIndex(), o.reduction()), x, target,
        o.weight());
  }

  private static Tensor smoothed(Tensor logp, Tensor labels, Tensor weights, Shape out, Classes o) {
    int classes = logp.size(1);
    Tensor ignored = labels.eq(o.ignoreIndex());
    Tensor safe = Tensor.where(ignored, Tensor.constant(0), labels);
    Tensor weight = weights == null ? null : weights.to(logp.getDtype());
    Tensor counts = Tensor.where(ignored, Tensor.constant(0.0), weight == null
        ? Tensor.ones(labels.getShape(), logp.getDtype()).to(logp.getDevice()) : weight.indexSelect(0, safe));
    Tensor losses = logp.gather(1, safe.unsqueeze(1)).squeeze(1).neg().mul(counts);
    if (o.labelSmoothing() > 0) {
      Tensor spread = (weight == null ? logp : logp.mul(weight)).sum(1).neg();
      spread = Tensor.where(ignored, Tensor.constant(0.0), spread);
      losses = losses.mul(1 - o.labelSmoothing()).add(spread.mul(o.labelSmoothing() / classes));
    }
    return o.reduction() == Reduction.MEAN ? losses.sum().div(counts.sum()) : o.reduction().of(losses.reshape(out));
  }

  private static Tensor probabilities(Tensor x, Tensor target, Tensor weight, Classes o) {
    if (!x.getShape().equals(target.getShape()))
      throw new ShapeError("crossEntropy: a floating target holds class probabilities and must be " + x.getShape()
          + ", got " + target.describe() + ". Fix: labels as i64.");
    int dim = x.getNdim() == 1 ? 0 : 1;
    Tensor p = o.labelSmoothing() == 0 ? target
        : target.mul(1 - o.labelSmoothing()).add(o.labelSmoothing() / x.size(dim));
    Tensor logp = x.logSoftmax(dim);
    if (weight != null) {
      int[] sizes = new int[x.getNdim()];
      Arrays.fill(sizes, 1);
      sizes[dim] = x.size(dim);
      logp = logp.mul(weight.reshape(sizes));
    }
    Tensor losses = p.mul(logp).sum(dim).neg();
    return o.reduction() == Reduction.MEAN ? losses.sum().div(Math.max(1, losses.numel())) : o.reduction().of(losses);
  }

  /** [batch, classes, ...] as [rows, classes]. */
  private static Tensor classesLast(String op, Tensor x, Tensor target) {
    if (!target.getDtype().isInteger())
      throw new DTypeError(op + ": class labels must be whole numbers, got " + target.describe() + ". Fix: to(i64).");
    Shape expected = x.getNdim() == 1 ? Shape.SCALAR : x.getShape().without(1);
    if (!target.getShape().equals(expected))
      throw new ShapeError(op + ": logits " + x.describe() + " need labels " + expected + ", got " + target.describe()
          + ". Fix: one label a row, without the class dim.");
    if (x.getNdim() == 1) return x.unsqueeze(0);
    if (x.getNdim() == 2) return x;
    int[] order = new int[x.getNdim()];
    for (int d = 1; d < order.length - 1; d++) order[d] = d + 1;
    order[order.length - 1] = 1;
    return x.permute(order).reshape(Math.toIntExact(target.numel()), x.size(1));
  }

  private static void requireClassWeight(String op, Tensor x, Tensor weight) {
    int classes = x.getNdim() == 0 ? 0 : x.size(x.getNdim() == 1 ? 0 : 1);
    if (weight != null && !weight.getShape().equals(Shape.of(classes)))
      throw new ShapeError(op + ": weight must hold one number for each of the " + classes + " classes, got "
          + weight.describe() + ".");
  }

  /** Whether values can be looked at without waiting for a device. */
  static boolean isReadable(Tensor t) {
    return !t.isShapeOnly() && !Check.active() && t.storage().host() != null;
  }

  /** Refuses labels that are no class, where the host can look; gives whether any row may have to be ignored. */
  private static boolean checkLabels(String op, Tensor labels, int classes, long ignore, Tensor x) {
    if (labels.isShapeOnly() || Check.active()) return false;
    return !isReadable(labels) || requireClasses(op, labels.toLongArray(), classes, ignore, x);
  }

  /**
   * Refuses labels that are no class, waiting for a device that has them: for losses whose kernels do not know them as
   * labels.
   */
  static void requireLabels(String op, Tensor labels, int classes, Tensor x) {
    if (!labels.isShapeOnly() && !Check.active()) requireClasses(op, labels.toLongArray(), classes, Long.MIN_VALUE, x);
  }

  /** Refuses labels that are neither a class of x nor to be ignored; gives whether any is. */
  public static boolean requireClasses(String op, long[] all, int classes, long ignore, Tensor x) {
    boolean ignored = false;
    for (int i = 0; i < all.length; i++) {
      if (all[i] == ignore) ignored = true;
      else if (all[i] < 0 || all[i] >= classes)
        throw new ShapeError(op + ": label " + all[i] + " at index " + i + " is out of range for the " + classes
            + " classes of " + x.describe() + ". Fix: labels from 0 to " + (classes - 1) + ", or more outputs.");
    }
    return ignored;
  }
}

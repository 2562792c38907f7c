package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.F32;
import static io.ktrain.op.Expr.of;
import static io.ktrain.op.Expr.param;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpBuilder.pointwise;

import io.ktrain.op.OpBuilder.Types;
import io.ktrain.op.OpTests.Values;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.function.BinaryOperator;

/** Losses that are zero once things are far enough apart: by distance, by angle, by score. */
public final class MarginLosses {
  private MarginLosses() {}

  public record Margin(double margin, Reduction reduction) {}

  public record Triplet(double margin, double p, double eps, boolean swap, Reduction reduction) {}

  public record TripletBy(BinaryOperator<Tensor> distance, double margin, boolean swap, Reduction reduction) {}

  public record MultiMargin(int p, double margin, Reduction reduction) {}

  private static final Expr X = new Expr.Input(0);
  private static final Expr Y = new Expr.Input(1);
  private static final Expr T = new Expr.Input(2);
  /** What the square of a length gains in cosineEmbeddingLoss, so that a zero vector has a direction. */
  private static final double LENGTH_EPS = 1e-12;

  /** max(x, 0) with the gradient of x at 0, as PyTorch's clamp_min. */
  private static Expr atLeastZero(Expr x) {
    return x.ge(of(0)).choose(x, of(0));
  }

  private static Expr isNot(Expr target, double value) {
    return new Expr.Binary(Expr.Fn2.NE, target, of(value));
  }

  private static final Op<double[]> HINGE = pointwise("hingeEmbeddingElements", Types.FLOATING,
      isNot(Y, 1).choose(atLeastZero(param(0).minus(X)), of(0)).plus(isNot(Y, -1).choose(X, of(0))),
      "x where t is 1, max(margin - x, 0) where t is -1.")
      .internal().autocast(F32)
      .tests(t -> t.numbers(0.9).sample(OpTests.shape(3, 4), OpTests.shape(3, 4).of(Values.SIGN))).build();

  private static final Op<double[]> RANKING = pointwise("marginRankingElements", Types.FLOATING,
      atLeastZero(param(0).minus(T.times(X.minus(Y)))), "max(margin - t (x - y), 0).")
      .internal().autocast(F32)
      .tests(t -> t.numbers(0.3).sample(OpTests.shape(3, 4), OpTests.shape(3, 4), OpTests.shape(3, 4).of(Values.SIGN)))
      .build();

  public static final Op<Margin> HINGE_EMBEDDING_LOSS = op("hingeEmbeddingLoss", Margin.class,
      "A distance x where the target is 1, and how far it stays below the margin where the target is -1.")
      .composed(c -> {
        Promotion.floating("hingeEmbeddingLoss", c.in(0));
        ElementLosses.requireSameShape("hingeEmbeddingLoss", c.in(0), c.in(1));
        return c.attributes()
            .reduction().of(Dispatch.call(HINGE, new double[] {c.attributes().margin()}, c.in(0), c.in(1)));
      })
      .tests(t -> {
        for (Reduction r : Reduction.values())
          t.attributes(new Margin(0.9, r)).sample(OpTests.strided(4, 6), OpTests.shape(4, 6).of(Values.SIGN));
        t.reference(LossOracles.each(Margin::reduction, (a, v) -> v[1] == 1 ? v[0] : Math.max(0, a.margin() - v[0])));
      }).build();

  public static final Op<Margin> MARGIN_RANKING_LOSS = op("marginRankingLoss", Margin.class,
      "How far x and y are from the order the target asks for (1: x is larger, -1: y is), and the margin.")
      .composed(c -> {
        Promotion.floating("marginRankingLoss", c.in(0));
        if (c.in(0).getNdim() != c.in(1).getNdim() || c.in(0).getNdim() != c.in(2).getNdim())
          throw new ShapeError("marginRankingLoss: inputs " + c.in(0).describe() + " and " + c.in(1).describe()
              + " and target " + c.in(2).describe() + " must have as many dims. Fix: unsqueeze or squeeze.");
        return c.attributes()
            .reduction().of(Dispatch.call(RANKING, new double[] {c.attributes().margin()}, c.in(0), c.in(1), c.in(2)));
      })
      .tests(t -> {
        for (Reduction r : Reduction.values())
          t.attributes(new Margin(0.3, r))
              .sample(OpTests.strided(5), OpTests.shape(5), OpTests.shape(5).of(Values.SIGN));
        t.reference(LossOracles.each(Margin::reduction, (a, v) -> Math.max(0, a.margin() - v[2] * (v[0] - v[1]))))
            .fails(() -> Tensor.ones(3, 1).marginRankingLoss(Tensor.ones(3, 1), Tensor.ones(3)),
                "marginRankingLoss: inputs f32[3,1] and f32[3,1] and target f32[3] must have as many dims. Fix: "
                    + "unsqueeze or squeeze.");
      }).build();

  public static final Op<Margin> COSINE_EMBEDDING_LOSS = op("cosineEmbeddingLoss", Margin.class,
      "1 - cos of two vectors where the target is 1, and how far cos is above the margin where it is -1.")
      .composed(c -> {
        Tensor x = c.in(0), y = c.in(1), target = c.in(2);
        Promotion.floating("cosineEmbeddingLoss", x);
        Shape rows = x.getNdim() == 0 ? null : x.getShape().without(-1);
        if (!x.getShape().equals(y.getShape()) || x.getNdim() < 1 || x.getNdim() > 2 || !target.getShape().equals(rows))
          throw new ShapeError(
              "cosineEmbeddingLoss: inputs must be [n, width] and the target [n] (or [width] and []), got "
                  + x.describe() + ", " + y.describe() + " and " + target.describe() + ".");
        Tensor lengths = x.square().sum(-1).add(LENGTH_EPS).mul(y.square().sum(-1).add(LENGTH_EPS));
        Tensor cos = x.mul(y).sum(-1).div(lengths.sqrt());
        Tensor far = cos.sub(c.attributes().margin()), zero = Tensor.constant(0.0);
        return c.attributes().reduction()
            .of(Tensor.where(target.eq(1), Tensor.constant(1.0).sub(cos),
                Tensor.where(target.eq(-1), Tensor.where(far.ge(0), far, zero), zero)));
      })
      .tests(t -> {
        for (Reduction r : Reduction.values())
          t.attributes(new Margin(0.1, r))
              .sample(OpTests.shape(6, 4), OpTests.strided(6, 4), OpTests.shape(6).of(Values.SIGN));
        t.reference((a, in) ->
            LossOracles.rows(a, a.reduction(), 6, (m, i) -> in.get(2).at(i) == 1 ? 1 - cosine(in, i)
                : Math.max(0, cosine(in, i) - m.margin())))
            .fails(() -> Tensor.ones(2, 3).cosineEmbeddingLoss(Tensor.ones(2, 3), Tensor.ones(3)),
                "cosineEmbeddingLoss: inputs must be [n, width] and the target [n] (or [width] and []), got f32[2,3], "
                    + "f32[2,3] and f32[3].");
      }).build();

  public static final Op<Triplet> TRIPLET_MARGIN_LOSS = op("tripletMarginLoss", Triplet.class,
      "How much nearer than the margin the negative is to the anchor than the positive, by p-norms.")
      .composed(c -> {
        Triplet a = c.attributes();
        Promotion.floating("tripletMarginLoss", c.in(0));
        return triplet("tripletMarginLoss", c, (x, y) -> x.pairwiseDistance(y, a.p(), a.eps(), false), a.margin(),
            a.swap(), a.reduction());
      })
      .tests(t -> {
        for (Reduction r : Reduction.values())
          t.attributes(new Triplet(1, 2, 1e-6, r == Reduction.SUM, r))
              .sample(OpTests.shape(5, 4), OpTests.strided(5, 4), OpTests.shape(5, 4));
        t.attributes(new Triplet(0.5, 1, 1e-6, true, Reduction.NONE))
            .sample(OpTests.shape(5, 4), OpTests.shape(5, 4), OpTests.shape(5, 4))
            .reference((a, in) ->
                LossOracles.rows(a, a.reduction(), 5, (o, i) -> triplet(o.margin(), o.p(), o.eps(), o.swap(), in, i)))
            .fails(() -> Tensor.ones(2, 3).tripletMarginLoss(Tensor.ones(2, 3), Tensor.ones(3)),
                "tripletMarginLoss: anchor f32[2,3], positive f32[2,3] and negative f32[3] must have as many dims. "
                    + "Fix: unsqueeze or squeeze.");
      }).build();

  public static final Op<TripletBy> TRIPLET_MARGIN_WITH_DISTANCE_LOSS = op("tripletMarginWithDistanceLoss",
      TripletBy.class, "tripletMarginLoss by a distance of your own.")
      .composed(c -> {
        TripletBy a = c.attributes();
        Promotion.floating("tripletMarginWithDistanceLoss", c.in(0));
        return triplet("tripletMarginWithDistanceLoss", c, a.distance(), a.margin(), a.swap(), a.reduction());
      })
      .tests(t -> t.attributes(new TripletBy((x, y) -> x.sub(y).abs().sum(-1), 1, true, Reduction.MEAN))
          .sample(OpTests.shape(5, 4), OpTests.strided(5, 4), OpTests.shape(5, 4))
          .reference((a, in) ->
              LossOracles.rows(a, a.reduction(), 5, (o, i) -> triplet(o.margin(), 1, 0, o.swap(), in, i)))).build();

  public static final Op<MultiMargin> MULTI_MARGIN_LOSS = op("multiMarginLoss", MultiMargin.class,
      "How far other classes' scores are above the label's less the margin, to the power p, averaged over the classes. "
          + "Optional third: weights of the classes.")
      .composed(c -> {
        MultiMargin a = c.attributes();
        Promotion.floating("multiMarginLoss", c.in(0));
        if (a.p() != 1 && a.p() != 2)
          throw new KtrainException("multiMarginLoss: p must be 1 or 2, got " + a.p() + ".");
        Tensor x = rows("multiMarginLoss", c.in(0)), labels = c.in(1).reshape(-1);
        Indexing.index("multiMarginLoss", labels);
        if (c.in(1).getNdim() != c.in(0).getNdim() - 1 || labels.size(0) != x.size(0))
          throw new ShapeError("multiMarginLoss: scores " + c.in(0).describe() + " need labels "
              + c.in(0).getShape().without(-1) + ", got " + c.in(1).describe() + ".");
        Losses.requireLabels("multiMarginLoss", labels, x.size(1), c.in(0));
        Tensor column = labels.unsqueeze(1), hot = column.eq(Tensor.arange(x.size(1)).to(x.getDevice()));
        Tensor over = x.sub(x.gather(1, column)).add(a.margin()).relu();
        Tensor each = Tensor.where(hot, Tensor.constant(0.0), a.p() == 2 ? over.square() : over);
        if (c.in(2) != null) each = each.mul(c.in(2).to(x.getDtype()).indexSelect(0, labels).unsqueeze(1));
        return a.reduction().of(each.sum(1).div(x.size(1)).reshape(c.in(1).getShape()));
      })
      .tests(t -> {
        for (Reduction r : Reduction.values())
          t.attributes(new MultiMargin(1, 1, r)).sample(OpTests.shape(5, 4), OpTests.shape(5).index(4), OpTests.ABSENT)
              .attributes(new MultiMargin(2, 0.5, r))
              .sample(OpTests.strided(5, 4), OpTests.shape(5).index(4), OpTests.shape(4).of(Values.POSITIVE));
        t.reference((a, in) -> LossOracles.rows(a, a.reduction(), 5, (o, i) -> {
          int label = (int) in.get(1).at(i);
          double sum = 0;
          for (int k = 0; k < 4; k++)
            if (k != label)
              sum += Math.pow(Math.max(0, o.margin() - in.get(0).at(i, label) + in.get(0).at(i, k)), o.p());
          return sum / 4 * (in.get(2) == null ? 1 : in.get(2).at(label));
        })).failsByValues(() -> Tensor.ones(2, 3).multiMarginLoss(Tensor.of(new long[] {0, -1})),
            "multiMarginLoss: label -1 at index 1 is out of range for the 3 classes of f32[2,3]. Fix: labels from 0 to "
                + "2, or more outputs.");
      }).build();

  public static final Op<Reduction> MULTILABEL_MARGIN_LOSS = op("multilabelMarginLoss", Reduction.class,
      "How far the scores of other classes are above those of a row's labels less 1; a row's labels end at the first "
          + "-1.")
      .composed(c -> {
        Promotion.floating("multilabelMarginLoss", c.in(0));
        Indexing.index("multilabelMarginLoss", c.in(1));
        ElementLosses.requireSameShape("multilabelMarginLoss", c.in(0), c.in(1));
        Tensor x = rows("multilabelMarginLoss", c.in(0)),
            labels = rows("multilabelMarginLoss", c.in(1)).to(io.ktrain.tensor.DType.i64);
        Tensor valid = labels.eq(-1).cumsum(1).eq(0), safe = Tensor.where(valid, labels, Tensor.constant(0));
        Losses.requireLabels("multilabelMarginLoss", safe.reshape(-1), x.size(1), c.in(0));
        Tensor own = valid.to(x.getDtype());
        Tensor other = Tensor.zerosLike(own).scatterAdd(1, safe, own).eq(0).to(x.getDtype());
        Tensor over = x.unsqueeze(1).sub(x.gather(1, safe).unsqueeze(2)).add(1).relu();
        Tensor losses = over.mul(own.unsqueeze(2)).mul(other.unsqueeze(1)).sum(new int[] {1, 2}, false).div(x.size(1));
        return c.attributes().of(c.in(0).getNdim() == 1 ? losses.reshape() : losses);
      })
      .tests(t -> {
        for (Reduction r : Reduction.values())
          t.attributes(r).sample(OpTests.strided(5, 4), OpTests.shape(5, 4).index(3));
        t.reference((r, in) -> LossOracles.rows(r, r, 5, (o, i) -> {
          boolean[] own = new boolean[4];
          for (int k = 0; k < 4; k++) own[(int) in.get(1).at(i, k)] = true;
          double sum = 0;
          for (int k = 0; k < 4; k++)
            for (int j = 0; j < 4; j++)
              if (!own[j]) sum += Math.max(0, 1 - in.get(0).at(i, (int) in.get(1).at(i, k)) + in.get(0).at(i, j));
          return sum / 4;
        })).failsByValues(() -> Tensor.ones(2, 2).multilabelMarginLoss(Tensor.of(new long[] {0, -1, 2, 0}, 2, 2)),
            "multilabelMarginLoss: label 2 at index 2 is out of range for the 2 classes of f32[2,2]. Fix: labels from "
                + "0 to 1, or more outputs.");
      }).build();

  private static double cosine(List<NdArray> in, int row) {
    NdArray x = in.get(0), y = in.get(1);
    return LossOracles.dot(x, y, row) / Math.sqrt(LossOracles.dot(x, x, row) * LossOracles.dot(y, y, row));
  }

  private static double triplet(double margin, double p, double eps, boolean swap, List<NdArray> in, int row) {
    double near = LossOracles.distance(in.get(0), in.get(1), row, p, eps),
        far = LossOracles.distance(in.get(0), in.get(2), row, p, eps);
    return Math.max(0,
        margin + near - (swap ? Math.min(far, LossOracles.distance(in.get(1), in.get(2), row, p, eps)) : far));
  }

  private static Tensor triplet(String op, Call<?> c, BinaryOperator<Tensor> distance, double margin, boolean swap,
      Reduction reduction) {
    Tensor anchor = c.in(0), positive = c.in(1), negative = c.in(2);
    if (anchor.getNdim() != positive.getNdim() || anchor.getNdim() != negative.getNdim())
      throw new ShapeError(op + ": anchor " + anchor.describe() + ", positive " + positive.describe() + " and negative "
          + negative.describe() + " must have as many dims. Fix: unsqueeze or squeeze.");
    Tensor far = distance.apply(anchor, negative);
    if (swap) far = far.minimum(distance.apply(positive, negative));
    Tensor over = distance.apply(anchor, positive).sub(far).add(margin);
    return reduction.of(Tensor.where(over.ge(0), over, Tensor.constant(0.0)));
  }

  /** [rows, classes], of one row where only classes are given. */
  private static Tensor rows(String op, Tensor x) {
    if (x.getNdim() < 1 || x.getNdim() > 2)
      throw new ShapeError(op + ": needs [rows, classes] or [classes], got " + x.describe() + ".");
    return x.getNdim() == 1 ? x.unsqueeze(0) : x;
  }
}

package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.LOWER;
import static io.ktrain.op.OpBuilder.op;

import io.ktrain.random.Generator.Draw;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Attention by inner products (Vaswani et al. 2017). */
public final class Attention {
  private Attention() {}

  /**
   * What multiplies the scores, whether keys after the query count, and what is dropped from the weights by which
   * draw.
   */
  public record Options(double scale, boolean causal, double dropout, @Nullable Draw draw) {}

  /**
   * Inputs: query [..., t, d], key [..., s, d], value [..., s, e] with equal leading dims, and what is added to the
   * scores [..., t, s].
   */
  public static final Op<Options> SCALED_DOT_PRODUCT_ATTENTION = op("scaledDotProductAttention", Options.class,
      "softmax(query * key^T * scale + mask) * value: [...,t,d], [...,s,d] and [...,s,e] give [...,t,e].")
      .gives(Attention::shape)
      .decompose(c -> new Tensor[] {dropped(weights(c), c.attributes()).matmul(c.in(2))})
      .grads((c, g, needed) -> needed[3]
          ? Gradients.throughParts(c.op(), c.attributes(), g, c.in(0), c.in(1), c.in(2), c.in(3))
          : Dispatch.all(gradient(), c.attributes(), g[0], c.in(0), c.in(1), c.in(2), c.in(3)))
      .autocast(LOWER).tests(t -> t.attributes(new Options(0.5, false, 0, null)).floats(attended(2, 3, 4, 5, 6))
          .floats(attended(1, 70, 70, 8, 8))
          .floats(OpTests.strided(2, 5, 4), OpTests.strided(2, 3, 4), OpTests.strided(2, 3, 2), OpTests.ABSENT)
          .floats(OpTests.shape(2, 2, 3, 4), OpTests.shape(2, 2, 5, 4), OpTests.shape(2, 2, 5, 3),
              OpTests.shape(2, 2, 3, 5))
          .floats(OpTests.shape(3, 4), OpTests.shape(2, 4), OpTests.shape(2, 4), OpTests.ABSENT)
          .floats(OpTests.shape(0, 3, 4), OpTests.shape(0, 2, 4), OpTests.shape(0, 2, 4), OpTests.ABSENT)
          .attributes(new Options(0.3, true, 0, null)).floats(attended(2, 4, 4, 3, 3)).floats(attended(2, 5, 3, 4, 2))
              .floats(attended(1, 3, 7, 4, 4))
          .floats(attended(1, 70, 70, 8, 8))
          .floats(OpTests.strided(2, 4, 6), OpTests.strided(2, 4, 6), OpTests.strided(2, 4, 6), OpTests.shape(2, 4, 4))
          .attributes(new Options(1, true, 0.4, new Draw(7, 3))).floats(attended(2, 4, 4, 3, 3))
          .fails(() -> Tensor.ones(2, 3, 4).scaledDotProductAttention(Tensor.ones(2, 5, 3), Tensor.ones(2, 5, 4)),
              "scaledDotProductAttention: query f32[2,3,4] and key f32[2,5,3] differ in their last dim. Fix: project "
                  + "both to one size.")
          .fails(() -> Tensor.ones(2, 3, 4).scaledDotProductAttention(Tensor.ones(2, 5, 4), Tensor.ones(2, 6, 4)),
              "scaledDotProductAttention: key f32[2,5,4] and value f32[2,6,4] must have one length in dim -2. Fix: one "
                  + "value for each key."))
      .build();

  public static final Op<Options> SCALED_DOT_PRODUCT_ATTENTION_GRAD = op("scaledDotProductAttentionGrad", Options.class,
      "The gradients of scaledDotProductAttention by query, key and value.")
      .infer(c -> List.of(Spec.like(c.in(1)), Spec.like(c.in(2)), Spec.like(c.in(3))))
      .decompose(c -> Arrays.copyOf(Gradients.throughParts(SCALED_DOT_PRODUCT_ATTENTION, c.attributes(),
          new Tensor[] {c.in(0)},
          c.in(1), c.in(2), c.in(3), c.in(4)), 3))
      .internal()
      .tests(t -> t.attributes(new Options(0.5, false, 0, null)).floats(upstream(2, 3, 4, 5, 6))
          .floats(upstream(1, 70, 70, 8, 8))
          .floats(OpTests.strided(2, 5, 2), OpTests.strided(2, 5, 4), OpTests.strided(2, 3, 4),
              OpTests.strided(2, 3, 2), OpTests.ABSENT)
          .floats(OpTests.shape(2, 2, 3, 3), OpTests.shape(2, 2, 3, 4), OpTests.shape(2, 2, 5, 4),
              OpTests.shape(2, 2, 5, 3), OpTests.shape(2, 2, 3, 5))
          .attributes(new Options(0.3, true, 0, null)).floats(upstream(2, 4, 4, 3, 3)).floats(upstream(2, 5, 3, 4, 2))
              .floats(upstream(1, 3, 7, 4, 4))
          .floats(upstream(1, 70, 70, 8, 8))
          .attributes(new Options(1, true, 0.4, new Draw(7, 3))).floats(upstream(2, 4, 4, 3, 3)))
      .build();

  private static Op<Options> gradient() {
    return SCALED_DOT_PRODUCT_ATTENTION_GRAD;
  }

  private static OpTests.Input[] attended(int n, int t, int s, int d, int e) {
    return new OpTests.Input[] {small(n, t, d), small(n, s, d), small(n, s, e), OpTests.ABSENT};
  }

  private static OpTests.Input[] upstream(int n, int t, int s, int d, int e) {
    return new OpTests.Input[] {small(n, t, e), small(n, t, d), small(n, s, d), small(n, s, e), OpTests.ABSENT};
  }

  private static OpTests.Input small(int... sizes) {
    return OpTests.shape(sizes).of(OpTests.Values.SMALL);
  }

  private static Spec shape(Call<Options> c) {
    Tensor q = c.in(0), k = c.in(1), v = c.in(2);
    Promotion.floating("scaledDotProductAttention", q);
    if (k.getDtype() != q.getDtype() || v.getDtype() != q.getDtype())
      throw new DTypeError("scaledDotProductAttention: query, key and value must have one dtype, got " + q.describe()
          + ", " + k.describe() + " and " + v.describe() + ". Fix: to(" + q.getDtype() + ").");
    return new Spec(q.getShape().with(-1, v.size(-1)), q.getDtype());
  }

  /** How much of each value a query takes, before dropout. */
  private static Tensor weights(Call<Options> c) {
    Tensor q = c.in(0), k = c.in(1);
    Tensor scores = q.matmul(k.transpose(-2, -1)).mul(c.attributes().scale());
    if (c.in(3) != null) scores = scores.add(c.in(3));
    if (c.attributes().causal()) scores = scores.maskedFill(later(q.size(-2), k.size(-2)).to(q.getDevice()),
        Double.NEGATIVE_INFINITY);
    return scores.softmax(-1);
  }

  private static Tensor dropped(Tensor weights, Options o) {
    return o.dropout() == 0 ? weights : Dispatch.call(Activations.DROPOUT,
        new Activations.Dropout(o.dropout(), o.draw()), weights);
  }

  /** bool [t, s]: whether key j comes after query i. */
  private static Tensor later(int t, int s) {
    return Tensor.arange(s).gt(Tensor.arange(t).unsqueeze(1));
  }

  /**
   * Leading dims broadcast.
   *
   * @param mask bool, true where a query may look at a key, or floating, added to the scores; broadcast to [..., t, s]
   * @param scale 1 / sqrt(d) unless given
   */
  public static Tensor scaledDotProductAttention(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask,
      double dropout, boolean causal, @Nullable Double scale) {
    String op = "scaledDotProductAttention";
    if (query.getNdim() < 2 || key.getNdim() < 2 || value.getNdim() < 2)
      throw new ShapeError(op + ": query, key and value need at least two dims, got " + query.describe() + ", "
          + key.describe() + " and " + value.describe() + ".");
    if (query.size(-1) != key.size(-1))
      throw new ShapeError(op + ": query " + query.describe() + " and key " + key.describe()
          + " differ in their last dim. Fix: project both to one size.");
    if (key.size(-2) != value.size(-2))
      throw new ShapeError(op + ": key " + key.describe() + " and value " + value.describe()
          + " must have one length in dim -2. Fix: one value for each key.");
    if (!(dropout >= 0 && dropout <= 1)) throw new KtrainException(op + ": dropout must lie in 0..1, got " + dropout
        + ".");
    if (causal && mask != null) throw new KtrainException(op + ": isCausal is a mask of its own, got "
        + mask.describe() + " besides. Fix: one of them.");
    int[] batch = leading(query, key, value);
    if (mask != null) mask = added(mask, query, with(batch, query.size(-2), key.size(-2)));
    var options = new Options(scale == null ? 1 / Math.sqrt(query.size(-1)) : scale, causal, dropout, dropout == 0
        ? null : Context.current().generator().next());
    return Dispatch.call(SCALED_DOT_PRODUCT_ATTENTION, options,
        query.expand(with(batch, query.size(-2), query.size(-1))),
        key.expand(with(batch, key.size(-2), key.size(-1))), value.expand(with(batch, value.size(-2), value.size(-1))),
            mask);
  }

  /** The mask as what is added to the scores. */
  private static Tensor added(Tensor mask, Tensor query, Shape scores) {
    boolean fits = mask.getNdim() <= scores.ndim();
    for (int d = 1; fits && d <= mask.getNdim(); d++) fits = mask.size(-d) == 1 || mask.size(-d) == scores.get(-d);
    if (!fits)
      throw new ShapeError("scaledDotProductAttention: the mask " + mask.describe()
          + " does not broadcast to the scores " + scores
          + ". Fix: [queries, keys], with a 1 for each dim that shares it.");
    if (mask.getDtype() == DType.bool) mask = Tensor.where(mask, Tensor.constant(0.0),
        Tensor.constant(Double.NEGATIVE_INFINITY));
    else if (!mask.getDtype().isFloating())
      throw new DTypeError("scaledDotProductAttention: the mask is bool or floating, got " + mask.describe()
          + ". Fix: to(bool), true where a query may look.");
    return mask.to(query.getDtype()).contiguous().expand(scores);
  }

  /** The dims before the last two, broadcast. */
  private static int[] leading(Tensor... operands) {
    int n = 0;
    for (Tensor t : operands) n = Math.max(n, t.getNdim() - 2);
    int[] sizes = new int[n];
    Arrays.fill(sizes, 1);
    for (Tensor t : operands)
      for (int d = 1; d <= t.getNdim() - 2; d++) {
        int size = t.size(-2 - d);
        if (size == 1) continue;
        if (sizes[n - d] != 1 && sizes[n - d] != size)
          throw new ShapeError("scaledDotProductAttention: cannot broadcast the leading dims of query "
              + operands[0].describe() + ", key " + operands[1].describe() + " and value " + operands[2].describe()
              + ".");
        sizes[n - d] = size;
      }
    return sizes;
  }

  private static Shape with(int[] batch, int rows, int columns) {
    int[] all = Arrays.copyOf(batch, batch.length + 2);
    all[batch.length] = rows;
    all[batch.length + 1] = columns;
    return Shape.of(all);
  }
}

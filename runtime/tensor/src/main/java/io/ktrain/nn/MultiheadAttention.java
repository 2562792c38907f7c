package io.ktrain.nn;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Attention of several heads, each over its own projections of query, key and value (Vaswani et al. 2017): query
 * [t, batch, embedDim], key [s, batch, kdim] and value [s, batch, vdim] give [t, batch, embedDim]; with batchFirst the
 * batch comes first, and it may be left out. PyTorch's MultiheadAttention.
 */
public final class MultiheadAttention extends Module {
  private final int embedDim;
  private final int heads;
  private final double dropout;
  private final boolean addZeroAttention;
  private final boolean batchFirst;
  /** The three projections as one matrix, or each by itself where keys or values have another width. */
  private final @Nullable Parameter inWeight;
  private final @Nullable Parameter queryWeight;
  private final @Nullable Parameter keyWeight;
  private final @Nullable Parameter valueWeight;
  private final @Nullable Parameter inBias;
  private final @Nullable Parameter keyBias;
  private final @Nullable Parameter valueBias;
  private final Module out;

  public MultiheadAttention(int embedDim, int heads) {
    this(embedDim, heads, 0, true, false, false, embedDim, embedDim, false);
  }

  /**
   * @param dropout of the weights, while training
   * @param bias whether the projections have one
   * @param biasKv adds a learned key and value to each sequence
   * @param addZeroAttention adds a key and a value of zeros to each sequence
   */
  public MultiheadAttention(int embedDim, int heads, double dropout, boolean bias, boolean biasKv,
      boolean addZeroAttention,
      int kdim, int vdim, boolean batchFirst) {
    if (heads < 1 || embedDim < 1 || embedDim % heads != 0)
      throw new ShapeError("multiheadAttention: embedDim " + embedDim + " is not a multiple of " + heads
          + " heads. Fix: heads of one whole size.");
    if (!(dropout >= 0 && dropout <= 1)) throw new KtrainException("multiheadAttention: dropout must lie in 0..1, got "
        + dropout + ".");
    this.embedDim = embedDim;
    this.heads = heads;
    this.dropout = dropout;
    this.addZeroAttention = addZeroAttention;
    this.batchFirst = batchFirst;
    boolean packed = kdim == embedDim && vdim == embedDim;
    inWeight = packed ? register("in_proj_weight", projection(3 * embedDim, embedDim)) : null;
    queryWeight = packed ? null : register("q_proj_weight", projection(embedDim, embedDim));
    keyWeight = packed ? null : register("k_proj_weight", projection(embedDim, kdim));
    valueWeight = packed ? null : register("v_proj_weight", projection(embedDim, vdim));
    inBias = bias ? register("in_proj_bias", new Parameter(Tensor.zeros(3 * embedDim))) : null;
    keyBias = biasKv ? register("bias_k", new Parameter(Init.xavierNormal(Tensor.zeros(1, 1, embedDim), 1))) : null;
    valueBias = biasKv ? register("bias_v", new Parameter(Init.xavierNormal(Tensor.zeros(1, 1, embedDim), 1))) : null;
    var linear = register("out_proj", new NonDynamicallyQuantizableLinear(embedDim, embedDim, bias));
    if (bias) Init.zeros(linear.getBias());
    out = linear;
  }

  private static Parameter projection(int out, int in) {
    return new Parameter(Init.xavierUniform(Tensor.zeros(out, in)));
  }

  /** Attention with its weights as a mean over the heads, and no mask. */
  public AttentionOutput invoke(Tensor query, Tensor key, Tensor value) {
    return attend(query, key, value, null, true, null, true, false);
  }

  /**
   * Hooks see the query and the output; a key or value that is the query's tensor is what hooks make of that.
   *
   * @param keyPaddingMask [batch, s]: true where a key is padding, or floating, added to its scores
   * @param needWeights whether to give the weights; without them nothing of [t, s] is kept
   * @param mask [t, s] or [batch * heads, t, s]: true where a query may not look at a key, or floating, added to the
   *     scores
   * @param averageWeights the weights as a mean over the heads
   * @param causal query i looks at keys 0 to i only, whatever the masks say
   */
  public AttentionOutput attend(Tensor query, Tensor key, Tensor value, @Nullable Tensor keyPaddingMask,
      boolean needWeights,
      @Nullable Tensor mask, boolean averageWeights, boolean causal) {
    var weights = new Tensor[1];
    Tensor y = call(query, q -> {
      AttentionOutput attended = attended(q, key == query ? q : key, value == query ? q : value, keyPaddingMask, needWeights,
          mask, averageWeights, causal);
      weights[0] = attended.weights();
      return attended.output();
    });
    return new AttentionOutput(y, weights[0]);
  }

  private AttentionOutput attended(Tensor query, Tensor key, Tensor value, @Nullable Tensor keyPaddingMask,
      boolean needWeights, @Nullable Tensor mask, boolean averageWeights, boolean causal) {
    check(query, key, value, keyPaddingMask, mask);
    boolean alone = query.getNdim() == 2;
    Tensor[] projected = projected(query, key, value);
    Tensor q = projected[0], k = projected[1], v = projected[2];
    int batch = q.size(0), t = q.size(1), s = k.size(1);
    if (keyBias != null) {
      k = Tensor.cat(List.of(k, keyBias.expand(batch, 1, embedDim)), 1);
      v = Tensor.cat(List.of(v, valueBias.expand(batch, 1, embedDim)), 1);
    }
    if (addZeroAttention) {
      k = k.pad(new int[] {0, 0, 0, 1}, 0);
      v = v.pad(new int[] {0, 0, 0, 1}, 0);
    }
    boolean byFlag = causal && !needWeights && keyPaddingMask == null && mask == null && k.size(1) == s;
    Tensor added = masks(keyPaddingMask, mask, causal && !byFlag ? later(t, s, q) : null, batch, t, s);
    if (added != null) added = added.to(q.getDtype()); // a wider mask would widen the scores
    if (added != null && k.size(1) > s) added = added.pad(new int[] {0, k.size(1) - s}, 0);
    double p = isTraining() ? dropout : 0;
    Tensor weights = null, y;
    if (needWeights) {
      Tensor scores = heads(q).mul(1 / Math.sqrt((double) embedDim / heads)).matmul(heads(k).transpose(-2, -1));
      weights = (added == null ? scores : scores.add(added)).softmax(-1).dropout(p, true);
      y = weights.matmul(heads(v));
      if (averageWeights) weights = weights.mean(1);
      if (alone) weights = weights.squeeze(0);
    } else {
      y = heads(q).scaledDotProductAttention(heads(k), heads(v), added, p, byFlag, null);
    }
    y = out.invoke(y.transpose(1, 2).reshape(batch, t, embedDim));
    return new AttentionOutput(alone ? y.squeeze(0) : batchFirst ? y : y.transpose(0, 1), weights);
  }

  /** Query, key and value as [batch, length, embedDim]; what is one tensor is projected by one product. */
  private Tensor[] projected(Tensor query, Tensor key, Tensor value) {
    int e = embedDim;
    Tensor q = batchFirst(query), k = key == query ? q : batchFirst(key), v = value == key ? k : batchFirst(value);
    if (inWeight == null || k != v) return new Tensor[] {project(q, 0, 1), project(k, 1, 1), project(v, 2, 1)};
    if (q != k) {
      Tensor both = project(k, 1, 2);
      return new Tensor[] {project(q, 0, 1), both.narrow(2, 0, e), both.narrow(2, e, e)};
    }
    Tensor all = project(q, 0, 3);
    return new Tensor[] {all.narrow(2, 0, e), all.narrow(2, e, e), all.narrow(2, 2 * e, e)};
  }

  /** By {@code count} of the three projections, from {@code first} on. */
  private Tensor project(Tensor x, int first, int count) {
    int e = embedDim;
    if (inWeight == null) {
      Tensor bias = inBias == null ? null : inBias.narrow(0, first * e, e);
      return x.linear(first == 0 ? queryWeight : first == 1 ? keyWeight : valueWeight, bias);
    }
    if (count == 3) return x.linear(inWeight, inBias);
    Tensor bias = inBias == null ? null : inBias.narrow(0, first * e, count * e);
    return x.linear(inWeight.narrow(0, first * e, count * e), bias);
  }

  private Tensor batchFirst(Tensor x) {
    return x.getNdim() == 2 ? x.unsqueeze(0) : batchFirst ? x : x.transpose(0, 1);
  }

  /** [batch, length, embedDim] as [batch, heads, length, embedDim / heads]. */
  private Tensor heads(Tensor x) {
    return x.reshape(x.size(0), x.size(1), heads, embedDim / heads).transpose(1, 2);
  }

  /** bool [t, s]: whether key j comes after query i. */
  private static Tensor later(int t, int s, Tensor like) {
    return Tensor.arange(s).gt(Tensor.arange(t).unsqueeze(1)).to(like.getDevice());
  }

  /** What is added to the scores [batch, heads, t, s], or null. */
  private @Nullable Tensor masks(@Nullable Tensor padding, @Nullable Tensor mask, @Nullable Tensor later, int batch,
      int t, int s) {
    Tensor all = padding == null ? null : added(padding).reshape(batch, 1, 1, s);
    if (mask != null) {
      Tensor m = added(mask);
      if (m.getNdim() == 3) m = m.reshape(batch, heads, t, s);
      all = all == null ? m : all.add(m);
    }
    if (later == null) return all;
    return all == null ? added(later) : all.add(added(later));
  }

  private static Tensor added(Tensor mask) {
    if (mask.getDtype() != DType.bool) return mask;
    return Tensor.where(mask, Tensor.constant(Double.NEGATIVE_INFINITY), Tensor.constant(0.0));
  }

  private void check(Tensor query, Tensor key, Tensor value, @Nullable Tensor padding, @Nullable Tensor mask) {
    int n = query.getNdim(), length = n == 2 || batchFirst ? -2 : 0;
    if (n != 2 && n != 3 || key.getNdim() != n || value.getNdim() != n)
      throw new ShapeError("multiheadAttention: query, key and value need "
          + (batchFirst ? "[batch, length, width]" : "[length, batch, width]")
          + " or [length, width], got " + query.describe() + ", " + key.describe() + " and " + value.describe() + ".");
    int kdim = keyWeight == null ? embedDim : keyWeight.size(1);
    int vdim = valueWeight == null ? embedDim : valueWeight.size(1);
    if (query.size(-1) != embedDim || key.size(-1) != kdim || value.size(-1) != vdim)
      throw new ShapeError("multiheadAttention: query, key and value must be " + embedDim + ", " + kdim + " and "
          + vdim + " wide, got "
          + query.describe() + ", " + key.describe() + " and " + value.describe() + ".");
    int batch = n == 2 ? 1 : query.size(batchFirst ? 0 : 1), t = query.size(length), s = key.size(length);
    if (n == 3 && (key.size(batchFirst ? 0 : 1) != batch || value.size(batchFirst ? 0 : 1) != batch)
        || value.size(length) != s)
      throw new ShapeError("multiheadAttention: query, key and value must have one batch, and a value for each key, got "
          + query.describe() + ", " + key.describe() + " and " + value.describe() + ". Is batchFirst = " + batchFirst
              + " meant?");
    if (padding != null && !padding.getShape().equals(n == 2 ? Shape.of(s) : Shape.of(batch, s)))
      throw new ShapeError("multiheadAttention: keyPaddingMask must be " + (n == 2 ? Shape.of(s) : Shape.of(batch, s))
          + ", got " + padding.describe() + ".");
    if (mask != null && !mask.getShape().equals(Shape.of(t, s))
        && !mask.getShape().equals(Shape.of(batch * heads, t, s)))
      throw new ShapeError("multiheadAttention: the mask must be " + Shape.of(t, s) + " or "
          + Shape.of(batch * heads, t, s) + ", got " + mask.describe() + ".");
    for (Tensor m : new Tensor[] {padding, mask})
      if (m != null && m.getDtype() != DType.bool && !m.getDtype().isFloating())
        throw new DTypeError("multiheadAttention: a mask is bool or floating, got " + m.describe()
            + ". Fix: to(bool), true where a query may not look.");
  }

  @Override
  public List<Object> arguments() {
    int kdim = keyWeight == null ? embedDim : keyWeight.size(1), vdim = valueWeight == null ? embedDim : valueWeight.size(1);
    return List.of(embedDim, heads, dropout, inBias != null, keyBias != null, addZeroAttention, kdim, vdim, batchFirst);
  }
}

package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.F32;
import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Operations that make fewer elements of many along dims, or walk along one: sums, extremes, sorting. */
public final class Reductions {
  private Reductions() {}

  /** The dims that go, ascending, and whether they stay as size 1. */
  public record Over(int[] dims, boolean keepDim) {
    static Over of(String op, Tensor x, int[] dims, boolean keepDim) {
      int n = x.getNdim();
      boolean[] goes = new boolean[Math.max(1, n)];
      if (dims == null) Arrays.fill(goes, true);
      else for (int d : dims) goes[x.getShape().axis(op, d)] = true;
      int[] all = new int[n];
      int k = 0;
      for (int d = 0; d < n; d++) if (goes[d]) all[k++] = d;
      return new Over(Arrays.copyOf(all, k), keepDim);
    }

    public boolean reduces(int dim) {
      for (int d : dims) if (d == dim) return true;
      return false;
    }

    Shape shape(Shape from, boolean keep) {
      int[] out = new int[from.ndim()];
      int k = 0;
      for (int d = 0; d < from.ndim(); d++)
        if (!reduces(d)) out[k++] = from.get(d);
        else if (keep) out[k++] = 1;
      return Shape.of(Arrays.copyOf(out, k));
    }

    long count(Shape from) {
      long n = 1;
      for (int d : dims) n *= from.get(d);
      return n;
    }

    /** What the reduction gave, with its dims back as size 1. */
    Tensor kept(Tensor reduced, Tensor x) {
      return reduced.reshape(shape(x.getShape(), true));
    }
  }

  /** One dim; {@code flag}: keepDim, or descending for sort. */
  public record Along(int dim, boolean flag) {}

  public static final Op<Over> SUM = op("sum", Over.class, "The sum over dims; integers and bool give i64.")
      .gives(c -> new Spec(c.attributes().shape(c.in(0).getShape(), c.attributes().keepDim()),
          c.in(0).getDtype().isFloating() ? c.in(0).getDtype() : DType.i64))
      .grad((c, g) -> c.attributes().kept(g, c.edge(0)).expand(c.edge(0).getShape()))
      .autocast(F32).tests(t -> OpTests.reduction(t).reference(Oracles.fold(0, Double::sum))).build();

  public static final Op<Over> MEAN = op("mean", Over.class, "The mean over dims.")
      .gives(c -> floating("mean", c))
      .grad((c, g) -> c.attributes()
          .kept(g, c.edge(0)).div(c.attributes().count(c.edge(0).getShape())).expand(c.edge(0).getShape()))
      .tests(t -> OpTests.reduction(t).reference(Oracles::mean)
          .fails(() -> Tensor.of(new long[] {1, 2}).mean(), "mean: needs a floating dtype, got i64[2]. Fix: to(f32)."))
      .build();

  public static final Op<Over> PROD = op("prod", Over.class, "The product over dims; integers and bool give i64.")
      .gives(c -> new Spec(c.attributes().shape(c.in(0).getShape(), c.attributes().keepDim()),
          c.in(0).getDtype().isFloating() ? c.in(0).getDtype() : DType.i64))
      .grad((c, g) -> prodGradient(c, g))
      .autocast(F32).tests(t -> OpTests.reduction(t).reference(Oracles.fold(1, (a, b) -> a * b))).build();

  public static final Op<Over> AMAX = op("amax", Over.class,
      "The largest over dims; NaN if one is NaN. Ties share the gradient.")
      .gives(c -> nonEmpty("amax", c)).grad((c, g) -> tied(c, g))
      .tests(t -> OpTests.extremes(t).reference(Oracles.fold(Double.NEGATIVE_INFINITY, Math::max))).build();

  public static final Op<Over> AMIN = op("amin", Over.class,
      "The smallest over dims; NaN if one is NaN. Ties share the gradient.")
      .gives(c -> nonEmpty("amin", c)).grad((c, g) -> tied(c, g))
      .tests(t -> OpTests.extremes(t).reference(Oracles.fold(Double.POSITIVE_INFINITY, Math::min))).build();

  public static final Op<Along> MAX = op("max", Along.class,
      "The largest along a dim and its index; of a tie the first, which takes the whole gradient.")
      .infer(c -> extremes("max", c)).grads((c, g, needed) -> new Tensor[] {picked(c, g[0])})
      .tests(t -> OpTests.along(t, true).reference(Oracles.extreme(Math::max))).build();

  public static final Op<Along> MIN = op("min", Along.class,
      "The smallest along a dim and its index; of a tie the first, which takes the whole gradient.")
      .infer(c -> extremes("min", c)).grads((c, g, needed) -> new Tensor[] {picked(c, g[0])})
      .tests(t -> OpTests.along(t, true).reference(Oracles.extreme(Math::min))).build();

  public static final Op<Along> SORT = op("sort", Along.class,
      "Sorted along a dim, ties in their order, with the indices they had; NaN counts as largest.")
      .infer(c -> List.of(Spec.like(c.in(0)), new Spec(c.in(0).getShape(), DType.i64)))
      .grads((c, g, needed) ->
          new Tensor[] {g[0] == null ? null : Tensor.zerosLike(g[0]).scatterAdd(c.attributes().dim(), c.out(1), g[0])})
      .tests(t -> OpTests.along(t, true).reference(Oracles::sort)).build();

  public static final Op<Along> CUMSUM = op("cumsum", Along.class,
      "Running sums along a dim; integers and bool give i64.")
      .gives(c -> new Spec(c.in(0).getShape(), c.in(0).getDtype().isFloating() ? c.in(0).getDtype() : DType.i64))
      .grad((c, g) -> g.flip(c.attributes().dim()).cumsum(c.attributes().dim()).flip(c.attributes().dim()))
      .autocast(F32).tests(t -> OpTests.along(t, false).reference(Oracles.running(Double::sum))).build();

  public static final Op<Along> CUMPROD = op("cumprod", Along.class,
      "Running products along a dim; integers and bool give i64.")
      .gives(c -> new Spec(c.in(0).getShape(), c.in(0).getDtype().isFloating() ? c.in(0).getDtype() : DType.i64))
      .grad((c, g) -> cumprodGradient(c, g))
      .autocast(F32).tests(t -> OpTests.along(t, false).reference(Oracles.running((p, q) -> p * q))).build();

  private static Spec floating(String op, Call<Over> c) {
    Tensor x = c.in(0);
    return new Spec(c.attributes().shape(x.getShape(), c.attributes().keepDim()), Promotion.floating(op, x));
  }

  private static Spec nonEmpty(String op, Call<Over> c) {
    Tensor x = c.in(0);
    if (c.attributes().count(x.getShape()) == 0)
      throw new ShapeError(op + ": there is no extreme of no elements: " + x.describe() + " over dims "
          + Arrays.toString(c.attributes().dims()) + ".");
    return new Spec(c.attributes().shape(x.getShape(), c.attributes().keepDim()), x.getDtype());
  }

  private static List<Spec> extremes(String op, Call<Along> c) {
    Tensor x = c.in(0);
    int d = c.attributes().dim();
    if (x.getNdim() > 0 && x.size(d) == 0 && x.numel() == 0)
      throw new ShapeError(op + ": dim " + d + " of " + x.describe() + " is empty.");
    Shape out = x.getNdim() == 0 ? x.getShape() : c.attributes().flag() ? x.getShape().with(d, 1)
        : x.getShape().without(d);
    return List.of(new Spec(out, x.getDtype()), new Spec(out, DType.i64));
  }

  private static Tensor tied(Call<Over> c, Tensor g) {
    Tensor x = c.in(0);
    Tensor hit = x.eq(c.attributes().kept(c.out(0), x)).to(g.getDtype());
    Tensor ties = hit.sum(c.attributes().dims(), true);
    return hit.mul(c.attributes().kept(g, x).div(ties));
  }

  private static Tensor picked(Call<Along> c, Tensor g) {
    if (g == null) return null;
    Tensor x = c.edge(0);
    if (x.getNdim() == 0) return g;
    int d = c.attributes().dim();
    boolean kept = c.attributes().flag();
    Tensor index = kept ? c.out(1) : c.out(1).unsqueeze(d);
    return Tensor.zeros(x.getShape(), g.getDtype()).to(g.getDevice()).scatterAdd(d, index, kept ? g : g.unsqueeze(d));
  }

  /** Each element's share is the product of the others, computed as such so that zeros are exact: n * n work. */
  private static Tensor prodGradient(Call<Over> c, Tensor g) {
    Tensor x = c.in(0);
    int[] dims = c.attributes().dims();
    if (dims.length == 0) return g;
    int[] order = new int[x.getNdim()];
    int k = 0;
    for (int d = 0; d < order.length; d++) if (!c.attributes().reduces(d)) order[k++] = d;
    int rest = k;
    for (int d : dims) order[k++] = d;
    Tensor rows = x.permute(order);
    int[] restSizes = Arrays.copyOf(rows.getShape().toArray(), rest);
    int n = Math.toIntExact(c.attributes().count(x.getShape()));
    int[] flat = Arrays.copyOf(restSizes, rest + 1);
    flat[rest] = n;
    Tensor others = others(rows.reshape(flat), n).prod(-1, false);
    Tensor grad = others.mul(c.attributes().kept(g, x).permute(order).reshape(append(restSizes, 1)));
    int[] back = new int[order.length];
    for (int d = 0; d < order.length; d++) back[order[d]] = d;
    return grad.reshape(rows.getShape()).permute(back);
  }

  /** [..., n] to [..., n, n] where row i holds the elements with 1 in place i. */
  private static Tensor others(Tensor rows, int n) {
    int[] square = append(rows.getShape().toArray(), n);
    Tensor all = rows.unsqueeze(-2).expand(square);
    return Tensor.where(Tensor.eye(n).to(rows.getDevice()).ne(0), Tensor.constant(1.0), all);
  }

  /** d out_j / d x_i is the product of the elements up to j without x_i: exact where some are zero. n * n work. */
  private static Tensor cumprodGradient(Call<Along> c, Tensor g) {
    Tensor x = c.in(0);
    if (x.getNdim() == 0) return g;
    int dim = c.attributes().dim(), n = x.size(dim);
    Tensor rows = x.transpose(dim, -1);
    Tensor products = others(rows, n).cumprod(-1).triu(0);
    return products.mul(g.transpose(dim, -1).unsqueeze(-2)).sum(-1).transpose(dim, -1);
  }

  private static int[] append(int[] sizes, int last) {
    int[] out = Arrays.copyOf(sizes, sizes.length + 1);
    out[sizes.length] = last;
    return out;
  }

  public static Tensor reduce(Op<Over> op, Tensor x, int[] dims, boolean keepDim) {
    return Dispatch.call(op, Over.of(op.name(), x, dims, keepDim), x);
  }

  public static Extreme extreme(Op<Along> op, Tensor x, int dim, boolean keepDim) {
    Tensor[] out = Dispatch.all(op, new Along(x.getShape().axis(op.name(), dim), keepDim), x);
    return new Extreme(out[0], out[1]);
  }

  public static Tensor cumulative(Op<Along> op, Tensor x, int dim) {
    return Dispatch.call(op, new Along(x.getShape().axis(op.name(), dim), false), x);
  }

  public static Extreme sort(Tensor x, int dim, boolean descending) {
    Tensor[] out = Dispatch.all(SORT, new Along(x.getShape().axis("sort", dim), descending), x);
    return new Extreme(out[0], out[1]);
  }
}

package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.WIDEST;
import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;

/**
 * Reading and adding at places along one dim, that one index tensor names. Several index tensors at once are in
 * {@link Indices}, writing is in {@link Scatters}.
 */
public final class Indexing {
  private Indexing() {}

  public record Dim(int dim) {}

  /** Which row takes no gradient (-1: none), and how many rows there are. */
  public record Padding(int index, int rows) {}

  public static final Op<Dim> GATHER = op("gather", Dim.class,
      "One element for each index: for dim 0, out[i][j] = x[index[i][j]][j].")
      .gives(c -> {
        index("gather", c.in(1));
        fits("gather", c.in(0), c.in(1), c.attributes().dim());
        return new Spec(c.in(1).getShape(), c.in(0).getDtype());
      })
      .grad((c, g) -> Tensor.zeros(c.edge(0).getShape(), g.getDtype())
          .to(g.getDevice()).scatterAdd(c.attributes().dim(), c.in(1), g))
      .tests(t -> t.reference(Oracles::gather).attributes(new Dim(1))
          .indexed(OpTests.shape(2, 3), OpTests.shape(2, 2), 3)
          .attributes(new Dim(0)).indexed(OpTests.strided(4, 3), OpTests.shape(5, 3), 4)
          .fails(() -> Tensor.ones(2, 2).gather(1, Tensor.of(new long[] {5}, 1, 1)),
              "gather: index 5 is out of range for dim 1 of f32[2,2]; it takes 0 to 1."))
      .build();

  public static final Op<Dim> SCATTER_ADD = op("scatterAdd", Dim.class,
      "A copy of x to which src was added at index: for dim 0, out[index[i][j]][j] += src[i][j].")
      .gives(c -> {
        index("scatterAdd", c.in(1));
        fits("scatterAdd", c.in(0), c.in(1), c.attributes().dim());
        for (int d = 0; d < c.in(1).getNdim(); d++)
          if (c.in(1).size(d) > c.in(2).size(d))
            throw new ShapeError("scatterAdd: index " + c.in(1).describe() + " is larger than src " + c.in(2).describe()
                + " in dim " + d + ".");
        return new Spec(c.in(0).getShape(), MatMuls.same("scatterAdd", c.in(0), c.in(2)));
      })
      .grad((c, g) -> g, null, (c, g) -> {
        return widened(g.gather(c.attributes().dim(), c.in(1)), c.edge(2));
      })
      .autocast(WIDEST)
      .tests(t -> t.reference(Oracles::scatterAdd).attributes(new Dim(1))
          .scattered(OpTests.shape(2, 3), OpTests.shape(2, 2), 3)
          .attributes(new Dim(0)).scattered(OpTests.strided(4, 3), OpTests.shape(5, 3), 4)).build();

  public static final Op<Dim> SCATTER = op("scatter", Dim.class,
      "A copy of x with src written at index: for dim 0, out[index[i][j]][j] = src[i][j]; of several, the last one's.")
      .gives(c -> {
        index("scatter", c.in(1));
        fits("scatter", c.in(0), c.in(1), c.attributes().dim());
        for (int d = 0; d < c.in(1).getNdim(); d++)
          if (c.in(1).size(d) > c.in(2).size(d)) throw new ShapeError("scatter: index " + c.in(1).describe()
              + " is larger than src " + c.in(2).describe() + " in dim " + d + ".");
        return new Spec(c.in(0).getShape(), MatMuls.same("scatter", c.in(0), c.in(2)));
      })
      .grads((c, g, needed) -> {
        int dim = c.attributes().dim();
        Tensor index = c.in(1), number = Creation.range(Math.toIntExact(index.numel()), g[0]).reshape(index.getShape());
        Tensor none = Creation.full(c.edge(0).getShape(), -1, DType.i64, g[0].getDevice());
        // Which of the elements written to a place was the last, if any: only that one counts.
        Tensor last = Dispatch.call(scatter(), c.attributes(), none, index, number);
        Tensor zero = Tensor.constant(0.0);
        Tensor own = needed[0] ? Elementwise.where(last.lt(0), g[0], zero) : null;
        Tensor src = !needed[2] ? null : Elementwise.where(last.gather(dim, index).eq(number),
            g[0].gather(dim, index), zero);
        return new Tensor[] {own, null, src == null ? null : widened(src, c.edge(2))};
      })
      .tests(t -> t.reference(Oracles::scatter).attributes(new Dim(1)).scattered(OpTests.shape(2, 3),
          OpTests.shape(2, 2), 3)
          .attributes(new Dim(0)).scattered(OpTests.strided(4, 3), OpTests.shape(5, 3),
              4).scattered(OpTests.shape(3), OpTests.shape(0), 3)
          .scattered(OpTests.shape(), OpTests.shape(), 1)
          .with(new Dim(0), OpTests.shape(3, 2), OpTests.shape(2, 2).index(3), OpTests.strided(4, 3))
          .fails(() -> Tensor.ones(2, 2).scatter(1, Tensor.of(new long[] {5}, 1, 1), Tensor.ones(1, 1)),
              "scatter: index 5 is out of range for dim 1 of f32[2,2]; it takes 0 to 1."))
      .build();

  private static Op<Dim> scatter() {
    return SCATTER;
  }

  public static final Op<Dim> INDEX_SELECT = op("indexSelect", Dim.class,
      "The slices of a dim named by a vector of indices.")
      .gives(c -> {
        index("indexSelect", c.in(1));
        if (c.in(1).getNdim() != 1)
          throw new ShapeError("indexSelect: the indices must be a vector, got " + c.in(1).describe() + ".");
        return new Spec(c.in(0).getShape().with(c.attributes().dim(), c.in(1).size(0)), c.in(0).getDtype());
      })
      .grad((c, g) ->
          Dispatch.call(indexAdd(), c.attributes(), Tensor.zeros(c.edge(0).getShape(), g.getDtype()).to(g.getDevice()),
              c.in(1), g))
      .tests(t -> t.reference(Oracles::indexSelect).attributes(new Dim(0))
          .indexed(OpTests.shape(3, 2), OpTests.shape(4), 3)
          .attributes(new Dim(1)).indexed(OpTests.strided(4, 5), OpTests.shape(2), 5)).build();

  public static final Op<Dim> INDEX_ADD = op("indexAdd", Dim.class,
      "A copy of x to whose slices, named by a vector of indices, those of src were added in order.")
      .gives(c -> {
        index("indexAdd", c.in(1));
        Shape expected = c.in(0).getShape().with(c.attributes().dim(), c.in(1).size(0));
        if (!expected.equals(c.in(2).getShape()))
          throw new ShapeError("indexAdd: src must be " + expected + ", got " + c.in(2).describe() + ".");
        return new Spec(c.in(0).getShape(), MatMuls.same("indexAdd", c.in(0), c.in(2)));
      })
      .grad((c, g) -> g, null, (c, g) -> g.indexSelect(c.attributes().dim(), c.in(1)))
      .autocast(WIDEST)
      .tests(t -> t.reference(Oracles::indexAdd)
          .attributes(new Dim(0)).indexAdded(OpTests.shape(3, 2), OpTests.shape(4, 2), 3)).build();

  private static Op<Dim> indexAdd() {
    return INDEX_ADD;
  }

  public static final Op<Padding> EMBEDDING = op("embedding", Padding.class,
      "Rows of a table, one for each index; the gradient of the padding row is zero.")
      .gives(c -> {
        index("embedding", c.in(1));
        if (c.in(0).getNdim() != 2)
          throw new ShapeError("embedding: weight must be [rows, width], got " + c.in(0).describe() + ".");
        int[] out = java.util.Arrays.copyOf(c.in(1).getShape().toArray(), c.in(1).getNdim() + 1);
        out[out.length - 1] = c.in(0).size(1);
        return new Spec(Shape.of(out), c.in(0).getDtype());
      })
      .grad((c, g) -> Dispatch.call(embeddingGrad(), c.attributes(), g, c.in(1)))
      .tests(t -> t.reference(Oracles::embedding).attributes(new Padding(4, 5))
          .indexed(OpTests.shape(5, 3), OpTests.shape(2, 3), 4)
          .attributes(new Padding(-1, 4)).indexed(OpTests.strided(4, 5), OpTests.shape(), 4)).build();

  public static final Op<Padding> EMBEDDING_GRAD = op("embeddingGrad", Padding.class,
      "The upstream rows added up by index, in order.")
      .gives(c -> new Spec(Shape.of(c.attributes().rows(), c.in(0).size(-1)), c.in(0).getDtype()))
      .grad((c, g) -> {
        Tensor rows = Dispatch.call(EMBEDDING, c.attributes(), g, c.in(1));
        int padding = c.attributes().index();
        return padding < 0 ? rows : Tensor.where(c.in(1).eq(padding).unsqueeze(-1), Tensor.constant(0.0), rows);
      })
      .internal()
      .tests(t -> t.attributes(new Padding(1, 4)).indexed(OpTests.shape(2, 3, 2), OpTests.shape(2, 3), 4)).build();

  private static Op<Padding> embeddingGrad() {
    return EMBEDDING_GRAD;
  }

  static void index(String op, Tensor index) {
    if (!index.getDtype().isInteger())
      throw new DTypeError(op + ": indices must be whole numbers, got " + index.describe() + ". Fix: to(i64).");
  }

  /** A gradient with zeros where src is larger than the index. */
  static Tensor widened(Tensor picked, Tensor src) {
    if (picked.getShape().equals(src.getShape())) return picked;
    int[] widths = new int[2 * src.getNdim()];
    for (int d = 0; d < src.getNdim(); d++) widths[2 * (src.getNdim() - 1 - d) + 1] = src.size(d) - picked.size(d);
    return picked.pad(widths, 0);
  }

  static void fits(String op, Tensor x, Tensor index, int dim) {
    if (x.getNdim() != index.getNdim())
      throw new ShapeError(op + ": index " + index.describe() + " must have as many dims as " + x.describe() + ".");
    for (int d = 0; d < x.getNdim(); d++)
      if (d != dim && index.size(d) > x.size(d))
        throw new ShapeError(op + ": index " + index.describe() + " is larger than " + x.describe() + " in dim "
            + d + ".");
  }

  public static Tensor gather(Tensor x, int dim, Tensor index) {
    return Dispatch.call(GATHER, new Dim(x.getShape().axis("gather", dim)), x, index);
  }

  public static Tensor scatterAdd(Tensor x, int dim, Tensor index, Tensor src) {
    return Dispatch.call(SCATTER_ADD, new Dim(x.getShape().axis("scatterAdd", dim)), x, index, src);
  }

  public static Tensor indexSelect(Tensor x, int dim, Tensor index) {
    return Dispatch.call(INDEX_SELECT, new Dim(x.getShape().axis("indexSelect", dim)), x, index);
  }

  public static Tensor embedding(Tensor weight, Tensor indices, int padding) {
    return Dispatch.call(EMBEDDING, new Padding(padding, weight.size(0)), weight, indices);
  }
}

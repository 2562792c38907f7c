package io.ktrain.op;

import static io.ktrain.op.OpBuilder.composite;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpTests.shape;
import static io.ktrain.op.OpTests.strided;

import io.ktrain.op.Indexing.Dim;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Locale;

/**
 * Writing at places named by an index tensor or a mask, each time into a copy. Indices of one place are taken in their
 * order.
 */
public final class Scatters {
  private Scatters() {}

  /** What becomes of elements that meet in one place. */
  public enum Reduce {
    SUM, MEAN, PROD, AMAX, AMIN;

    /** By PyTorch's word: "sum", "mean", "prod", "amax" or "amin". */
    public static Reduce of(String word) {
      for (Reduce r : values()) if (r.word().equals(word)) return r;
      throw new KtrainException("scatterReduce: the reduction is sum, mean, prod, amax or amin, got " + word + ".");
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    public double of(double a, double b) {
      return switch (this) {
        case SUM, MEAN -> a + b;
        case PROD -> a * b;
        case AMAX -> Math.max(a, b);
        case AMIN -> Math.min(a, b);
      };
    }

    public long of(long a, long b) {
      return switch (this) {
        case SUM, MEAN -> a + b;
        case PROD -> a * b;
        case AMAX -> Math.max(a, b);
        case AMIN -> Math.min(a, b);
      };
    }
  }

  public record Folding(int dim, Reduce by) {}

  /** {@code includeSelf}: x's own element is one of those that meet. */
  public record Reducing(int dim, Reduce by, boolean includeSelf) {}

  public record Filling(int dim, Number value) {}

  /** Added to what is there, or written over it. */
  public record Putting(boolean accumulate) {}

  /** PROD, AMAX or AMIN of x's element and those of src. */
  public static final Op<Folding> SCATTER_FOLD = op("scatterFold", Folding.class,
      "A copy of x into which src was multiplied, or compared for extremes, at index.")
      .gives(c -> {
        Indexing.index("scatterReduce", c.in(1));
        Indexing.fits("scatterReduce", c.in(0), c.in(1), c.attributes().dim());
        return new Spec(c.in(0).getShape(), MatMuls.same("scatterReduce", c.in(0), c.in(2)));
      })
      .grads((c, g, needed) -> c.attributes().by() == Reduce.PROD ? productGradients(c, g[0])
          : extremeGradients(c, g[0]))
      .onHost().internal()
      .tests(t -> t.reference((f, in) -> {
        NdArray out = new NdArray(in.get(0).shape(), in.get(0).data().clone());
        in.get(1).each((index, place) -> {
          int[] to = index.clone();
          to[f.dim()] = (int) place;
          out.set(f.by().of(out.at(to), in.get(2).at(index)), to);
        });
        return out;
      }).with(new Folding(0, Reduce.PROD), shape(3, 2), shape(4, 2).index(3), shape(4, 2))
          .with(new Folding(1, Reduce.AMAX), strided(2, 3), shape(2, 5).index(3), strided(2, 5))
          .with(new Folding(0, Reduce.AMIN), shape(3), shape(5).index(3), shape(5))).build();

  public static final Op<Reducing> SCATTER_REDUCE = composite("scatterReduce", Reducing.class,
      "A copy of x in which src's elements at index were added, averaged, multiplied or compared.", c -> {
        Reducing r = c.attributes();
        Tensor x = c.in(0), index = c.in(1);
        Tensor src = part(c.in(2), index);
        Tensor ones = Tensor.onesLike(src.detach());
        Tensor counts = r.by() == Reduce.MEAN || !r.includeSelf() ? Tensor.zerosLike(x.detach()).scatterAdd(r.dim(),
            index, ones) : null;
        Tensor from = r.includeSelf() ? x : Elementwise.where(counts.eq(0), x, neutral(r.by(), x));
        return switch (r.by()) {
          case SUM -> from.scatterAdd(r.dim(), index, src);
          case MEAN -> mean(from.scatterAdd(r.dim(), index, src), r.includeSelf() ? counts.add(1) : counts.clampMin(1));
          default -> Dispatch.call(SCATTER_FOLD, new Folding(r.dim(), r.by()), from, index, src);
        };
      }).numbers()
      .tests(t -> {
        t.floored().reference(Scatters::reduced);
        for (Reduce by : Reduce.values())
          for (boolean self : new boolean[] {true, false})
            t.with(new Reducing(0, by, self), shape(3, 2).positive(), shape(4, 2).index(3), shape(4, 2).positive())
                .with(new Reducing(1, by, self), strided(2, 4).positive(), shape(2, 3).index(4),
                    strided(3, 3).positive());
        t.fails(() -> Tensor.ones(2).scatterReduce(0, Tensor.of(new long[] {0}), Tensor.ones(1), "max", true),
            "scatterReduce: the reduction is sum, mean, prod, amax or amin, got max.");
      }).build();

  public static final Op<Dim> INDEX_COPY = composite("indexCopy", Dim.class,
      "A copy of x whose slices, named by a vector of indices, are those of src.", c -> {
        sliced("indexCopy", c.in(0), c.in(1), c.in(2), c.attributes().dim());
        return c.in(0).scatter(c.attributes().dim(), over(c.in(1), c.in(2), c.attributes().dim()), c.in(2));
      })
      .tests(t -> t.reference((along, in) -> {
        NdArray out = new NdArray(in.get(0).shape(), in.get(0).data().clone());
        in.get(2).each((index, value) -> {
          int[] to = index.clone();
          to[along.dim()] = (int) in.get(1).at(index[along.dim()]);
          out.set(value, to);
        });
        return out;
      }).attributes(new Dim(0)).indexAdded(shape(3, 2), shape(4, 2), 3)
          .with(new Dim(1), strided(2, 4), shape(2).index(4), strided(2, 2))
          .fails(() -> Tensor.ones(2, 3).indexCopy(0, Tensor.of(new long[] {0}), Tensor.ones(1, 2)),
              "indexCopy: src must be [1,3], got f32[1,2].")).build();

  public static final Op<Filling> INDEX_FILL = composite("indexFill", Filling.class,
      "A copy of x with one value in the slices named by a vector of indices.", c -> {
        int dim = c.attributes().dim();
        Tensor index = vector("indexFill", c.in(1)), x = c.in(0);
        Tensor ones = Creation.full(index.getShape(), 1, DType.i64, x.getDevice());
        int n = x.getNdim() == 0 ? 1 : x.size(dim);
        Tensor hit = Creation.full(io.ktrain.tensor.Shape.of(n), 0, DType.i64, x.getDevice()).indexAdd(0, index,
            ones).gt(0);
        int[] along = new int[x.getNdim()];
        java.util.Arrays.fill(along, 1);
        if (along.length > 0) along[dim] = n;
        return x.maskedFill(hit.reshape(along), c.attributes().value());
      })
      .tests(t -> t.reference((f, in) -> {
        NdArray out = new NdArray(in.get(0).shape(), in.get(0).data().clone());
        in.get(0).each((index, value) -> {
          for (double i : in.get(1).data()) if (index[f.dim()] == (int) i) out.set(f.value().doubleValue(), index);
        });
        return out;
      }).with(new Filling(0, 7), shape(3, 2), shape(2).index(3)).with(new Filling(1, -1), strided(2, 4),
          shape(3).index(4)))
      .build();

  public static final Op<Void> MASKED_FILL = composite("maskedFill",
      "A copy of x with one value where the mask holds; mask and value broadcast.", c -> {
        mask("maskedFill", c.in(1));
        if (!c.in(2).isConstant() && c.in(2).getNdim() > 0)
          throw new ShapeError("maskedFill: the value must be a single one, got " + c.in(2).describe()
              + ". Fix: where(mask, values, x).");
        DType type = c.in(0).getDtype();
        Tensor value = c.in(2).isConstant() ? Tensor.constant(fitted(c.in(2).constantValue(), type)) : c.in(2).to(type);
        return Elementwise.where(c.in(1), value, c.in(0)).to(type);
      })
      .tests(t -> t.reference((none, in) -> NdArray.by(in.get(0).shape(),
          i -> Oracles.broadcast(in.get(1), i) != 0 ? in.get(2).data()[0] : in.get(0).at(i)))
          .sample(shape(2, 3), shape(2, 3).bool(), shape()).sample(strided(4, 3), shape(3).bool(), shape())
          .fails(() -> Tensor.ones(2).maskedFill(Tensor.ones(2), 0),
              "maskedFill: the mask must be bool, got f32[2]. Fix: a comparison, or ne(0).")).build();

  public static final Op<Void> MASKED_SCATTER = composite("maskedScatter",
      "A copy of x in which src's elements, in their order, stand where the mask holds.", c -> {
        Tensor x = c.in(0);
        MatMuls.same("maskedScatter", x, c.in(2));
        Tensor wide = mask("maskedScatter", c.in(1)).expand(x.getShape());
        if (x.numel() == 0) return x.copy();
        if (c.in(2).numel() == 0) throw new ShapeError("maskedScatter: src " + c.in(2).describe()
            + " has no elements.");
        Tensor number = wide.flatten().to(DType.i64).cumsum(0).sub(1);
        Tensor place = Elementwise.where(wide.flatten(), number, Tensor.constant(0));
        return Elementwise.where(wide, c.in(2).flatten().indexSelect(0, place).reshape(x.getShape()), x);
      })
      .tests(t -> t.reference((none, in) -> {
        int[] next = {0};
        return NdArray.by(in.get(0).shape(),
            i -> Oracles.broadcast(in.get(1), i) != 0 ? in.get(2).data()[next[0]++] : in.get(0).at(i));
      }).sample(shape(2, 3), shape(2, 3).bool(), shape(6)).sample(strided(4, 3), shape(3).bool(), strided(3, 4)))
          .build();

  /** Inputs: x, indices, values. Negative indices count from the end. */
  public static final Op<Putting> PUT = composite("put", Putting.class,
      "A copy of x, read as one row, with values at index, added there or written.", c -> {
        Tensor index = Indices.wrapped("put", c.in(0).flatten(), 0, c.in(1)).flatten();
        Tensor flat = c.in(0).flatten(), values = c.in(2).flatten();
        if (values.numel() != index.numel())
          throw new ShapeError("put: " + c.in(2).describe() + " must hold as many values as there are indices in "
              + c.in(1).describe() + ".");
        return (c.attributes().accumulate() ? flat.indexAdd(0, index, values) : flat.indexCopy(0, index, values))
            .reshape(c.in(0).getShape());
      })
      .tests(t -> t.reference((p, in) -> {
        NdArray out = new NdArray(in.get(0).shape(), in.get(0).data().clone());
        for (int i = 0; i < in.get(1).data().length; i++) {
          int at = (int) in.get(1).data()[i];
          out.data()[at] = in.get(2).data()[i] + (p.accumulate() ? out.data()[at] : 0);
        }
        return out;
      }).with(new Putting(true), shape(2, 3), shape(4).index(6), shape(4))
          .with(new Putting(false), strided(4, 3), shape(2, 2).index(12), strided(2, 2))).build();

  /** A number as an element of a type would hold it. */
  private static Number fitted(Number value, DType type) {
    if (type.isFloating()) return value;
    return type == DType.bool ? value.doubleValue() != 0 ? 1 : 0 : value.longValue();
  }

  private static Tensor mean(Tensor sum, Tensor counts) {
    return sum.getDtype().isFloating() ? sum.div(counts) : sum.floorDivide(counts);
  }

  private static Tensor neutral(Reduce by, Tensor x) {
    DType type = x.getDtype();
    return switch (by) {
      case SUM, MEAN -> Tensor.constant(0);
      case PROD -> Tensor.constant(1);
      case AMAX -> type.isFloating() ? Tensor.constant(Double.NEGATIVE_INFINITY) : Tensor.constant(lowest(type));
      case AMIN -> type.isFloating() ? Tensor.constant(Double.POSITIVE_INFINITY)
          : Tensor.constant(-1 - lowest(type) & (type == DType.u8 ? 255 : -1));
    };
  }

  private static long lowest(DType type) {
    return type == DType.u8 ? 0 : -1L << 8 * type.bytes() - 1;
  }

  /** Those elements of src that have an index. */
  private static Tensor part(Tensor src, Tensor index) {
    for (int d = 0; d < Math.min(src.getNdim(), index.getNdim()); d++)
      if (index.size(d) <= src.size(d)) src = src.narrow(d, 0, index.size(d));
    if (!src.getShape().equals(index.getShape()))
      throw new ShapeError("scatterReduce: index " + index.describe() + " is larger than src " + src.describe() + ".");
    return src;
  }

  /** Those that are the extreme share its gradient. */
  private static Tensor[] extremeGradients(Call<Folding> c, Tensor g) {
    int dim = c.attributes().dim();
    Tensor x = c.in(0), index = c.in(1), src = c.in(2), y = c.out(0);
    Tensor own = x.eq(y).to(g.getDtype()), hit = src.eq(y.gather(dim, index)).to(g.getDtype());
    Tensor each = g.div(own.scatterAdd(dim, index, hit));
    return new Tensor[] {own.mul(each), null, hit.mul(each.gather(dim, index))};
  }

  /** The product of all others: exact where one is zero, since that one is left out of a product of the rest. */
  private static Tensor[] productGradients(Call<Folding> c, Tensor g) {
    int dim = c.attributes().dim();
    Tensor x = c.in(0), index = c.in(1), src = c.in(2), one = Tensor.constant(1.0);
    Tensor ownZero = x.eq(0), zero = src.eq(0);
    Tensor rest = Dispatch.call(c.op(), c.attributes(), Elementwise.where(ownZero, one, x), index,
        Elementwise.where(zero, one, src));
    Tensor zeros = ownZero.to(DType.i64).scatterAdd(dim, index, zero.to(DType.i64));
    return new Tensor[] {others(x, ownZero, rest, zeros, g), null,
        others(src, zero, rest.gather(dim, index), zeros.gather(dim, index), g.gather(dim, index))};
  }

  private static Tensor others(Tensor x, Tensor isZero, Tensor rest, Tensor zeros, Tensor g) {
    Tensor nonzero = Elementwise.where(isZero, Tensor.constant(1.0), x);
    Tensor left = zeros.sub(isZero.to(DType.i64));
    return Elementwise.where(left.gt(0), Tensor.constant(0.0), g.mul(rest.div(nonzero)));
  }

  private static NdArray reduced(Reducing r, java.util.List<NdArray> in) {
    NdArray x = in.get(0), index = in.get(1);
    return NdArray.by(x.shape(), i -> {
      var met = new java.util.ArrayList<Double>();
      if (r.includeSelf()) met.add(x.at(i));
      index.each((at, place) -> {
        boolean here = place == i[r.dim()];
        for (int d = 0; d < i.length; d++) here &= d == r.dim() || at[d] == i[d];
        if (here) met.add(in.get(2).at(at));
      });
      if (met.isEmpty()) return x.at(i);
      double all = met.get(0);
      for (double v : met.subList(1, met.size())) all = r.by().of(all, v);
      return r.by() == Reduce.MEAN ? all / met.size() : all;
    });
  }

  /** A vector of indices as an index for scatter, the same over all other dims. */
  private static Tensor over(Tensor index, Tensor src, int dim) {
    int[] along = new int[src.getNdim()];
    java.util.Arrays.fill(along, 1);
    if (along.length > 0) along[dim] = Math.toIntExact(index.numel());
    return index.reshape(along).expand(src.getShape());
  }

  private static Tensor vector(String op, Tensor index) {
    Indexing.index(op, index);
    if (index.getNdim() > 1) throw new ShapeError(op + ": the indices must be a vector, got " + index.describe() + ".");
    return index.reshape(-1);
  }

  private static void sliced(String op, Tensor x, Tensor index, Tensor src, int dim) {
    int n = Math.toIntExact(vector(op, index).numel());
    var expected = x.getNdim() == 0 ? x.getShape() : x.getShape().with(dim, n);
    if (!expected.equals(src.getShape())) throw new ShapeError(op + ": src must be " + expected + ", got "
        + src.describe() + ".");
  }

  static Tensor mask(String op, Tensor mask) {
    if (mask.getDtype() != DType.bool)
      throw new DTypeError(op + ": the mask must be bool, got " + mask.describe() + ". Fix: a comparison, or ne(0).");
    return mask;
  }

  public static Tensor scatterReduce(Tensor x, int dim, Tensor index, Tensor src, String reduce, boolean includeSelf) {
    int axis = x.getShape().axis("scatterReduce", dim);
    return Dispatch.call(SCATTER_REDUCE, new Reducing(axis, Reduce.of(reduce), includeSelf), x, index, src);
  }

  public static Tensor along(Op<Dim> op, Tensor x, int dim, Tensor index, Tensor src) {
    return Dispatch.call(op, new Dim(x.getShape().axis(op.name(), dim)), x, index, src);
  }

  /** One value at all indices. */
  public static Tensor scatter(Tensor x, int dim, Tensor index, Number value) {
    Tensor src = Creation.full(index.getShape(), value, x.getDtype(), x.getDevice());
    return along(Indexing.SCATTER, x, dim, index, src);
  }

  public static Tensor indexFill(Tensor x, int dim, Tensor index, Number value) {
    return Dispatch.call(INDEX_FILL, new Filling(x.getShape().axis("indexFill", dim), value), x, index);
  }
}

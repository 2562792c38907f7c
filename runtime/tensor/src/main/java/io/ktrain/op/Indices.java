package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.WIDEST;
import static io.ktrain.op.OpBuilder.composite;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpTests.shape;
import static io.ktrain.op.OpTests.strided;

import io.ktrain.op.Indexing.Dim;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What stands between brackets, {@code x[rows, :, mask]}: several index tensors, masks and whole dims together, as
 * PyTorch's advanced indexing; and their kin. One index tensor along one dim is in {@link Indexing}.
 */
public final class Indices {
  private Indices() {}

  /** Which dims are indexed; the others are taken whole. */
  public record Indexed(int... dims) {
    /** Whether the indexed dims lie side by side, so that the result's take their place; else they come first. */
    boolean together() {
      return dims[dims.length - 1] - dims[0] == dims.length - 1;
    }
  }

  public record Writing(Indexed at, boolean accumulate) {}

  public record Classes(int count) {}

  /** Inputs: x, then an index tensor for each dim that is indexed; they broadcast. */
  public static final Op<Indexed> INDEX = composite("index", Indexed.class,
      "One element, or slice of the dims not indexed, for each place that the indices name together.", c -> {
        Places p = Places.of("index", c.in(0), c.attributes(), indices(c, 1, c.inputs()));
        Tensor picked = p.rows(c.in(0)).indexSelect(0, p.place.reshape(-1));
        return p.back(picked.reshape(join(p.place.getShape().toArray(), p.rest)));
      })
      .tests(t -> t.reference((indexed, in) -> {
        List<NdArray> at = in.subList(1, in.size());
        int[] rest = rest(indexed, in.get(0).shape().length),
            common = Places.common(at.stream().map(NdArray::shape).toList());
        int front = indexed.together() ? indexed.dims()[0] : 0;
        int[] whole = Arrays.stream(rest).map(d -> in.get(0).shape()[d]).toArray();
        int[] out = join(Arrays.copyOf(whole, front), common, Arrays.copyOfRange(whole, front, whole.length));
        return NdArray.by(out, i -> in.get(0).at(source(indexed, at, rest, front, common.length, i)));
      }).with(new Indexed(0), shape(3, 2), shape(4).index(3)).with(new Indexed(0, 1), strided(4, 3),
          shape(5).index(4), shape(5).index(3))
          .with(new Indexed(1), shape(2, 3, 2), shape(2, 2).index(3)).with(new Indexed(0, 2), shape(2, 3, 4),
              shape(2, 1).index(2), shape(3).index(4))
          .with(new Indexed(1, 2), shape(2, 3, 4), shape(2, 1).index(3), shape(3).index(4))
          .with(new Indexed(0), shape(3), shape().index(3)))
      .build();

  /** Inputs: x, the indices, and last the values, which broadcast. */
  public static final Op<Writing> INDEX_PUT = composite("indexPut", Writing.class,
      "A copy of x with values at the places that the indices name together, added there or written.", c -> {
        Indexed at = c.attributes().at();
        Tensor x = c.in(0), values = c.in(c.inputs() - 1);
        MatMuls.same("indexPut", x, values);
        Places p = Places.of("indexPut", x, at, indices(c, 1, c.inputs() - 1));
        int front = at.together() ? at.dims()[0] : 0, n = p.place.getNdim();
        int[] all = join(Arrays.copyOf(p.rest, front), p.place.getShape().toArray(),
            Arrays.copyOfRange(p.rest, front, p.rest.length));
        Tensor wide = values.expand(all).movedim(IntStream.range(front, front + n).toArray(),
            IntStream.range(0, n).toArray());
        int count = Math.toIntExact(p.place.numel());
        Tensor src = wide.reshape(join(new int[] {count}, p.rest));
        Tensor rows = p.rows(x), index = p.place.reshape(-1);
        Tensor written = c.attributes().accumulate() ? rows.indexAdd(0, index, src) : rows.indexCopy(0, index, src);
        int[] first = Arrays.stream(at.dims()).map(x::size).toArray();
        int[] order = join(at.dims(), rest(at, x.getNdim())), back = new int[order.length];
        for (int i = 0; i < order.length; i++) back[order[i]] = i;
        return written.reshape(join(first, p.rest)).permute(back);
      })
      .autocast(WIDEST).tests(t -> t.reference((w, in) -> {
        Indexed indexed = w.at();
        List<NdArray> at = in.subList(1, in.size() - 1);
        NdArray x = in.get(0), out = new NdArray(x.shape(), x.data().clone()), values = in.getLast();
        int[] rest = rest(indexed, x.shape().length), common = Places.common(at.stream().map(NdArray::shape).toList());
        int front = indexed.together() ? indexed.dims()[0] : 0;
        int[] whole = Arrays.stream(rest).map(d -> x.shape()[d]).toArray();
        int[] all = join(Arrays.copyOf(whole, front), common, Arrays.copyOfRange(whole, front, whole.length));
        NdArray.zeros(all).each((i, none) -> {
          int[] to = source(indexed, at, rest, front, common.length, i);
          out.set(Oracles.broadcast(values, i) + (w.accumulate() ? out.at(to) : 0), to);
        });
        return out;
      }).with(new Writing(new Indexed(0), false), shape(3, 2), shape(4).index(3), shape(4, 2))
          .with(new Writing(new Indexed(0, 1), true), strided(4, 3), shape(5).index(4), shape(5).index(3), shape(5))
          .with(new Writing(new Indexed(1), true), shape(2, 3, 2), shape(2, 2).index(3), shape(2))
          .with(new Writing(new Indexed(0, 2), false), shape(2, 3, 4), shape(2, 1).index(2), shape(3).index(4),
              shape()))
      .build();

  public static final Op<Void> TAKE = composite("take", "x read as one row, at the places of an index of any shape.",
      c -> {
        Tensor flat = c.in(0).flatten();
        return flat.indexSelect(0, wrapped("take", flat, 0, c.in(1)).flatten()).reshape(c.in(1).getShape());
      })
      .tests(t -> t.reference((none, in) -> NdArray.by(in.get(1).shape(), i -> in.get(0).data()[(int) in.get(1).at(i)]))
          .sample(shape(2, 3), shape(2, 2).index(6)).sample(strided(4, 3), shape().index(12))
          .failsByValues(() -> Tensor.ones(2, 2).take(Tensor.of(new long[] {4})),
              "take: index 4 is out of range for dim 0 of f32[4]; it takes -4 to 3.")).build();

  public static final Op<Dim> TAKE_ALONG_DIM = composite("takeAlongDim", Dim.class,
      "As gather, of x and an index that broadcast over the other dims.", c -> {
        Tensor x = c.in(0), index = c.in(1);
        int dim = c.attributes().dim();
        if (x.getNdim() != index.getNdim())
          throw new ShapeError("takeAlongDim: index " + index.describe() + " must have as many dims as "
              + x.describe() + ".");
        int[] own = x.getShape().toArray(), at = index.getShape().toArray();
        for (int d = 0; d < own.length; d++) if (d != dim) own[d] = at[d] = own[d] == 1 ? at[d] : at[d] == 1 ? own[d]
            : at[d];
        return x.expand(own).gather(dim, wrapped("takeAlongDim", x, dim, index).expand(at));
      })
      .tests(t -> t.reference((along, in) -> NdArray.by(new int[] {2, 3}, i -> {
        int at = (int) Oracles.broadcast(in.get(1), i);
        return in.get(0).at(in.get(0).shape()[0] == 1 ? 0 : along.dim() == 0 ? at : i[0], along.dim() == 1 ? at : i[1]);
      })).with(new Dim(1), shape(2, 4), shape(1, 3).index(4)).with(new Dim(1), shape(1, 4), shape(2, 3).index(4))
          .with(new Dim(0), strided(4, 3), shape(2, 1).index(4))).build();

  public static final Op<Void> MASKED_SELECT = composite("maskedSelect",
      "The elements of x where the mask holds, as a vector; both broadcast.", c -> {
        Tensor mask = Scatters.mask("maskedSelect", c.in(1));
        Shape all = Pointwise.broadcast("maskedSelect", c);
        return c.in(0).expand(all).reshape(-1).indexSelect(0, nonzero(mask.expand(all).reshape(-1)).reshape(-1));
      })
      .tests(t -> t.shapedByValues().reference((none, in) -> {
        var kept = new ArrayList<Double>();
        NdArray.zeros(Places.common(List.of(in.get(0).shape(), in.get(1).shape()))).each((i, v) -> {
          if (Oracles.broadcast(in.get(1), i) != 0) kept.add(Oracles.broadcast(in.get(0), i));
        });
        return new NdArray(new int[] {kept.size()}, kept.stream().mapToDouble(v -> v).toArray());
      }).sample(shape(2, 3), shape(2, 3).bool()).sample(strided(4, 3), shape(3).bool())
          .sample(shape(3), shape(2, 1).bool())
          .sample(shape(0), shape(0).bool())
          .fails(() -> Tensor.ones(2).maskedSelect(Tensor.ones(2)),
              "maskedSelect: the mask must be bool, got f32[2]. Fix: a comparison, or ne(0).")).build();

  /** How many there are is known only from the values: while checking, every element counts. */
  public static final Op<Void> NONZERO = composite("nonzero",
      "The places of elements that are not 0, a row each: i64[count, ndim].",
      c -> {
        Tensor x = c.in(0);
        int n = x.getNdim();
        if (Check.active() || x.isShapeOnly())
          return Tensor.shapeOnly(Shape.of(Math.toIntExact(x.numel()), n), DType.i64, x.getDevice());
        double[] values = x.toDoubleArray();
        int[] at = IntStream.range(0, values.length).filter(i -> values[i] != 0).toArray();
        long[] places = new long[at.length * n];
        for (int i = 0, rest; i < at.length; i++) {
          rest = at[i];
          for (int d = n - 1; d >= 0; rest /= x.size(d--)) places[i * n + d] = rest % x.size(d);
        }
        return Tensor.of(places, at.length, n).to(x.getDevice());
      })
      .tests(t -> t.flat().shapedByValues().reference((none, in) -> {
        var found = new ArrayList<int[]>();
        in.get(0).each((i, v) -> {
          if (v != 0) found.add(i.clone());
        });
        return NdArray.by(new int[] {found.size(), in.get(0).shape().length}, i -> found.get(i[0])[i[1]]);
      }).sample(shape(2, 3).bool()).sample(strided(4, 3).bool()).sample(shape(5)).sample(shape(0, 2)).sample(shape()))
          .build();

  public static final Op<Classes> ONE_HOT = composite("oneHot", Classes.class,
      "Zeros with a one at each label, i64; with -1 classes as many as the largest label needs.", c -> {
        Tensor labels = c.in(0);
        Indexing.index("oneHot", labels);
        int width = c.attributes().count();
        if (!labels.isShapeOnly() && labels.numel() > 0 && !Check.active()) {
          long low = labels.amin().itemLong(), high = labels.amax().itemLong();
          if (low < 0) throw new ShapeError("oneHot: labels must not be negative, got " + low + ".");
          if (width >= 0 && high >= width)
            throw new ShapeError("oneHot: label " + high + " does not fit into " + width + " classes.");
          if (width < 0) width = Shape.size("oneHot", "label " + high, Math.max(high, high + 1));
        }
        return labels.unsqueeze(-1).eq(Creation.range(Math.max(0, width), labels)).to(DType.i64);
      })
      .tests(t -> t.reference((classes, in) -> {
        int n = in.get(0).shape().length;
        int[] out = Arrays.copyOf(in.get(0).shape(), n + 1);
        out[n] = classes.count();
        return NdArray.by(out, i -> i[n] == in.get(0).at(Arrays.copyOf(i, n)) ? 1 : 0);
      }).with(new Classes(4), shape(3).index(4)).with(new Classes(3), shape(2, 2).index(3))
          .failsByValues(() -> Tensor.of(new long[] {3}).oneHot(2), "oneHot: label 3 does not fit into 2 classes.")
          .failsByValues(() -> Tensor.of(new long[] {-1}).oneHot(2), "oneHot: labels must not be negative, got -1.")
          .failsByValues(() -> Tensor.of(new long[] {Long.MAX_VALUE}).oneHot(-1),
              "oneHot: label 9223372036854775807 would give a dim of 9223372036854775807; a dim has at most 2147483647. "
                  + "Fix: smaller parts."))
          .build();

  /** The indexed dims' combined place, and the sizes of the others. */
  private record Places(Indexed at, Tensor place, int[] rest) {
    static Places of(String op, Tensor x, Indexed at, List<Tensor> indices) {
      Tensor place = null;
      for (int k = 0; k < indices.size(); k++) {
        int dim = at.dims()[k];
        Tensor index = wrapped(op, x, dim, indices.get(k));
        place = place == null ? index : place.mul(x.size(dim)).add(index);
      }
      return new Places(at, place, Arrays.stream(Indices.rest(at, x.getNdim())).map(x::size).toArray());
    }

    /** x as rows, one for each place. */
    Tensor rows(Tensor x) {
      int n = 1;
      for (int d : at.dims()) n *= x.size(d);
      return x.permute(join(at.dims(), Indices.rest(at, x.getNdim()))).reshape(join(new int[] {n}, rest));
    }

    /** The result, whose dims of the index come first, with them where they belong. */
    Tensor back(Tensor picked) {
      int n = place.getNdim(), front = at.together() ? at.dims()[0] : 0;
      return picked.movedim(IntStream.range(0, n).toArray(), IntStream.range(front, front + n).toArray());
    }

    static int[] common(List<int[]> shapes) {
      int[] out = new int[shapes.stream().mapToInt(s -> s.length).max().orElse(0)];
      Arrays.fill(out, 1);
      for (int[] s : shapes)
        for (int d = 1; d <= s.length; d++) if (s[s.length - d] != 1) out[out.length - d] = s[s.length - d];
      return out;
    }
  }

  private static List<Tensor> indices(Call<?> c, int from, int to) {
    return IntStream.range(from, to).mapToObj(c::in).toList();
  }

  private static int[] rest(Indexed at, int ndim) {
    return IntStream.range(0, ndim).filter(d -> Arrays.stream(at.dims()).noneMatch(i -> i == d)).toArray();
  }

  private static int[] join(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }

  /** Where the element at an index of the result stands in x: for oracles. */
  private static int[] source(Indexed indexed, List<NdArray> at, int[] rest, int front, int common, int[] i) {
    int[] from = new int[rest.length + at.size()], here = Arrays.copyOfRange(i, front, front + common);
    for (int k = 0; k < at.size(); k++) from[indexed.dims()[k]] = (int) Oracles.broadcast(at.get(k), here);
    for (int k = 0; k < rest.length; k++) from[rest[k]] = i[k < front ? k : k + common];
    return from;
  }

  /** Indices as i64 from 0, the negative ones counted from the end; only a combined place is checked by a kernel. */
  static Tensor wrapped(String op, Tensor x, int dim, Tensor index) {
    Indexing.index(op, index);
    int n = x.getNdim() == 0 ? 1 : x.size(dim);
    if (!Check.active() && !index.isShapeOnly() && index.numel() > 0) {
      long low = index.amin().itemLong(), high = index.amax().itemLong();
      if (low < -n || high >= n)
        throw new ShapeError(op + ": index " + (high >= n ? high : low) + " is out of range for dim " + dim + " of "
            + x.describe() + "; it takes " + -n + " to " + (n - 1) + ".");
    }
    Tensor wide = index.to(DType.i64);
    return Elementwise.where(wide.lt(0), wide.add(n), wide);
  }

  /**
   * The dims that are indexed and by what, with each mask as the places where it holds; null stands for a whole dim.
   */
  private record Brackets(Indexed dims, List<Tensor> indices) {
    static Brackets of(String op, Tensor x, Tensor... indices) {
      var dims = new ArrayList<Integer>();
      var all = new ArrayList<Tensor>();
      int at = 0;
      for (Tensor index : indices) {
        int width = index == null ? 1 : index.getDtype() == DType.bool ? index.getNdim() : 1;
        if (at + width > x.getNdim())
          throw new ShapeError(op + ": " + indices.length + " indices for " + x.describe() + ".");
        if (index != null && index.getDtype() == DType.bool) {
          for (int d = 0; d < width; d++)
            if (index.size(d) != x.size(at + d))
              throw new ShapeError(op + ": mask " + index.describe() + " does not fit dims " + at + " to "
                  + (at + width - 1)
                  + " of " + x.describe() + ".");
          Tensor places = nonzero(index);
          for (int d = 0; d < width; d++) {
            dims.add(at + d);
            all.add(places.select(1, d));
          }
        } else if (index != null) {
          dims.add(at);
          all.add(index);
        }
        at += width;
      }
      return new Brackets(new Indexed(dims.stream().mapToInt(d -> d).toArray()), all);
    }

    Tensor[] operands(Tensor x, Tensor... last) {
      var all = new ArrayList<Tensor>(List.of(x));
      all.addAll(indices);
      all.addAll(List.of(last));
      return all.toArray(Tensor[]::new);
    }
  }

  /** x[indices]: index tensors and masks of x's dims in order, null for a whole dim. */
  public static Tensor index(Tensor x, Tensor... indices) {
    Brackets b = Brackets.of("index", x, indices);
    return b.indices().isEmpty() ? x : Dispatch.call(INDEX, b.dims(), b.operands(x));
  }

  /** x with values at [indices]. */
  public static Tensor put(Tensor x, Tensor[] indices, Tensor values, boolean accumulate) {
    Brackets b = Brackets.of("indexPut", x, indices);
    Tensor fitted = values.isConstant() ? Creation.full(Shape.SCALAR, values.constantValue(), x.getDtype(),
        x.getDevice()) : values;
    if (b.indices().isEmpty()) return accumulate ? x.add(fitted) : fitted.expand(x.getShape());
    return Dispatch.call(INDEX_PUT, new Writing(b.dims(), accumulate), b.operands(x, fitted));
  }

  public static Tensor nonzero(Tensor x) {
    return Dispatch.call(NONZERO, null, x);
  }

  /** The places of elements that are not 0, a vector for each dim. */
  public static List<Tensor> where(Tensor condition) {
    return condition.atleast1d().nonzero().unbind(1);
  }

  public static Tensor takeAlongDim(Tensor x, Tensor index, int dim) {
    return Dispatch.call(TAKE_ALONG_DIM, new Dim(x.getShape().axis("takeAlongDim", dim)), x, index);
  }
}

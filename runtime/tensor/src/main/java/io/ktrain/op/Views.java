package io.ktrain.op;

import static io.ktrain.op.OpBuilder.composite;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpTests.shape;
import static io.ktrain.op.OpTests.strided;

import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Further views, made of those in {@link Shapes}: windows, diagonals, parts, dims moved. Elements are never copied. */
public final class Views {
  private Views() {}

  /** Windows of {@code size} elements, {@code step} apart. */
  public record Windows(int dim, int size, int step) {}

  /** The elements (i, i + offset) of two dims, {@code rows} and {@code columns}. */
  public record Diagonal(int offset, int rows, int columns) {
    int row() {
      return Math.max(0, -offset);
    }

    int column() {
      return Math.max(0, offset);
    }

    int length(Shape s) {
      return Math.max(0, Math.min(s.get(rows) - row(), s.get(columns) - column()));
    }
  }

  /** Where cuts lie along a dim. */
  public record Cuts(int dim, int... ends) {}

  public record Moves(int[] from, int[] to) {}

  public static final Op<Windows> UNFOLD = op("unfold", Windows.class,
      "All windows of a size along a dim, so many elements apart: their number in the dim's place, their elements "
          + "last.")
      .gives(c -> new Spec(unfolded(c.in(0), c.attributes()), c.in(0).getDtype()))
      .view((c, out) -> {
        Windows w = c.attributes();
        Layout l = c.in(0).layout();
        long[] strides = Arrays.copyOf(l.strides(), out.shape().ndim());
        strides[strides.length - 1] = c.in(0).getNdim() == 0 ? 1 : l.stride(w.dim());
        if (c.in(0).getNdim() > 0) strides[w.dim()] *= w.step();
        return new Layout(strides, l.offset());
      })
      .grad((c, g) -> folded(c.edge(0), c.attributes(), g))
      .tests(t -> t.reference((w, in) -> NdArray.by(windows(in.get(0).shape(), w), i -> {
        int[] at = Arrays.copyOf(i, i.length - 1);
        at[w.dim()] = at[w.dim()] * w.step() + i[i.length - 1];
        return in.get(0).at(at);
      })).with(new Windows(1, 3, 1), shape(2, 6)).with(new Windows(0, 2, 3), strided(7, 3))
          .with(new Windows(0, 2, 2), shape(4)).with(new Windows(1, 2, 1), shape(2, 5, 3))
          .fails(() -> Tensor.ones(2, 3).unfold(1, 4, 1),
              "unfold: windows of 4 by 1 do not fit into dim 1 of f32[2,3]. Fix: a size from 0 to 3 and a step from "
                  + "1."))
      .build();

  public static final Op<Diagonal> DIAGONAL = op("diagonal", Diagonal.class,
      "The elements (i, i + offset) of two dims, as a last dim.")
      .gives(c -> new Spec(diagonal(c.in(0), c.attributes()), c.in(0).getDtype()))
      .view((c, out) -> {
        Diagonal d = c.attributes();
        Layout l = c.in(0).layout();
        long[] strides = new long[out.shape().ndim()];
        int k = 0;
        for (int i = 0; i < c.in(0).getNdim(); i++) if (i != d.rows() && i != d.columns()) strides[k++] = l.stride(i);
        strides[k] = l.stride(d.rows()) + l.stride(d.columns());
        boolean empty = out.shape().get(-1) == 0;
        long start = d.row() * l.stride(d.rows()) + d.column() * l.stride(d.columns());
        return new Layout(strides, l.offset() + (empty ? 0 : start));
      })
      .grad((c, g) -> {
        Shape s = c.edge(0).getShape();
        return embedded(g, c.attributes(), s.get(c.attributes().rows()), s.get(c.attributes().columns()));
      })
      .tests(t -> t.reference((d, in) -> {
        int n = in.get(0).shape().length;
        int[] rest = IntStream.range(0, n).filter(i -> i != d.rows() && i != d.columns()).toArray();
        int[] sizes = IntStream.concat(Arrays.stream(rest).map(i -> in.get(0).shape()[i]),
            IntStream.of(d.length(Shape.of(in.get(0).shape())))).toArray();
        return NdArray.by(sizes, i -> {
          int[] at = new int[n];
          for (int k = 0; k < rest.length; k++) at[rest[k]] = i[k];
          at[d.rows()] = i[n - 2] + d.row();
          at[d.columns()] = i[n - 2] + d.column();
          return in.get(0).at(at);
        });
      }).with(new Diagonal(0, 0, 1), shape(3, 4)).with(new Diagonal(1, 0, 1), strided(4, 3))
          .with(new Diagonal(-1, 2, 0), shape(3, 2, 4)).with(new Diagonal(9, 0, 1), shape(2, 2))
          .fails(() -> Tensor.ones(2, 2).diagonal(0, 1, -1),
              "diagonal: dims 1 and 1 of f32[2,2] must be two different ones."))
      .build();

  public static final Op<Diagonal> DIAG_EMBED = composite("diagEmbed", Diagonal.class,
      "Square matrices of zeros, in two new dims, whose diagonal at an offset is the last dim.", c -> {
        int n = c.in(0).size(-1) + Math.abs(c.attributes().offset());
        return embedded(c.in(0), c.attributes(), n, n);
      })
      .tests(t -> t.reference((d, in) -> {
        int n = in.get(0).shape().length + 1, size = in.get(0).shape()[n - 2] + Math.abs(d.offset());
        int[] rest = IntStream.range(0, n).filter(i -> i != d.rows() && i != d.columns()).toArray();
        int[] sizes = new int[n];
        Arrays.fill(sizes, size);
        for (int k = 0; k < rest.length; k++) sizes[rest[k]] = in.get(0).shape()[k];
        return NdArray.by(sizes, i -> {
          if (i[d.columns()] - i[d.rows()] != d.offset()) return 0;
          int[] at = new int[n - 1];
          for (int k = 0; k < rest.length; k++) at[k] = i[rest[k]];
          at[n - 2] = i[d.rows()] - d.row();
          return in.get(0).at(at);
        });
      }).with(new Diagonal(0, 0, 1), shape(3)).with(new Diagonal(1, 1, 2), strided(2, 3))
          .with(new Diagonal(-2, 0, 2), shape(2, 3))).build();

  public static final Op<Moves> MOVEDIM = composite("movedim", Moves.class,
      "Dims moved to other places; the rest keep their order.",
      c -> {
        int n = c.in(0).getNdim();
        int[] from = c.attributes().from(), to = c.attributes().to(), order = new int[n];
        if (from.length != to.length || Arrays.stream(from).distinct().count() < from.length
            || Arrays.stream(to).distinct().count() < to.length)
          throw new ShapeError("movedim: from " + Arrays.toString(from) + " to " + Arrays.toString(to)
              + " must be as many different dims.");
        Arrays.fill(order, -1);
        for (int i = 0; i < from.length; i++) order[to[i]] = from[i];
        int[] rest = IntStream.range(0, n).filter(d -> Arrays.stream(from).noneMatch(f -> f == d)).toArray();
        for (int d = 0, k = 0; d < n; d++) if (order[d] < 0) order[d] = rest[k++];
        return c.in(0).permute(order);
      })
      .tests(t -> t.reference((m, in) -> {
        int[] s = in.get(0).shape();
        return NdArray.by(new int[] {s[1], s[0], s[2]}, i -> in.get(0).at(i[1], i[0], i[2]));
      }).with(new Moves(new int[] {1}, new int[] {0}), shape(2, 3, 4))
          .with(new Moves(new int[] {0, 2}, new int[] {1, 2}), strided(2, 3, 4))
          .fails(() -> Tensor.ones(2, 3).movedim(new int[] {0, 0}, new int[] {0, 1}),
              "movedim: from [0, 0] to [0, 1] must be as many different dims.")).build();

  public static final Op<Cuts> SPLIT = op("split", Cuts.class, "The parts of a dim between cuts, one after another.")
      .decompose(c -> {
        int[] ends = c.attributes().ends();
        Tensor[] parts = new Tensor[ends.length];
        for (int i = 0, at = 0; i < ends.length; at = ends[i++])
          parts[i] = c.in(0).narrow(c.attributes().dim(), at, Math.max(0, ends[i] - at));
        return parts;
      })
      .tests(t -> t.reference(part(0), part(1)).with(new Cuts(1, 2, 5), shape(2, 5))
      .with(new Cuts(0, 1, 4, 6), strided(6, 3))
          .fails(() -> Tensor.ones(2, 3).split(new int[] {1, 1}, 1),
              "split: sizes [1, 1] add up to 2, but dim 1 of f32[2,3] has 3.")).build();

  public static final Op<Shapes.Dim> UNBIND = op("unbind", Shapes.Dim.class, "The slices of a dim, without it.")
      .decompose(c -> {
        Tensor x = c.in(0);
        if (x.getNdim() == 0) throw new ShapeError("unbind: a single value has no dims.");
        return IntStream.range(0, x.size(c.attributes().dim())).mapToObj(i -> x.select(c.attributes().dim(), i))
            .toArray(Tensor[]::new);
      })
      .tests(t -> t.reference((along, in) -> NdArray.by(new int[] {in.get(0).shape()[0]}, i -> in.get(0).at(i[0], 0)))
          .with(new Shapes.Dim(1), shape(3, 2)).sample(strided(2, 3))).build();

  private static OpTests.Oracle<Cuts> part(int number) {
    return (cuts, in) -> {
      int from = number == 0 ? 0 : cuts.ends()[number - 1];
      return Oracles.slice(new Shapes.Cut(cuts.dim(), from, cuts.ends()[number] - from, 1), in);
    };
  }

  private static Shape unfolded(Tensor x, Windows w) {
    int n = x.getNdim() == 0 ? 1 : x.size(w.dim());
    if (w.size() < 0 || w.size() > n || w.step() < 1)
      throw new ShapeError("unfold: windows of " + w.size() + " by " + w.step() + " do not fit into dim " + w.dim()
          + " of "
          + x.describe() + ". Fix: a size from 0 to " + n + " and a step from 1.");
    return x.getNdim() == 0 ? Shape.of(w.size()) : Shape.of(windows(x.getShape().toArray(), w));
  }

  private static int[] windows(int[] shape, Windows w) {
    int[] out = Arrays.copyOf(shape, shape.length + 1);
    out[w.dim()] = (shape[w.dim()] - w.size()) / w.step() + 1;
    out[shape.length] = w.size();
    return out;
  }

  /** What windows hold, added up where they overlap. */
  private static Tensor folded(Tensor x, Windows w, Tensor g) {
    if (x.getNdim() == 0) return g.sum();
    Tensor start = Creation.range(g.size(w.dim()), g).mul(w.step()).unsqueeze(1);
    Tensor place = start.add(Creation.range(w.size(), g)).flatten();
    Tensor rows = g.movedim(-1, w.dim() + 1).flatten(w.dim(), w.dim() + 1);
    return Dispatch.call(Indexing.INDEX_ADD, new Indexing.Dim(w.dim()), zeros(x, g), place, rows);
  }

  private static Tensor zeros(Tensor x, Tensor g) {
    return Creation.full(x.getShape(), 0, g.getDtype(), g.getDevice());
  }

  private static Shape diagonal(Tensor x, Diagonal d) {
    if (x.getNdim() < 2 || d.rows() == d.columns())
      throw new ShapeError("diagonal: dims " + d.rows() + " and " + d.columns() + " of " + x.describe()
          + " must be two different ones.");
    int[] out = new int[x.getNdim() - 1];
    int k = 0;
    for (int i = 0; i < x.getNdim(); i++) if (i != d.rows() && i != d.columns()) out[k++] = x.size(i);
    out[k] = d.length(x.getShape());
    return Shape.of(out);
  }

  /** Matrices [n, m] of zeros whose diagonal is the last dim of {@code x}, in the dims that {@code d} names. */
  private static Tensor embedded(Tensor x, Diagonal d, int n, int m) {
    int length = x.size(-1);
    Tensor place = Creation.range(length, x);
    Tensor square = Elementwise.kept(place.unsqueeze(1).eq(place), x.unsqueeze(-1));
    int[] widths = {d.column(), m - d.column() - length, d.row(), n - d.row() - length};
    Tensor whole = length == 0 ? square.pad(new int[] {0, m, 0, n}, 0) : square.pad(widths, 0);
    return whole.movedim(new int[] {-2, -1}, new int[] {d.rows(), d.columns()});
  }

  public static Tensor unfold(Tensor x, int dim, int size, int step) {
    return Dispatch.call(UNFOLD, new Windows(x.getShape().axis("unfold", dim), size, step), x);
  }

  public static Tensor diagonal(Tensor x, int offset, int dim1, int dim2) {
    Shape s = x.getShape();
    return Dispatch.call(DIAGONAL, new Diagonal(offset, s.axis("diagonal", dim1), s.axis("diagonal", dim2)), x);
  }

  public static Tensor diagEmbed(Tensor x, int offset, int dim1, int dim2) {
    if (x.getNdim() == 0) throw new ShapeError("diagEmbed: needs at least one dim, got " + x.describe() + ".");
    Shape with = Shape.of(new int[x.getNdim() + 1]);
    return Dispatch.call(DIAG_EMBED,
        new Diagonal(offset, with.axis("diagEmbed", dim1), with.axis("diagEmbed", dim2)), x);
  }

  public static Tensor movedim(Tensor x, int[] from, int[] to) {
    return Dispatch.call(MOVEDIM, new Moves(axes("movedim", x, from), axes("movedim", x, to)), x);
  }

  static int[] axes(String op, Tensor x, int... dims) {
    return Arrays.stream(dims).map(d -> x.getShape().axis(op, d)).toArray();
  }

  /** Parts of these sizes. */
  public static List<Tensor> split(Tensor x, int[] sizes, int dim) {
    int d = x.getShape().axis("split", dim), total = Arrays.stream(sizes).sum();
    if (x.getNdim() == 0) throw new ShapeError("split: a single value has no dims to cut.");
    if (total != x.size(d) || Arrays.stream(sizes).anyMatch(n -> n < 0))
      throw new ShapeError("split: sizes " + Arrays.toString(sizes) + " add up to " + total + ", but dim " + d + " of "
          + x.describe() + " has " + x.size(d) + ".");
    int[] ends = sizes.clone();
    Arrays.parallelPrefix(ends, Integer::sum);
    return cut(x, d, ends);
  }

  /** Parts of one size, the last of what is left. */
  public static List<Tensor> split(Tensor x, int size, int dim) {
    int d = x.getShape().axis("split", dim);
    if (x.getNdim() == 0) throw new ShapeError("split: a single value has no dims to cut.");
    int n = x.size(d);
    if (size < 1) throw new ShapeError("split: the size of a part must be positive, got " + size + ".");
    int parts = Math.max(1, (n + size - 1) / size);
    return cut(x, d, IntStream.rangeClosed(1, parts).map(i -> Math.min(n, i * size)).toArray());
  }

  /** At most so many parts of one size, as torch.chunk. */
  public static List<Tensor> chunk(Tensor x, int parts, int dim) {
    if (parts < 1) throw new ShapeError("chunk: the number of parts must be positive, got " + parts + ".");
    int n = x.getNdim() == 0 ? 0 : x.size(dim);
    return split(x, Math.max(1, (n + parts - 1) / parts), dim);
  }

  /** Exactly so many parts, the first ones larger by one where they cannot all be of one size. */
  public static List<Tensor> tensorSplit(Tensor x, int parts, int dim) {
    if (parts < 1) throw new ShapeError("tensorSplit: the number of parts must be positive, got " + parts + ".");
    int n = x.size(dim), each = n / parts, larger = n % parts;
    return cut(x, x.getShape().axis("tensorSplit", dim),
        IntStream.rangeClosed(1, parts).map(i -> i * each + Math.min(i, larger)).toArray());
  }

  /** The parts that begin at 0 and at each of the places. */
  public static List<Tensor> tensorSplit(Tensor x, int[] places, int dim) {
    int d = x.getShape().axis("tensorSplit", dim), n = x.size(d);
    int[] ends = Arrays.copyOf(places, places.length + 1);
    ends[places.length] = n;
    for (int i = 0; i < ends.length; i++) ends[i] = Math.clamp(ends[i] < 0 ? ends[i] + n : ends[i], 0, n);
    return cut(x, d, ends);
  }

  private static List<Tensor> cut(Tensor x, int dim, int[] ends) {
    return List.of(Dispatch.all(SPLIT, new Cuts(dim, ends), x));
  }

  public static List<Tensor> unbind(Tensor x, int dim) {
    return List.of(Dispatch.all(UNBIND, new Shapes.Dim(x.getShape().axis("unbind", dim)), x));
  }
}

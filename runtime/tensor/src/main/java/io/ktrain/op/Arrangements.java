package io.ktrain.op;

import static io.ktrain.op.OpBuilder.composite;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpTests.shape;
import static io.ktrain.op.OpTests.strided;

import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** New tensors of the same elements, made of what {@link Shapes} has: repeated, rolled, turned, stacked, meshed. */
public final class Arrangements {
  private Arrangements() {}

  public record Counts(int... of) {}

  /** How far each of some dims moves. */
  public record Shifts(int[] by, int[] dims) {}

  /** Quarter turns from the first dim towards the second. */
  public record Turns(int count, int first, int second) {}

  public record Times(int count, int dim) {}

  public record Offset(int diagonal) {}

  /** Whether the first two dims change places, as the indexing "xy". */
  public record Grid(boolean swapped) {}

  public static final Op<Counts> REPEAT = composite("repeat", Counts.class,
      "The whole tensor again and again along each dim; further counts come first.", c -> {
        Tensor x = c.in(0);
        int[] counts = c.attributes().of();
        int n = counts.length, extra = n - x.getNdim();
        if (extra < 0 || Arrays.stream(counts).anyMatch(i -> i < 0))
          throw new ShapeError("repeat: " + Arrays.toString(counts) + " must name a count for each dim of "
              + x.describe() + ".");
        int[] apart = new int[2 * n], wide = new int[2 * n], out = new int[n];
        for (int d = 0; d < n; d++) {
          int size = d < extra ? 1 : x.size(d - extra);
          apart[2 * d] = 1;
          wide[2 * d] = counts[d];
          apart[2 * d + 1] = wide[2 * d + 1] = size;
          out[d] = Shape.size("repeat", Arrays.toString(counts) + " times " + x.describe(), (long) counts[d] * size);
        }
        return own(x.reshape(apart).expand(wide).reshape(out), x);
      })
      .tests(t -> t.reference((counts, in) -> {
        int[] own = in.get(0).shape(), out = counts.of().clone();
        int extra = out.length - own.length;
        for (int d = extra; d < out.length; d++) out[d] *= own[d - extra];
        return NdArray.by(out, i -> {
          int[] at = new int[own.length];
          for (int d = 0; d < at.length; d++) at[d] = i[d + extra] % own[d];
          return in.get(0).at(at);
        });
      }).with(new Counts(2, 3), shape(2, 3)).with(new Counts(2, 1, 2), strided(4, 3)).with(new Counts(0, 2), shape(3))
          .fails(() -> Tensor.ones(2, 3).repeat(2), "repeat: [2] must name a count for each dim of f32[2,3].")
          .fails(() -> Tensor.ones(2, 3).repeat(2147483647, 2),
              "repeat: [2147483647, 2] times f32[2,3] would give a dim of 4294967294; a dim has at most 2147483647. "
                  + "Fix: smaller parts.")).build();

  public static final Op<Times> REPEAT_INTERLEAVE = composite("repeatInterleave", Times.class,
      "Each slice of a dim so many times in a row.", c -> {
        int dim = c.attributes().dim(), count = c.attributes().count();
        if (count < 0) throw new KtrainException("repeatInterleave: the count must not be negative, got " + count
            + ".");
        Shape.size("repeatInterleave", count + " times each slice of dim " + dim + " of " + c.in(0).describe(),
            (long) count * c.in(0).size(dim));
        int[] wide = c.in(0).unsqueeze(dim + 1).getShape().toArray();
        wide[dim + 1] = count;
        return own(c.in(0).unsqueeze(dim + 1).expand(wide).flatten(dim, dim + 1), c.in(0));
      })
      .tests(t -> t.reference((times, in) -> {
        int[] out = in.get(0).shape().clone();
        out[times.dim()] *= times.count();
        return NdArray.by(out, i -> {
          i[times.dim()] /= times.count();
          return in.get(0).at(i);
        });
      }).with(new Times(2, 1), shape(2, 3)).with(new Times(3, 0), strided(4, 3))
          .fails(() -> Tensor.ones(2).repeatInterleave(2000000000, 0),
              "repeatInterleave: 2000000000 times each slice of dim 0 of f32[2] would give a dim of 4000000000; a dim "
                  + "has at most 2147483647. Fix: smaller parts.")
          .failsByValues(() -> Tensor.ones(2).repeatInterleave(Tensor.of(new long[] {1, 3000000000L}), 0),
              "repeatInterleave: the sum of the counts would give a dim of 3000000001; a dim has at most 2147483647. "
                  + "Fix: smaller parts.")).build();

  public static final Op<Shifts> ROLL = composite("roll", Shifts.class,
      "Elements moved on along dims; those that leave at the end come in at the start.", c -> {
        int[] by = c.attributes().by(), dims = c.attributes().dims();
        if (by.length != dims.length)
          throw new ShapeError("roll: " + by.length + " shifts and " + dims.length + " dims must be as many.");
        Tensor x = c.in(0);
        if (x.getNdim() == 0) throw new ShapeError("roll: a single value has no dims.");
        for (int i = 0; i < dims.length; i++) {
          int n = x.size(dims[i]), at = n == 0 ? 0 : Math.floorMod(-by[i], n);
          if (at != 0) x = Shapes.cat(List.of(x.narrow(dims[i], at, n - at), x.narrow(dims[i], 0, at)), dims[i]);
        }
        return own(x, c.in(0));
      })
      .tests(t -> t.reference((s, in) -> NdArray.by(in.get(0).shape(), i -> {
        for (int k = 0; k < s.dims().length; k++)
          i[s.dims()[k]] = Math.floorMod(i[s.dims()[k]] - s.by()[k], in.get(0).shape()[s.dims()[k]]);
        return in.get(0).at(i);
      })).with(new Shifts(new int[] {1}, new int[] {1}), shape(2, 3))
          .with(new Shifts(new int[] {-5, 2}, new int[] {0, 1}), strided(4, 3))
          .with(new Shifts(new int[] {3}, new int[] {0}), shape(0, 2))
          .fails(() -> Tensor.ones(2).roll(new int[] {1, 2}, new int[] {0}),
              "roll: 2 shifts and 1 dims must be as many."))
      .build();

  public static final Op<Turns> ROT90 = composite("rot90", Turns.class,
      "Turned by quarters in the plane of two dims.", c -> {
        Turns t = c.attributes();
        return switch (Math.floorMod(t.count(), 4)) {
          case 1 -> c.in(0).transpose(t.first(), t.second()).flip(t.first());
          case 2 -> c.in(0).flip(t.first(), t.second());
          case 3 -> c.in(0).flip(t.first()).transpose(t.first(), t.second());
          default -> c.in(0).copy();
        };
      })
      .tests(t -> t.reference((turns, in) -> {
        NdArray x = in.get(0);
        for (int k = 0; k < Math.floorMod(turns.count(), 4); k++) {
          NdArray from = x;
          x = NdArray.by(new int[] {from.shape()[1], from.shape()[0]}, i -> from.at(i[1], from.shape()[1] - 1 - i[0]));
        }
        return x;
      }).with(new Turns(1, 0, 1), shape(2, 3)).with(new Turns(2, 0, 1), strided(4, 3))
          .with(new Turns(-1, 0, 1), shape(2, 3))
          .with(new Turns(4, 0, 1), shape(2, 3))).build();

  public static final Op<Offset> DIAG = composite("diag", Offset.class,
      "The matrix of a diagonal, or the diagonal of a matrix.", c -> switch (c.in(0).getNdim()) {
        case 1 -> Views.diagEmbed(c.in(0), c.attributes().diagonal(), 0, 1);
        case 2 -> Views.diagonal(c.in(0), c.attributes().diagonal(), 0, 1);
        default -> throw new ShapeError("diag: needs a vector or a matrix, got " + c.in(0).describe() + ".");
      })
      .tests(t -> t.reference((o, in) -> {
        NdArray x = in.get(0);
        int k = o.diagonal(), row = Math.max(0, -k), column = Math.max(0, k);
        if (x.shape().length == 1) {
          int n = x.shape()[0] + Math.abs(k);
          return NdArray.by(new int[] {n, n}, i -> i[1] - i[0] == k ? x.at(i[0] - row) : 0);
        }
        int n = Math.max(0, Math.min(x.shape()[0] - row, x.shape()[1] - column));
        return NdArray.by(new int[] {n}, i -> x.at(i[0] + row, i[0] + column));
      }).with(new Offset(0), shape(3)).with(new Offset(-1), shape(2)).with(new Offset(1), strided(4, 3))
          .fails(() -> Tensor.ones(2, 2, 2).diag(0), "diag: needs a vector or a matrix, got f32[2,2,2].")).build();

  public static final Op<Void> TRACE = composite("trace", "The sum of a matrix' diagonal.", c -> {
        if (c.in(0).getNdim() != 2) throw new ShapeError("trace: needs a matrix, got " + c.in(0).describe() + ".");
        return Views.diagonal(c.in(0), 0, 0, 1).sum();
      })
      .tests(t -> t.reference((none, in) -> NdArray.scalar(IntStream.range(0, Math.min(in.get(0).shape()[0],
          in.get(0).shape()[1])).mapToDouble(i -> in.get(0).at(i, i)).sum()))
          .sample(shape(3, 4)).sample(strided(4, 4)).sample(shape(0, 2))).build();

  public static final Op<Offset> TRIU = triangle("triu", true, "Zeros below a diagonal of the last two dims.");
  public static final Op<Offset> TRIL = triangle("tril", false, "Zeros above a diagonal of the last two dims.");

  public static final Op<Void> HSTACK = composite("hstack",
      "Joined side by side: vectors along dim 0, others along dim 1.",
      c -> Shapes.cat(inputs(c).stream().map(Tensor::atleast1d).toList(),
          c.in(0).getNdim() < 2 ? 0 : 1))
      .tests(t -> t.reference((none, in) -> Oracles.cat(new Shapes.Dim(in.get(0).shape().length < 2 ? 0 : 1), in))
          .sample(shape(2), shape(3)).sample(shape(2, 1), strided(2, 3))).build();

  public static final Op<Void> VSTACK = composite("vstack", "Joined one below the other; vectors are rows.",
      c -> Shapes.cat(inputs(c).stream().map(Tensor::atleast2d).toList(), 0))
      .tests(t -> t.reference((none, in) -> Oracles.cat(new Shapes.Dim(0), in.stream().map(x -> x.shape().length > 1 ? x
          : new NdArray(new int[] {1, x.shape()[0]}, x.data())).toList()))
          .sample(shape(3), shape(2, 3)).sample(strided(2, 3), shape(1, 3))).build();

  public static final Op<Void> DSTACK = composite("dstack", "Joined along dim 2; matrices are [h, w, 1].",
      c -> Shapes.cat(inputs(c).stream().map(Tensor::atleast3d).toList(), 2))
      .tests(t -> t.reference((none, in) -> NdArray.by(new int[] {2, 3, 2}, i -> in.get(i[2]).at(i[0], i[1])))
          .sample(shape(2, 3), strided(2, 3))).build();

  public static final Op<Void> BLOCK_DIAG = composite("blockDiag",
      "Matrices along the diagonal of a larger one of zeros.",
      c -> {
        int columns = 0, column = 0;
        List<Tensor> blocks = inputs(c).stream().map(Tensor::atleast2d).toList();
        for (Tensor b : blocks) {
          if (b.getNdim() > 2) throw new ShapeError("blockDiag: a block has at most two dims, got " + b.describe()
              + ".");
          columns += b.size(1);
        }
        var wide = new ArrayList<Tensor>();
        for (Tensor b : blocks) {
          wide.add(b.pad(new int[] {column, columns - column - b.size(1)}, 0));
          column += b.size(1);
        }
        return Shapes.cat(wide, 0);
      })
      .tests(t -> t.reference((none, in) -> {
        NdArray out = NdArray.zeros(3, 5);
        in.get(0).each((i, v) -> out.set(v, i));
        in.get(1).each((i, v) -> out.set(v, 2, i[i.length - 1] + 3));
        return out;
      }).sample(shape(2, 3), shape(2)).sample(strided(2, 3), shape(1, 2))).build();

  public static final Op<Void> KRON = composite("kron", "The Kronecker product: each element of x times all of y.",
      c -> {
        Tensor x = c.in(0), y = c.in(1);
        int n = Math.max(x.getNdim(), y.getNdim());
        int[] left = new int[2 * n], right = new int[2 * n], out = new int[n];
        for (int d = 0; d < n; d++) {
          int a = d < n - x.getNdim() ? 1 : x.size(d - n + x.getNdim()),
              b = d < n - y.getNdim() ? 1 : y.size(d - n + y.getNdim());
          left[2 * d] = a;
          left[2 * d + 1] = right[2 * d] = 1;
          right[2 * d + 1] = b;
          out[d] = Shape.size("kron", x.describe() + " times " + y.describe(), (long) a * b);
        }
        return x.reshape(left).mul(y.reshape(right)).reshape(out);
      })
      .tests(t -> t.reference((none, in) -> {
        NdArray x = in.get(0), y = in.get(1);
        int[] s = y.shape().length == 2 ? y.shape() : new int[] {1, y.shape()[0]};
        return NdArray.by(new int[] {x.shape()[0] * s[0], x.shape()[1] * s[1]},
            i -> x.at(i[0] / s[0], i[1] / s[1]) * y.data()[i[0] % s[0] * s[1] + i[1] % s[1]]);
      }).sample(shape(2, 3), shape(3, 2)).sample(strided(4, 3), shape(2))
          .fails(() -> Tensor.ones(1).expand(70000).kron(Tensor.ones(1).expand(70000)),
              "kron: f32[70000] times f32[70000] would give a dim of 4900000000; a dim has at most 2147483647. "
                  + "Fix: smaller parts.")).build();

  public static final Op<Grid> MESHGRID = op("meshgrid", Grid.class,
      "Vectors as the coordinates of a grid: each stretched over the dims of the others.")
      .decompose(c -> {
        boolean swapped = c.attributes().swapped() && c.inputs() > 1;
        int n = c.inputs();
        int[] sizes = new int[n];
        for (int i = 0; i < n; i++) {
          if (c.in(i).getNdim() > 1) throw new ShapeError("meshgrid: needs vectors, got " + c.in(i).describe() + ".");
          sizes[i] = Math.toIntExact(c.in(i).numel());
        }
        Tensor[] out = new Tensor[n];
        for (int i = 0; i < n; i++) {
          int[] own = new int[n];
          Arrays.fill(own, 1);
          own[i] = sizes[i];
          out[i] = c.in(i).reshape(own).expand(sizes);
          if (swapped) out[i] = out[i].transpose(0, 1);
        }
        return out;
      })
      .tests(t -> t.reference(coordinate(0), coordinate(1)).with(new Grid(false), shape(2), shape(3))
          .with(new Grid(true), strided(3), shape(2)).with(new Grid(false), shape(2), shape(), shape(3))).build();

  public static final Op<Void> CARTESIAN_PROD = composite("cartesianProd",
      "All combinations of the vectors' elements, one a row, the last vector's changing fastest.", c -> {
        if (c.inputs() == 1) return c.in(0);
        var columns = new ArrayList<Tensor>();
        for (Tensor t
            : Dispatch.all(MESHGRID, new Grid(false), inputs(c).toArray(Tensor[]::new))) columns.add(t.flatten());
        return Shapes.stack(columns, 1);
      })
      .tests(t -> t.reference((none, in) -> {
        int n = in.get(1).shape()[0];
        return NdArray.by(new int[] {in.get(0).shape()[0] * n, 2},
            i -> i[1] == 0 ? in.get(0).at(i[0] / n) : in.get(1).at(i[0] % n));
      }).sample(shape(2), shape(3)).sample(strided(3), shape(2))).build();

  public static final Op<Void> BROADCAST_TENSORS = op("broadcastTensors",
      "All inputs read in the one shape they broadcast to.")
      .decompose(c -> {
        Shape to = Pointwise.broadcast("broadcastTensors", c);
        return inputs(c).stream().map(t -> t.expand(to)).toArray(Tensor[]::new);
      })
      .tests(t -> t.reference((none, in) -> NdArray.by(new int[] {2, 3}, i -> Oracles.broadcast(in.get(0), i)),
          (none, in) -> NdArray.by(new int[] {2, 3}, i -> Oracles.broadcast(in.get(1), i)))
          .sample(shape(2, 1), shape(3)).sample(shape(), strided(2, 3))).build();

  private static OpTests.Oracle<Grid> coordinate(int of) {
    return (grid, in) -> {
      int[] sizes = in.stream().mapToInt(x -> x.data().length).toArray();
      int[] shape = sizes.clone();
      if (grid.swapped()) {
        shape[0] = sizes[1];
        shape[1] = sizes[0];
      }
      return NdArray.by(shape, i -> in.get(of).data()[i[grid.swapped() && of < 2 ? 1 - of : of]]);
    };
  }

  private static Op<Offset> triangle(String name, boolean upper, String doc) {
    return composite(name, Offset.class, doc, c -> {
      Tensor x = c.in(0);
      if (x.getNdim() < 2) throw new ShapeError(name + ": needs at least two dims, got " + x.describe() + ".");
      Tensor distance = Creation.range(x.size(-1), x).sub(Creation.range(x.size(-2), x).unsqueeze(1));
      int diagonal = c.attributes().diagonal();
      return Elementwise.kept(upper ? distance.ge(diagonal) : distance.le(diagonal), x);
    }).tests(t -> t.reference((o, in) -> NdArray.by(in.get(0).shape(), i -> {
      int distance = i[i.length - 1] - i[i.length - 2];
      return (upper ? distance >= o.diagonal() : distance <= o.diagonal()) ? in.get(0).at(i) : 0;
    })).with(new Offset(0), shape(3, 4)).with(new Offset(-1), strided(4, 3)).with(new Offset(2), shape(2, 3, 3))
        .fails(() -> upper ? Tensor.ones(2).triu(0) : Tensor.ones(2).tril(0),
            name + ": needs at least two dims, got f32[2].")).build();
  }

  /** A copy of what may be x itself or a view of it: writing to a result must not change x. */
  static Tensor own(Tensor result, Tensor x) {
    return result.sharesStorage(x) ? result.copy() : result;
  }

  static List<Tensor> inputs(Call<?> c) {
    if (c.inputs() == 0) throw new ShapeError(c.op().name() + ": needs at least one tensor.");
    return IntStream.range(0, c.inputs()).mapToObj(c::in).toList();
  }

  /** A call with any number of tensors. */
  public static Tensor of(Op<Void> op, List<Tensor> tensors) {
    return Dispatch.call(op, null, tensors.toArray(Tensor[]::new));
  }

  public static Tensor tile(Tensor x, int... counts) {
    int[] all = counts;
    if (counts.length < x.getNdim()) {
      all = new int[x.getNdim()];
      Arrays.fill(all, 1);
      System.arraycopy(counts, 0, all, all.length - counts.length, counts.length);
    }
    return x.repeat(all);
  }

  public static Tensor repeatInterleave(Tensor x, int count, int dim) {
    return Dispatch.call(REPEAT_INTERLEAVE, new Times(count, x.getShape().axis("repeatInterleave", dim)), x);
  }

  /** Each slice as often as its own count; while checking, once. */
  public static Tensor repeatInterleave(Tensor x, Tensor counts, int dim) {
    Indexing.index("repeatInterleave", counts);
    int n = x.size(dim);
    if (counts.getNdim() != 1 || counts.size(0) != n)
      throw new ShapeError("repeatInterleave: counts " + counts.describe() + " must be one for each of the " + n
          + " slices of dim " + dim + " of " + x.describe() + ".");
    if (Check.active() || counts.isShapeOnly()) return x;
    long[] each = counts.toLongArray();
    int total = 0;
    for (int i = 0; i < n; i++) {
      if (each[i] < 0) throw new KtrainException("repeatInterleave: the count must not be negative, got " + each[i]
          + ".");
      total = Shape.size("repeatInterleave", "the sum of the counts", Math.max(each[i], total + each[i]));
    }
    long[] places = new long[total];
    for (int i = 0, at = 0; i < n; at += each[i++]) Arrays.fill(places, at, at + (int) each[i], i);
    return x.indexSelect(dim, Tensor.of(places).to(x.getDevice()));
  }

  public static Tensor roll(Tensor x, int[] by, int[] dims) {
    return Dispatch.call(ROLL, new Shifts(by, Views.axes("roll", x, dims)), x);
  }

  public static Tensor rot90(Tensor x, int count, int first, int second) {
    int a = x.getShape().axis("rot90", first), b = x.getShape().axis("rot90", second);
    if (x.getNdim() < 2 || a == b)
      throw new ShapeError("rot90: dims " + a + " and " + b + " of " + x.describe() + " must be two different ones.");
    return Dispatch.call(ROT90, new Turns(count, a, b), x);
  }

  public static List<Tensor> meshgrid(List<Tensor> vectors, String indexing) {
    if (!indexing.equals("ij") && !indexing.equals("xy"))
      throw new KtrainException("meshgrid: the indexing is \"ij\" or \"xy\", got \"" + indexing + "\".");
    if (vectors.isEmpty()) throw new ShapeError("meshgrid: needs at least one tensor.");
    return List.of(Dispatch.all(MESHGRID, new Grid(indexing.equals("xy")), vectors.toArray(Tensor[]::new)));
  }

  public static List<Tensor> broadcastTensors(List<Tensor> tensors) {
    return tensors.isEmpty() ? List.of() : List.of(Dispatch.all(BROADCAST_TENSORS, null,
        tensors.toArray(Tensor[]::new)));
  }

  /** Where the elements of a triangle of an n by m matrix stand: i64[2, count], rows above columns. */
  public static Tensor triangleIndices(int n, int m, int offset, boolean upper) {
    var places = new ArrayList<int[]>();
    for (int r = 0; r < n; r++)
      for (int k = 0; k < m; k++) if (upper ? k - r >= offset : k - r <= offset) places.add(new int[] {r, k});
    long[] both = new long[2 * places.size()];
    for (int i = 0; i < places.size(); i++) {
      both[i] = places.get(i)[0];
      both[i + places.size()] = places.get(i)[1];
    }
    return Tensor.of(both, 2, places.size()).to(Context.current().device());
  }

  public static Tensor atLeast(Tensor x, int ndim) {
    return switch (ndim - x.getNdim()) {
      case 1 -> ndim == 3 ? x.unsqueeze(-1) : x.unsqueeze(0);
      case 2 -> ndim == 3 ? x.unsqueeze(0).unsqueeze(-1) : x.reshape(1, 1);
      case 3 -> x.reshape(1, 1, 1);
      default -> x;
    };
  }

  public static Tensor unflatten(Tensor x, int dim, int... sizes) {
    int d = x.getShape().axis("unflatten", dim);
    int[] own = x.getShape().toArray(), inner = Shapes.wanted("unflatten", own[d], x, sizes);
    int[] out = new int[own.length - 1 + inner.length];
    System.arraycopy(own, 0, out, 0, d);
    System.arraycopy(inner, 0, out, d, inner.length);
    System.arraycopy(own, d + 1, out, d + inner.length, own.length - d - 1);
    return x.reshape(out);
  }

  public static Tensor squeeze(Tensor x, int... dims) {
    int[] axes = Views.axes("squeeze", x, dims);
    return x.reshape(IntStream.range(0, x.getNdim())
        .filter(d -> x.size(d) != 1 || Arrays.stream(axes).noneMatch(a -> a == d)).map(x::size).toArray());
  }
}

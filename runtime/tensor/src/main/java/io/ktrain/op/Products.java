package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.LOWER;
import static io.ktrain.op.OpBuilder.composite;
import static io.ktrain.op.OpTests.shape;
import static io.ktrain.op.OpTests.strided;

import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Products of vectors, matrices and tensors made of matrix products. */
public final class Products {
  private Products() {}

  /** beta times what is added to, alpha times the product. */
  public record Scales(double beta, double alpha) {}

  public record Contracted(int[] left, int[] right) {}

  public record Power(int n) {}

  public static final Op<Void> MV = composite("mv", "A matrix times a vector.", c -> {
        ranks(c, 2, 1);
        return c.in(0).matmul(c.in(1));
      }).tests(t -> t.reference((none, in) -> NdArray.by(new int[] {in.get(0).shape()[0]}, i -> IntStream
          .range(0, in.get(1).shape()[0]).mapToDouble(k -> in.get(0).at(i[0], k) * in.get(1).at(k)).sum()))
          .sample(shape(3, 4), shape(4)).sample(strided(2, 3), strided(3))
          .fails(() -> Tensor.ones(2, 2).mv(Tensor.ones(2, 2)),
              "mv: needs operands of 2 and 1 dims, got f32[2,2] and f32[2,2]."))
      .build();

  public static final Op<Void> OUTER = composite("outer", "All products of two vectors' elements: [n, m].", c -> {
        ranks(c, 1, 1);
        return c.in(0).unsqueeze(1).mul(c.in(1));
      }).tests(t -> t.reference((none, in) -> NdArray.by(new int[] {in.get(0).shape()[0], in.get(1).shape()[0]},
          i -> in.get(0).at(i[0]) * in.get(1).at(i[1]))).sample(shape(3), shape(4)).sample(strided(2), shape(3)))
              .build();

  public static final Op<Void> INNER = composite("inner", "The products over both last dims; a number multiplies.",
      c -> {
        Tensor x = c.in(0), y = c.in(1);
        if (x.getNdim() == 0 || y.getNdim() == 0) return x.mul(y);
        return contracted("inner", x, y, new int[] {x.getNdim() - 1}, new int[] {y.getNdim() - 1});
      }).tests(t -> t.reference((none, in) -> in.get(1).shape().length == 0
          ? NdArray.by(in.get(0).shape(), i -> in.get(0).at(i) * in.get(1).at())
          : NdArray.by(new int[] {2, 3}, i -> IntStream.range(0, 4).mapToDouble(k ->
              in.get(0).at(i[0], k) * in.get(1).at(i[1], k)).sum()))
          .sample(shape(2, 4), shape(3, 4)).sample(strided(2, 4), strided(3, 4)).sample(shape(2), shape())).build();

  public static final Op<Contracted> TENSORDOT = composite("tensordot", Contracted.class,
      "The products over dims of both: the other dims of x, then those of y.",
      c -> contracted("tensordot", c.in(0), c.in(1), c.attributes().left(), c.attributes().right()))
      .tests(t -> t.reference((dims, in) -> dims.left().length == 1
          ? NdArray.by(new int[] {2, 4, 5}, i -> IntStream.range(0, 3).mapToDouble(k ->
              in.get(0).at(i[0], k, i[1]) * in.get(1).at(i[2], k)).sum())
          : NdArray.by(new int[] {4}, i -> IntStream.range(0, 6).mapToDouble(k ->
              in.get(0).at(k / 3, k % 3, i[0]) * in.get(1).at(k % 3, k / 3)).sum()))
          .with(new Contracted(new int[] {1}, new int[] {1}), shape(2, 3, 4), shape(5, 3))
          .with(new Contracted(new int[] {0, 1}, new int[] {1, 0}), strided(2, 3, 4), strided(3, 2))
          .fails(() -> Tensor.ones(1).expand(70000, 70000, 1).tensordot(Tensor.ones(1), new int[] {2}, new int[] {0}),
              "tensordot: the dims of f32[70000,70000,1] that stay would give a dim of 4900000000; a dim has at most "
                  + "2147483647. Fix: smaller parts.")
          .fails(() -> Tensor.ones(2, 3).tensordot(Tensor.ones(2, 3), new int[] {1}, new int[] {0}),
              "tensordot: dim 1 of f32[2,3] and dim 0 of f32[2,3] differ in size.")).build();

  public static final Op<Scales> ADDMM = composite("addmm", Scales.class, "beta * x + alpha * (a by b), of matrices.",
      c -> added(c, c.in(1).mm(c.in(2)))).numbers()
      .autocast(LOWER).tests(t -> t.reference((s, in) -> scaled(s, in.get(0), OpTests.matmul(null, in.subList(1, 3))))
          .with(new Scales(1, 1), shape(2, 3), shape(2, 4), shape(4, 3))
          .with(new Scales(2, 3), shape(3), strided(2, 4), shape(4, 3))
          .with(new Scales(0, 1), shape(2, 3), shape(2, 4), shape(4, 3))).build();

  public static final Op<Scales> ADDMV = composite("addmv", Scales.class, "beta * x + alpha * (a matrix by a vector).",
      c -> added(c, c.in(1).mv(c.in(2)))).numbers()
      .autocast(LOWER)
      .tests(t -> t.reference((s, in) -> NdArray.by(new int[] {2}, i -> s.beta() * Oracles.broadcast(in.get(0), i)
          + s.alpha() * IntStream.range(0, 4).mapToDouble(k -> in.get(1).at(i[0], k) * in.get(2).at(k)).sum()))
          .with(new Scales(2, 3), shape(2), shape(2, 4), shape(4)).with(new Scales(1, 1), shape(), strided(2, 4),
              strided(4))).build();

  public static final Op<Scales> ADDR = composite("addr", Scales.class, "beta * x + alpha * outer(a, b).",
      c -> added(c, c.in(1).outer(c.in(2)))).numbers()
      .autocast(LOWER)
      .tests(t -> t.reference((s, in) -> NdArray.by(new int[] {2, 3}, i -> s.beta() * Oracles.broadcast(in.get(0), i)
          + s.alpha() * in.get(1).at(i[0]) * in.get(2).at(i[1])))
          .with(new Scales(2, 3), shape(2, 3), shape(2), shape(3)).with(new Scales(1, 1), shape(3), strided(2),
              shape(3))).build();

  public static final Op<Scales> BADDBMM = composite("baddbmm", Scales.class,
      "beta * x + alpha * (a by b), of stacks of matrices.",
      c -> added(c, c.in(1).bmm(c.in(2)))).numbers()
      .autocast(LOWER)
      .tests(t -> t.reference((s, in) -> scaled(s, in.get(0), OpTests.batchedMatmul(null, in.subList(1, 3))))
          .with(new Scales(2, 3), shape(2, 2, 3), shape(2, 2, 4), shape(2, 4, 3))
          .with(new Scales(1, 1), shape(3), strided(2, 2, 4), shape(2, 4, 3))).build();

  public static final Op<Scales> ADDBMM = composite("addbmm", Scales.class,
      "beta * x + alpha * the sum of (a by b) over a stack.",
      c -> added(c, c.in(1).bmm(c.in(2)).sum(0).to(c.in(1).getDtype()))).numbers()
      .autocast(LOWER).tests(t -> t.reference((s, in) -> {
        NdArray all = OpTests.batchedMatmul(null, in.subList(1, 3));
        return scaled(s, in.get(0), NdArray.by(new int[] {2, 3}, i -> all.at(0, i[0], i[1]) + all.at(1, i[0], i[1])));
      }).with(new Scales(2, 3), shape(2, 3), shape(2, 2, 4), shape(2, 4, 3))).build();

  public static final Op<Void> MULTI_DOT = composite("multiDot",
      "The product of several matrices, in the cheapest order.",
      c -> chained(Arrangements.inputs(c)))
      .tests(t -> t.reference((none, in) -> in.stream().reduce((a, b) -> OpTests.matmul(null, List.of(a, b))).get())
          .sample(shape(2, 3), shape(3, 4), shape(4, 2)).sample(strided(5, 1), shape(1, 6), strided(6, 2),
              shape(2, 3)).sample(shape(2, 2))).build();

  public static final Op<Power> MATRIX_POWER = composite("matrixPower", Power.class,
      "A square matrix times itself, n from 0.", c -> {
        Tensor x = c.in(0);
        int n = c.attributes().n();
        if (x.getNdim() < 2 || x.size(-1) != x.size(-2))
          throw new ShapeError("matrixPower: needs square matrices, got " + x.describe() + ".");
        if (n < 0) throw new KtrainException("matrixPower: n must not be negative, got " + n
            + ". Fix: the inverse to the power " + -n + ".");
        if (n == 0) {
          Tensor place = Creation.range(x.size(-1), x);
          return place.unsqueeze(1).eq(place).to(x.getDtype()).expand(x.getShape());
        }
        Tensor result = null;
        for (int rest = n; rest > 0; rest >>= 1) {
          if ((rest & 1) == 1) result = result == null ? x : result.matmul(x);
          if (rest > 1) x = x.matmul(x);
        }
        return Arrangements.own(result, c.in(0));
      }).tests(t -> t.reference((p, in) -> {
        NdArray x = in.get(0), out = NdArray.by(x.shape(), i -> i[0] == i[1] ? 1 : 0);
        for (int k = 0; k < p.n(); k++) out = OpTests.matmul(null, List.of(out, x));
        return out;
      }).with(new Power(3), shape(3, 3)).with(new Power(1), strided(2, 2)).with(new Power(0), shape(3, 3))
          .with(new Power(4), shape(2, 2))
          .fails(() -> Tensor.ones(2, 3).matrixPower(2), "matrixPower: needs square matrices, got f32[2,3].")).build();

  public static final Op<Shapes.Dim> CROSS = composite("cross", Shapes.Dim.class,
      "The cross product along a dim of size 3.", c -> {
        int dim = c.attributes().dim();
        Tensor[] both = Dispatch.all(Arrangements.BROADCAST_TENSORS, null, c.in(0), c.in(1));
        Tensor x = both[0], y = both[1];
        if (x.size(dim) != 3) throw new ShapeError("cross: dim " + dim + " of " + x.describe() + " must have size 3.");
        return x.roll(-1, dim).mul(y.roll(-2, dim)).sub(x.roll(-2, dim).mul(y.roll(-1, dim)));
      }).numbers().tests(t -> t.reference((along, in) -> NdArray.by(in.get(0).shape(), i -> {
        int[] a = i.clone(), b = i.clone();
        a[along.dim()] = (i[along.dim()] + 1) % 3;
        b[along.dim()] = (i[along.dim()] + 2) % 3;
        return in.get(0).at(a) * Oracles.broadcast(in.get(1), b) - in.get(0).at(b) * Oracles.broadcast(in.get(1), a);
      })).with(new Shapes.Dim(1), shape(2, 3), shape(2, 3)).sample(strided(4, 3), shape(3))
          .with(new Shapes.Dim(0), shape(3, 2), shape(3, 1))
          .fails(() -> Tensor.ones(2).cross(Tensor.ones(2), 0), "cross: dim 0 of f32[2] must have size 3.")).build();

  private static void ranks(Call<?> c, int x, int y) {
    if (c.in(0).getNdim() != x || c.in(1).getNdim() != y)
      throw new ShapeError(c.op().name() + ": needs operands of " + x + " and " + y + " dims, got "
          + c.in(0).describe() + " and "
          + c.in(1).describe() + ".");
  }

  /** With beta 0 what is added to does not count, also where it is NaN. */
  private static Tensor added(Call<Scales> c, Tensor product) {
    Scales s = c.attributes();
    Tensor x = c.in(0), scaled = s.alpha() == 1 ? product : product.mul(factor(c, s.alpha()));
    if (s.beta() == 0) return scaled;
    return (s.beta() == 1 ? x : x.mul(factor(c, s.beta()))).add(scaled).expand(product.getShape());
  }

  private static Number factor(Call<Scales> c, double by) {
    if (c.in(1).getDtype().isFloating()) return by;
    if (by != Math.rint(by))
      throw new DTypeError(c.op().name() + ": a factor of whole numbers must be one, got " + by + " for "
          + c.in(1).describe() + ". Fix: to(f32).");
    return (long) by;
  }

  private static NdArray scaled(Scales s, NdArray x, NdArray product) {
    return NdArray.by(product.shape(), i -> s.beta() * Oracles.broadcast(x, i) + s.alpha() * product.at(i));
  }

  private static Tensor contracted(String op, Tensor x, Tensor y, int[] left, int[] right) {
    if (left.length != right.length)
      throw new ShapeError(op + ": " + left.length + " dims of one and " + right.length
          + " of the other must be as many.");
    int inner = 1;
    for (int i = 0; i < left.length; i++) {
      if (x.size(left[i]) != y.size(right[i]))
        throw new ShapeError(op + ": dim " + left[i] + " of " + x.describe() + " and dim " + right[i] + " of "
            + y.describe() + " differ in size.");
      inner *= x.size(left[i]);
    }
    int[] rows = others(x, left), columns = others(y, right);
    int[] sizes = IntStream.concat(Arrays.stream(rows).map(x::size), Arrays.stream(columns).map(y::size)).toArray();
    int n = Shape.size(op, "the dims of " + x.describe() + " that stay", product(x, rows)),
        m = Shape.size(op, "the dims of " + y.describe() + " that stay", product(y, columns));
    Tensor a = x.permute(IntStream.concat(Arrays.stream(rows), Arrays.stream(left)).toArray()).reshape(n, inner);
    Tensor b = y.permute(IntStream.concat(Arrays.stream(right), Arrays.stream(columns)).toArray()).reshape(inner, m);
    return a.mm(b).reshape(sizes);
  }

  private static int[] others(Tensor x, int[] dims) {
    return IntStream.range(0, x.getNdim()).filter(d -> Arrays.stream(dims).noneMatch(k -> k == d)).toArray();
  }

  private static long product(Tensor x, int[] dims) {
    long n = 1;
    for (int d : dims) n *= x.size(d);
    return n;
  }

  /** By the classic table of cheapest splits; the first and last may be vectors. */
  private static Tensor chained(List<Tensor> all) {
    int n = all.size();
    Tensor first = all.getFirst(), last = all.getLast();
    if (n > 1 && (first.getNdim() == 1 || last.getNdim() == 1)) {
      var wide = new java.util.ArrayList<>(all);
      if (first.getNdim() == 1) wide.set(0, first.unsqueeze(0));
      if (last.getNdim() == 1) wide.set(n - 1, last.unsqueeze(1));
      Tensor product = chained(wide);
      if (first.getNdim() == 1) product = product.squeeze(0);
      return last.getNdim() == 1 ? product.squeeze(-1) : product;
    }
    long[][] cost = new long[n][n];
    int[][] split = new int[n][n];
    for (int length = 1; length < n; length++)
      for (int i = 0, j = length; j < n; i++, j++) {
        cost[i][j] = Long.MAX_VALUE;
        for (int k = i; k < j; k++) {
          long whole = cost[i][k] + cost[k + 1][j]
              + (long) all.get(i).size(0) * all.get(k).size(-1) * all.get(j).size(-1);
          if (whole < cost[i][j]) {
            cost[i][j] = whole;
            split[i][j] = k;
          }
        }
      }
    return product(all, split, 0, n - 1);
  }

  private static Tensor product(List<Tensor> all, int[][] split, int i, int j) {
    if (i == j) return all.get(i);
    return product(all, split, i, split[i][j]).mm(product(all, split, split[i][j] + 1, j));
  }

  public static Tensor added(Op<Scales> op, Tensor x, Tensor a, Tensor b, double beta, double alpha) {
    return Dispatch.call(op, new Scales(beta, alpha), x, a, b);
  }

  public static Tensor tensordot(Tensor x, Tensor y, int[] left, int[] right) {
    return Dispatch.call(TENSORDOT, new Contracted(Views.axes("tensordot", x, left),
        Views.axes("tensordot", y, right)), x, y);
  }

  /** Over the last dims of x and the first of y. */
  public static Tensor tensordot(Tensor x, Tensor y, int dims) {
    int n = x.getNdim();
    if (dims < 0 || dims > n || dims > y.getNdim())
      throw new ShapeError("tensordot: " + dims + " dims are not there in " + x.describe() + " and " + y.describe()
          + ".");
    return tensordot(x, y, IntStream.range(n - dims, n).toArray(), IntStream.range(0, dims).toArray());
  }

  public static Tensor cross(Tensor x, Tensor y, int dim) {
    return Dispatch.call(CROSS, new Shapes.Dim((x.getNdim() < y.getNdim() ? y : x).getShape().axis("cross", dim)), x,
        y);
  }
}

package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.LOWER;
import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;

/** Products of matrices and vectors. */
public final class MatMuls {
  private MatMuls() {}

  public static final Op<Void> MM = op("mm", "The product of two matrices: [n,k] by [k,m]. Does not broadcast.")
      .gives(MatMuls::mmShape)
      .grad((c, g) -> g.mm(c.in(1).t()), (c, g) -> c.in(0).t().mm(g))
      .autocast(LOWER)
      .tests(t -> t.reference(OpTests::matmul)
          .floats(OpTests.shape(3, 4), OpTests.shape(4, 2)).floats(OpTests.shape(1, 5), OpTests.shape(5, 1))
          .floats(OpTests.shape(0, 3), OpTests.shape(3, 2))
          .floats(OpTests.shape(2, 0), OpTests.shape(0, 3)).floats(OpTests.strided(7, 9), OpTests.strided(9, 5))
          .floats(OpTests.shape(33, 65), OpTests.shape(65, 17))
          .fails(() -> Tensor.ones(5, 2, 3).mm(Tensor.ones(3, 4)),
              "mm: self must be a matrix, got f32[5,2,3]. Fix: matmul broadcasts, mm does not.")
          .fails(() -> Tensor.ones(2, 5).mm(Tensor.ones(2, 5)),
              "mm: f32[2,5] has 5 columns but f32[2,5] has 2 rows. Fix: transpose one of them."))
      .build();

  public static final Op<Void> BMM = op("bmm", "The products of two stacks of matrices: [b,n,k] by [b,k,m].")
      .gives(MatMuls::bmmShape)
      .grad((c, g) -> g.bmm(c.in(1).transpose(1, 2)), (c, g) -> c.in(0).transpose(1, 2).bmm(g))
      .autocast(LOWER)
      .tests(t -> t.reference(OpTests::batchedMatmul)
          .floats(OpTests.shape(2, 3, 4), OpTests.shape(2, 4, 5)).floats(OpTests.shape(1, 1, 1), OpTests.shape(1, 1, 1))
          .floats(OpTests.shape(0, 2, 3), OpTests.shape(0, 3, 2))
          .floats(OpTests.strided(3, 4, 6), OpTests.strided(3, 6, 2)))
      .build();

  public static final Op<Void> LINEAR = op("linear", "x * weight^T + bias: [...,in] by [out,in] gives [...,out].")
      .gives(MatMuls::linearShape)
      .decompose(c -> {
        Tensor y = c.in(0).matmul(c.in(1).t());
        return new Tensor[] {c.in(2) == null ? y : y.add(c.in(2))};
      })
      .grad((c, g) -> rows(g).mm(c.in(1)).reshape(c.edge(0).getShape()),
          (c, g) -> rows(g).t().mm(rows(c.in(0))),
          (c, g) -> rows(g).sum(0))
      .autocast(LOWER)
      .tests(t -> t.floats(OpTests.shape(3, 4), OpTests.shape(2, 4), OpTests.shape(2))
          .floats(OpTests.shape(2, 3, 5), OpTests.shape(4, 5), OpTests.shape(4))
          .floats(OpTests.shape(4), OpTests.shape(2, 4), OpTests.shape(2))
          .floats(OpTests.shape(0, 4), OpTests.shape(2, 4), OpTests.shape(2))
          .floats(OpTests.shape(3, 0), OpTests.shape(2, 0), OpTests.shape(2))
          .floats(OpTests.strided(6, 8), OpTests.strided(5, 8), OpTests.shape(5))
          .floats(OpTests.shape(3, 4), OpTests.shape(2, 4), OpTests.ABSENT))
      .build();

  public static final Op<Void> BILINEAR = op("bilinear",
      "x^T weight[k] y + bias[k] for each output k: [...,in1] and [...,in2] by [out,in1,in2] give [...,out].")
      .composed(c -> {
        Tensor x = c.in(0), y = c.in(1), w = c.in(2), b = c.in(3);
        Promotion.floating("bilinear", x);
        if (w.getNdim() != 3 || x.getNdim() < 1 || x.getNdim() != y.getNdim()
            || !x.getShape().with(-1, 0).equals(y.getShape().with(-1, 0)) || x.size(-1) != w.size(1)
            || y.size(-1) != w.size(2))
          throw new ShapeError("bilinear: inputs " + x.describe() + " and " + y.describe() + " do not fit weight "
              + w.describe() + ", which is [out, in1, in2].");
        int out = w.size(0);
        Tensor products = rows(x)
            .mm(w.permute(1, 0, 2).reshape(w.size(1), out * w.size(2))).reshape(rows(x).size(0), out, w.size(2));
        Tensor sums = products.mul(rows(y).unsqueeze(1)).sum(-1);
        return (b == null ? sums : sums.add(b)).reshape(x.getShape().with(-1, out));
      })
      .tests(t -> t.sample(OpTests.shape(3, 4), OpTests.shape(3, 2), OpTests.shape(5, 4, 2), OpTests.shape(5))
          .sample(OpTests.strided(2, 3, 2), OpTests.shape(2, 3, 3), OpTests.strided(2, 2, 3), OpTests.ABSENT)
          .sample(OpTests.shape(2), OpTests.shape(3), OpTests.shape(1, 2, 3), OpTests.ABSENT)
          .reference((none, in) -> {
            NdArray x = in.get(0), y = in.get(1), w = in.get(2);
            int[] shape = x.shape().clone();
            int last = shape.length - 1;
            shape[last] = w.shape()[0];
            return NdArray.by(shape, at -> {
              int k = at[last];
              double sum = in.get(3) == null ? 0 : in.get(3).at(k);
              for (int i = 0; i < w.shape()[1]; i++)
                for (int j = 0; j < w.shape()[2]; j++) {
                  at[last] = i;
                  double left = x.at(at);
                  at[last] = j;
                  sum += left * w.at(k, i, j) * y.at(at);
                }
              return sum;
            });
          })
          .fails(() -> Tensor.ones(2, 3).bilinear(Tensor.ones(2, 3), Tensor.ones(1, 3, 4), null),
              "bilinear: inputs f32[2,3] and f32[2,3] do not fit weight f32[1,3,4], which is [out, in1, in2]."))
          .build();

  private static Spec mmShape(Call<Void> c) {
    Tensor a = c.in(0), b = c.in(1);
    if (a.getNdim() != 2)
      throw new ShapeError("mm: self must be a matrix, got " + a.describe() + ". Fix: matmul broadcasts, mm does not.");
    if (b.getNdim() != 2)
      throw new ShapeError("mm: the second operand must be a matrix, got " + b.describe()
          + ". Fix: matmul broadcasts, mm does not.");
    inner("mm", a, b);
    return new Spec(Shape.of(a.size(0), b.size(1)), same("mm", a, b));
  }

  private static Spec bmmShape(Call<Void> c) {
    Tensor a = c.in(0), b = c.in(1);
    if (a.getNdim() != 3 || b.getNdim() != 3)
      throw new ShapeError("bmm: needs two stacks of matrices, got " + a.describe() + " and " + b.describe()
          + ". Fix: matmul takes any number of dims.");
    if (a.size(0) != b.size(0))
      throw new ShapeError("bmm: the stacks are " + a.size(0) + " and " + b.size(0) + " high: " + a.describe() + " and "
          + b.describe() + ". Fix: matmul broadcasts.");
    inner("bmm", a, b);
    return new Spec(Shape.of(a.size(0), a.size(1), b.size(2)), same("bmm", a, b));
  }

  private static Spec linearShape(Call<Void> c) {
    Tensor x = c.in(0), w = c.in(1), b = c.in(2);
    if (w.getNdim() != 2) throw new ShapeError("linear: weight must be [out,in], got " + w.describe() + ".");
    if (x.getNdim() == 0 || x.size(-1) != w.size(1))
      throw new ShapeError("linear: input " + x.describe() + " needs " + w.size(1)
          + " features in its last dim, since weight is " + w.describe() + ".");
    if (b != null && !(b.getNdim() == 1 && b.size(0) == w.size(0)))
      throw new ShapeError("linear: bias " + b.describe() + " must be [" + w.size(0) + "], since weight is "
          + w.describe() + ".");
    DType type = same("linear", x, w);
    if (b != null) same("linear", x, b);
    return new Spec(x.getShape().with(-1, w.size(0)), type);
  }

  private static void inner(String op, Tensor a, Tensor b) {
    if (a.size(-1) != b.size(-2))
      throw new ShapeError(op + ": " + a.describe() + " has " + a.size(-1) + " columns but " + b.describe() + " has "
          + b.size(-2) + " rows. Fix: transpose one of them.");
  }

  static DType same(String op, Tensor a, Tensor b) {
    if (a.getDtype() != b.getDtype())
      throw new DTypeError(op + ": operands must have one dtype, got " + a.describe() + " and " + b.describe()
          + ". Fix: to(" + DType.promote(a.getDtype(), b.getDtype()) + ").");
    return a.getDtype();
  }

  /** [..., n] as [rows, n]. */
  private static Tensor rows(Tensor x) {
    return x.getNdim() == 2 ? x
        : x.reshape(x.numel() == 0 ? Math.toIntExact(x.numel() / Math.max(1, x.size(-1))) : -1, x.size(-1));
  }

  public static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
    return Dispatch.call(LINEAR, null, x, weight, bias);
  }

  public static Tensor dot(Tensor a, Tensor b) {
    if (a.getNdim() != 1 || b.getNdim() != 1)
      throw new ShapeError("dot: 1D tensors expected, but got " + a.getNdim() + "D and " + b.getNdim() + "D: "
          + a.describe() + " and " + b.describe() + ". Fix: matmul or mm for matrices.");
    if (a.size(0) != b.size(0))
      throw new ShapeError("dot: " + a.describe() + " and " + b.describe() + " differ in length.");
    same("dot", a, b);
    return a.mul(b).sum();
  }

  public static Tensor matmul(Tensor a, Tensor b) {
    if (a.getNdim() == 0 || b.getNdim() == 0)
      throw new ShapeError("matmul: needs at least one dim on both sides, got " + a.describe() + " and " + b.describe()
          + ". Fix: a number multiplies with *.");
    if (a.getNdim() == 1 && b.getNdim() == 1) return dot(a, b);
    int inner = b.getNdim() == 1 ? b.size(0) : b.size(-2);
    if (a.size(-1) != inner)
      throw new ShapeError("matmul: " + a.describe() + " has " + a.size(-1) + " columns but " + b.describe() + " has "
          + inner + " rows. Fix: transpose one of them.");
    if (a.getNdim() == 1) return squeezeAt(matmul(a.unsqueeze(0), b), -2);
    if (b.getNdim() == 1) return squeezeAt(matmul(a, b.unsqueeze(1)), -1);
    if (a.getNdim() == 2 && b.getNdim() == 2) return a.mm(b);
    if (b.getNdim() == 2) {
      int[] out = a.getShape().toArray();
      out[out.length - 1] = b.size(1);
      return rows(a).mm(b).reshape(out);
    }
    Shape ba = Shape.of(Arrays.copyOf(a.getShape().toArray(), a.getNdim() - 2)),
        bb = Shape.of(Arrays.copyOf(b.getShape().toArray(), b.getNdim() - 2));
    int[] batch = broadcast(a, b, ba, bb);
    int count = 1;
    for (int n : batch) count *= n;
    Tensor left = a.expand(with(batch, a.size(-2), a.size(-1))).reshape(count, a.size(-2), a.size(-1));
    Tensor right = b.expand(with(batch, b.size(-2), b.size(-1))).reshape(count, b.size(-2), b.size(-1));
    return left.bmm(right).reshape(with(batch, a.size(-2), b.size(-1)));
  }

  private static Tensor squeezeAt(Tensor t, int dim) {
    return t.reshape(t.getShape().without(dim));
  }

  private static int[] with(int[] batch, int rows, int columns) {
    int[] all = Arrays.copyOf(batch, batch.length + 2);
    all[batch.length] = rows;
    all[batch.length + 1] = columns;
    return all;
  }

  private static int[] broadcast(Tensor a, Tensor b, Shape x, Shape y) {
    int[] out = new int[Math.max(x.ndim(), y.ndim())];
    for (int d = 1; d <= out.length; d++) {
      int p = d <= x.ndim() ? x.get(-d) : 1, q = d <= y.ndim() ? y.get(-d) : 1;
      if (p != q && p != 1 && q != 1)
        throw new ShapeError("matmul: cannot broadcast the leading dims of " + a.describe() + " and " + b.describe()
            + ": sizes " + p + " and " + q + ".");
      out[out.length - d] = p == 1 ? q : p;
    }
    return out;
  }
}

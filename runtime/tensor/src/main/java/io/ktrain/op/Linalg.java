package io.ktrain.op;

import static io.ktrain.op.OpBuilder.op;

import io.ktrain.op.OpTests.Values;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.MatrixNorm;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Systems of equations, inverses, determinants and norms of matrices: the last two dims, all others being a batch.
 * Computed in f64 on the host.
 */
public final class Linalg {
  private Linalg() {}

  /** {@code unit}: ones are taken to stand on the diagonal, whatever does. */
  public record Triangle(boolean upper, boolean unit) {}

  /**
   * Singular values up to {@code rtol} times the largest count as zero; NaN: the type's precision times the larger
   * size.
   */
  public record Rank(double rtol) {}

  public record Norm(MatrixNorm of) {}

  public static final Op<Void> SOLVE = op("solve",
      "x of A x = b, for square A and columns b; by LU with partial pivoting.")
      .gives(c -> {
        requireSquare("solve", c.in(0));
        return columns("solve", c.in(0), c.in(1));
      })
      .grad((c, g) -> solve(t(c.in(0)), g).matmul(t(c.out(0))).neg(), (c, g) -> solve(t(c.in(0)), g))
      .onHost()
      .tests(t -> t.sample(regular(3, 3), OpTests.shape(3, 2))
          .sample(regularStrided(2, 2, 2), OpTests.strided(2, 2, 3)).sample(regular(1, 1), OpTests.shape(1, 1))
          .reference((a, in) ->
              LinalgOracles.each(in, m -> LinalgOracles.product(LinalgOracles.inverse(m.get(0)), m.get(1))))
          .failsByValues(() -> Tensor.zeros(2, 2).solve(Tensor.ones(2)),
              "solve: matrix 0 of f32[2,2] is singular. Fix: lstsq() or pinv().")
          .fails(() -> Tensor.zeros(2, 3).solve(Tensor.ones(2)),
              "solve: needs square matrices [..., n, n], got f32[2,3].")
          .fails(() -> Tensor.ones(3, 3).solve(Tensor.ones(2, 1)),
              "solve: matrices f32[3,3] need columns of 3 numbers, got f32[2,1].")).build();

  public static final Op<Triangle> SOLVE_TRIANGULAR = op("solveTriangular", Triangle.class,
      "x of A x = b, where only the upper or lower triangle of A counts.")
      .gives(c -> {
        requireSquare("solveTriangular", c.in(0));
        return columns("solveTriangular", c.in(0), c.in(1));
      })
      .grad((c, g) -> triangle(transposedSolve(c, g).matmul(t(c.out(0))).neg(), c.attributes()),
          (c, g) -> transposedSolve(c, g))
      .onHost()
      .tests(t -> t.attributes(new Triangle(true, false)).sample(regular(3, 3), OpTests.shape(3, 2))
          .attributes(new Triangle(false, false)).sample(regularStrided(2, 3, 3), OpTests.shape(2, 3, 1))
          .attributes(new Triangle(false, true)).sample(regular(3, 3), OpTests.strided(3, 2))
          .reference((a, in) ->
              LinalgOracles.each(in,
                  m -> LinalgOracles.product(LinalgOracles.inverse(LinalgOracles.triangle(m.get(0), a)), m.get(1))))
          .failsByValues(() -> Tensor.zeros(2, 2).solveTriangular(Tensor.ones(2, 1), true),
              "solveTriangular: matrix 0 of f32[2,2] is singular. Fix: lstsq() or pinv().")).build();

  public static final Op<Void> INV = op("inv", "The inverse of square matrices.")
      .composed(c -> {
        requireSquare("inv", c.in(0));
        return solve(c.in(0), eye(c.in(0)).expand(c.in(0).getShape()));
      })
      .tests(t -> square(t).reference((a, in) -> LinalgOracles.each(in, m -> LinalgOracles.inverse(m.get(0))))
          .fails(() -> Tensor.ones(2, 3).inv(), "inv: needs square matrices [..., n, n], got f32[2,3].")).build();

  public static final Op<Void> DET = op("det", "The determinant of square matrices.")
      .gives(c -> {
        requireSquare("det", c.in(0));
        return new Spec(batch(c.in(0)), c.in(0).getDtype());
      })
      .grad((c, g) -> isSingular(c.out(0)) ? cofactors(c.in(0)).mul(matrices(g))
          : t(c.in(0).inv()).mul(matrices(g.mul(c.out(0)))))
      .onHost().tests(t -> square(t).reference((a, in) -> LinalgOracles.scalars(in, LinalgOracles::determinant)))
      .build();

  /** Whether any of these determinants, or their signs, is 0: then there is a matrix without an inverse. */
  private static boolean isSingular(Tensor determinants) {
    return !determinants.isShapeOnly() && !Check.active() && determinants.detach().eq(0).any().item() != 0;
  }

  /** One number for each matrix of a batch. */
  private static Tensor matrices(Tensor numbers) {
    return numbers.unsqueeze(-1).unsqueeze(-1);
  }

  /** The derivatives of the determinant by each element, without an inverse: u diag(product of the other s) vh. */
  private static Tensor cofactors(Tensor x) {
    var svd = x.svd(false);
    Tensor others = Tensor.where(eye(x).eq(1), Tensor.constant(1.0), svd.s().unsqueeze(-2)).prod(-1, false);
    return svd.u().mul(others.unsqueeze(-2)).matmul(svd.vh()).mul(matrices(svd.u().det().mul(svd.vh().det())));
  }

  public static final Op<Void> SLOGDET = op("slogdet",
      "The sign of the determinant of square matrices, and the logarithm of its size.")
      .infer(c -> {
        requireSquare("slogdet", c.in(0));
        Spec one = new Spec(batch(c.in(0)), c.in(0).getDtype());
        return List.of(one, one);
      })
      .grads((c, g, needed) -> {
        if (g[1] == null) return new Tensor[1];
        if (isSingular(c.out(0)))
          throw new KtrainException("slogdet: the logarithm has no finite gradient at a singular matrix of "
              + c.in(0).describe() + ". Fix: det(), or matrices that are regular.");
        return new Tensor[] {t(c.in(0).inv()).mul(matrices(g[1]))};
      })
      .onHost().tests(t -> square(t)
          .reference((a, in) -> LinalgOracles.scalars(in, m -> Math.signum(LinalgOracles.determinant(m))))).build();

  public static final Op<Void> LSTSQ = op("lstsq",
      "x for which |A x - b| is least, for columns b and A of full rank; of many, the shortest. By QR.")
      .composed(c -> {
        Tensor a = c.in(0), b = c.in(1);
        requireMatrix("lstsq", a);
        columns("lstsq", a, b);
        boolean tall = a.size(-2) >= a.size(-1);
        Tensor[] qr = Dispatch.all(Decompositions.QR, new Decompositions.Complete(false), tall ? a : t(a));
        return tall ? triangular(qr[1], t(qr[0]).matmul(b), new Triangle(true, false))
            : qr[0].matmul(triangular(t(qr[1]), b, new Triangle(false, false)));
      })
      .tests(t -> t.sample(regular(4, 2), OpTests.shape(4, 2))
          .sample(regular(2, 2, 3), OpTests.strided(2, 2, 1)).sample(regular(3, 3), OpTests.shape(3, 1))
          .reference((a, in) ->
              LinalgOracles.each(in, m -> LinalgOracles.product(LinalgOracles.pseudoInverse(m.get(0)), m.get(1))))
          .fails(() -> Tensor.ones(4, 2).lstsq(Tensor.ones(2, 1)),
              "lstsq: matrices f32[4,2] need columns of 4 numbers, got f32[2,1].")).build();

  public static final Op<Rank> PINV = op("pinv", Rank.class, "The Moore-Penrose inverse, by singular values.")
      .gives(c -> {
        requireMatrix("pinv", c.in(0));
        int[] sizes = c.in(0).getShape().toArray();
        int n = sizes.length;
        sizes[n - 1] = c.in(0).size(-2);
        sizes[n - 2] = c.in(0).size(-1);
        return new Spec(Shape.of(sizes), c.in(0).getDtype());
      })
      .grad((c, g) -> {
        Tensor a = c.in(0), p = c.out(0), pt = t(p), gt = t(g);
        Tensor outside = gt.sub(a.matmul(p.matmul(gt))), inside = gt.sub(gt.matmul(p).matmul(a));
        return outside.matmul(p).matmul(pt).add(pt.matmul(p).matmul(inside)).sub(pt.matmul(g).matmul(pt));
      })
      .onHost()
      .tests(t -> t.attributes(new Rank(1e-6))
          .sample(regular(3, 3)).sample(regular(4, 2)).sample(regularStrided(2, 2, 3))
          .reference((a, in) -> LinalgOracles.each(in, m -> LinalgOracles.pseudoInverse(m.get(0))))).build();

  public static final Op<Rank> MATRIX_RANK = op("matrixRank", Rank.class, "How many singular values are not zero, i64.")
      .composed(c -> {
        requireMatrix("matrixRank", c.in(0));
        Tensor s = singular(c.in(0).detach());
        double rtol = rtol(c.attributes().rtol(), c.in(0));
        return s.gt(s.amax(-1, true).mul(rtol)).sum(-1);
      })
      .tests(t -> t.attributes(new Rank(Double.NaN)).sample(regular(3, 3)).sample(regularStrided(2, 2, 3))
          .reference((a, in) -> LinalgOracles.scalars(in, m -> Math.min(m.length, m[0].length)))).build();

  public static final Op<Norm> MATRIX_NORM = op("matrixNorm", Norm.class,
      "A norm of matrices: of their elements, their rows, columns or singular values.")
      .composed(c -> {
        Tensor x = c.in(0);
        requireMatrix("matrixNorm", x);
        return switch (c.attributes().of()) {
          case FROBENIUS -> x.flatten(-2, -1).norm(-1, false);
          case NUCLEAR -> singular(x).sum(-1);
          case TWO -> singular(x).amax(-1, false);
          case MINUS_TWO -> singular(x).amin(-1, false);
          case ONE -> x.abs().sum(-2).amax(-1, false);
          case MINUS_ONE -> x.abs().sum(-2).amin(-1, false);
          case INFINITY -> x.abs().sum(-1).amax(-1, false);
          case MINUS_INFINITY -> x.abs().sum(-1).amin(-1, false);
        };
      })
      .tests(t -> {
        for (MatrixNorm n : MatrixNorm.values())
          t.attributes(new Norm(n)).sample(regular(3, 4)).sample(regularStrided(2, 3, 2));
        t.reference((a, in) -> LinalgOracles.scalars(in, m -> LinalgOracles.norm(m, a.of())));
      }).build();

  public static final Op<Norm> COND = op("cond", Norm.class,
      "How much errors grow: the norm of a matrix times that of its inverse; by singular values also of matrices that "
          + "are not square.")
      .composed(c -> {
        Tensor x = c.in(0);
        MatrixNorm of = c.attributes().of();
        requireMatrix("cond", x);
        if (of == MatrixNorm.TWO || of == MatrixNorm.MINUS_TWO) {
          Tensor s = singular(x), high = s.amax(-1, false), low = s.amin(-1, false);
          return of == MatrixNorm.TWO ? high.div(low) : low.div(high);
        }
        requireSquare("cond", x);
        return x.matrixNorm(of).mul(x.inv().matrixNorm(of));
      })
      .tests(t -> t.attributes(new Norm(MatrixNorm.TWO)).sample(regular(3, 4))
          .attributes(new Norm(MatrixNorm.MINUS_TWO))
          .sample(regular(3, 3)).attributes(new Norm(MatrixNorm.FROBENIUS)).sample(regular(2, 3, 3))
          .reference((a, in) ->
              LinalgOracles.scalars(in,
                  m -> LinalgOracles.norm(m, a.of()) * LinalgOracles.norm(LinalgOracles.pseudoInverse(m), a.of()))))
              .build();

  public static final Op<Void> MATRIX_EXP = op("matrixExp", "The exponential of square matrices: I + A + A A / 2 + ...")
      .gives(c -> {
        requireSquare("matrixExp", c.in(0));
        return Spec.like(c.in(0));
      })
      .grad((c, g) -> {
        Tensor a = t(c.in(0));
        int n = a.size(-1);
        Tensor block = Tensor.cat(List.of(Tensor.cat(List.of(a, g), -1),
            Tensor.cat(List.of(Tensor.zerosLike(a), a), -1)), -2);
        return block.matrixExp().narrow(-2, 0, n).narrow(-1, n, n);
      })
      .onHost()
      .tests(t -> t.sample(OpTests.shape(3, 3).of(Values.SMALL))
          .sample(OpTests.strided(2, 2, 2)).sample(OpTests.shape(1, 1))
          .reference((a, in) -> LinalgOracles.each(in, m -> LinalgOracles.exponential(m.get(0))))).build();

  // ---- samples

  static OpTests.Input regular(int... sizes) {
    return OpTests.shape(sizes).of(Values.REGULAR);
  }

  static OpTests.Input regularStrided(int... sizes) {
    return OpTests.strided(sizes).of(Values.REGULAR);
  }

  static OpTests<Void> square(OpTests<Void> t) {
    return t.sample(regular(3, 3)).sample(regularStrided(2, 2, 2)).sample(regular(1, 1)).sample(regular(2, 1, 3, 3));
  }

  // ---- rules

  static void requireMatrix(String op, Tensor x) {
    Promotion.floating(op, x);
    if (x.getNdim() < 2) throw new ShapeError(op + ": needs matrices [..., m, n], got " + x.describe() + ".");
  }

  static void requireSquare(String op, Tensor x) {
    Promotion.floating(op, x);
    if (x.getNdim() < 2 || x.size(-1) != x.size(-2))
      throw new ShapeError(op + ": needs square matrices [..., n, n], got " + x.describe() + ".");
  }

  /** The dims before the last two. */
  static Shape batch(Tensor x) {
    return Shape.of(Arrays.copyOf(x.getShape().toArray(), x.getNdim() - 2));
  }

  /** [..., a.size(-1), b's columns], for a of the same batch. */
  private static Spec columns(String op, Tensor a, Tensor b) {
    MatMuls.same(op, a, b);
    if (b.getNdim() != a.getNdim() || b.size(-2) != a.size(-2) || !batch(a).equals(batch(b)))
      throw new ShapeError(op + ": matrices " + a.describe() + " need columns of " + a.size(-2) + " numbers, got "
          + b.describe() + ".");
    return new Spec(b.getShape().with(-2, a.size(-1)), b.getDtype());
  }

  static Tensor t(Tensor x) {
    return x.transpose(-2, -1);
  }

  static Tensor eye(Tensor like) {
    return Tensor.eye(like.size(-1)).to(like.getDtype()).to(like.getDevice());
  }

  private static Tensor solve(Tensor a, Tensor b) {
    return Dispatch.call(SOLVE, null, a, b);
  }

  static Tensor triangular(Tensor a, Tensor b, Triangle of) {
    return Dispatch.call(SOLVE_TRIANGULAR, of, a, b);
  }

  private static Tensor transposedSolve(Call<Triangle> c, Tensor g) {
    return triangular(t(c.in(0)), g, new Triangle(!c.attributes().upper(), c.attributes().unit()));
  }

  private static Tensor triangle(Tensor x, Triangle of) {
    int from = of.unit() ? 1 : 0;
    return of.upper() ? x.triu(from) : x.tril(-from);
  }

  private static Tensor singular(Tensor x) {
    return Dispatch.all(Decompositions.SVD, new Decompositions.Complete(false), x)[1];
  }

  private static double rtol(double given, Tensor x) {
    if (!Double.isNaN(given)) return given;
    double precision = x.getDtype() == DType.f64 ? 0x1p-52 : x.getDtype() == DType.f32 ? 0x1p-23
        : x.getDtype() == DType.f16 ? 0x1p-10 : 0x1p-7;
    return Math.max(x.size(-1), x.size(-2)) * precision;
  }

  // ---- with broadcasting over the batch, and vectors for columns

  private interface Solver {
    Tensor of(Tensor a, Tensor b);
  }

  private static Tensor broadcast(String op, Tensor a, Tensor b, Solver solver) {
    requireMatrix(op, a);
    boolean vector = b.getNdim() == 1 || b.getNdim() == a.getNdim() - 1
        && b.getShape().equals(a.getShape().without(-1));
    Tensor columns = vector ? b.unsqueeze(-1) : b;
    if (columns.getNdim() < 2)
      throw new ShapeError(op + ": matrices " + a.describe() + " need columns of " + a.size(-2) + " numbers, got "
          + b.describe() + ".");
    Shape lead = batch(a).equals(batch(columns)) ? batch(a)
        : Pointwise.broadcast(op,
            new Call<>(SOLVE, null,
                new Tensor[] {Tensor.shapeOnly(batch(a), a.getDtype(), a.getDevice()),
                    Tensor.shapeOnly(batch(columns), b.getDtype(), b.getDevice())}));
    Tensor x = solver.of(expanded(a, lead), expanded(columns, lead));
    return vector ? x.squeeze(-1) : x;
  }

  private static Tensor expanded(Tensor x, Shape lead) {
    int n = lead.ndim();
    int[] sizes = Arrays.copyOf(lead.toArray(), n + 2);
    sizes[n] = x.size(-2);
    sizes[n + 1] = x.size(-1);
    return x.expand(Shape.of(sizes));
  }

  public static Tensor solved(Tensor a, Tensor b) {
    return broadcast("solve", a, b, Linalg::solve);
  }

  public static Tensor pseudoInverse(Tensor a, double rtol) {
    requireMatrix("pinv", a);
    return Dispatch.call(PINV, new Rank(rtol(rtol, a)), a);
  }

  public static Tensor leastSquares(Tensor a, Tensor b) {
    return broadcast("lstsq", a, b, (m, columns) -> Dispatch.call(LSTSQ, null, m, columns));
  }

  public static Tensor solvedTriangular(Tensor a, Tensor b, boolean upper, boolean left, boolean unit) {
    if (left)
      return broadcast("solveTriangular", a, b, (m, columns) -> triangular(m, columns, new Triangle(upper, unit)));
    return t(broadcast("solveTriangular", t(a), t(b),
        (m, columns) -> triangular(m, columns, new Triangle(!upper, unit))));
  }
}

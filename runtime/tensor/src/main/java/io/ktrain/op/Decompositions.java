package io.ktrain.op;

import static io.ktrain.op.Linalg.batch;
import static io.ktrain.op.Linalg.regular;
import static io.ktrain.op.Linalg.regularStrided;
import static io.ktrain.op.Linalg.requireMatrix;
import static io.ktrain.op.Linalg.requireSquare;
import static io.ktrain.op.Linalg.t;
import static io.ktrain.op.Linalg.triangular;
import static io.ktrain.op.OpBuilder.op;

import io.ktrain.op.Linalg.Triangle;
import io.ktrain.tensor.AutogradError;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Matrices as products of simpler ones. Computed in f64 on the host; gradients need distinct singular or eigenvalues.
 */
public final class Decompositions {
  private Decompositions() {}

  /** Whether orthogonal factors are filled up to square ones. */
  public record Complete(boolean full) {}

  private static final Triangle LOWER = new Triangle(false, false);
  private static final Triangle UPPER = new Triangle(true, false);

  public static final Op<Void> CHOLESKY = op("cholesky",
      "The lower triangle L with L L^T = A, for the symmetric part of A, which must be positive definite.")
      .gives(c -> {
        requireSquare("cholesky", c.in(0));
        return Spec.like(c.in(0));
      })
      .grad((c, g) -> {
        Tensor l = c.out(0), p = t(l).matmul(g).tril(0);
        p = p.sub(p.mul(Linalg.eye(p)).mul(0.5));
        Tensor left = triangular(t(l), p, UPPER); // L^-T P, then the same from the right
        return symmetric(t(triangular(t(l), t(left), UPPER)));
      })
      .onHost()
      .tests(t -> Linalg.square(t).reference((a, in) -> LinalgOracles.each(in, m -> LinalgOracles.cholesky(m.get(0))))
          .failsByValues(() -> Tensor.full(Shape.of(2, 2), -1, DType.f32).cholesky(),
              "cholesky: matrix 0 of f32[2,2] is not positive definite: its minor of order 1 is not positive."))
          .build();

  public static final Op<Triangle> CHOLESKY_SOLVE = op("choleskySolve", Triangle.class,
      "x of A x = b, by A's Cholesky factor: inputs are the columns b and the factor.")
      .composed(c -> {
        Tensor b = c.in(0), factor = c.in(1);
        requireSquare("choleskySolve", factor);
        Tensor l = c.attributes().upper() ? t(factor) : factor;
        return triangular(t(l), triangular(l, b, LOWER), UPPER);
      })
      .tests(t -> t.attributes(LOWER).sample(OpTests.shape(3, 2), regular(3, 3))
          .attributes(UPPER).sample(OpTests.strided(2, 2, 1), regular(2, 2, 2))
          .reference((a, in) -> LinalgOracles.each(List.of(in.get(1), in.get(0)), m -> {
            double[][] f = LinalgOracles.triangle(m.get(0), a), ft = LinalgOracles.transposed(f);
            return LinalgOracles.product(LinalgOracles.inverse(a.upper() ? LinalgOracles.product(ft, f)
                : LinalgOracles.product(f, ft)), m.get(1));
          }))).build();

  public static final Op<Void> LU = op("lu",
      "A permutation P, a lower triangle L with ones on its diagonal and an upper one U, so that P L U = A.")
      .infer(c -> {
        requireMatrix("lu", c.in(0));
        int m = c.in(0).size(-2), n = c.in(0).size(-1), k = Math.min(m, n);
        return List.of(matrices(c.in(0), m, m), matrices(c.in(0), m, k), matrices(c.in(0), k, n));
      })
      .grads((c, g, needed) -> {
        Tensor p = c.out(0).detach(), l = c.out(1), u = c.out(2);
        if (l.size(-2) != u.size(-1))
          throw new AutogradError("lu: gradients are for square matrices only, got " + c.edge(0).describe() + ".");
        Tensor inner = Tensor.zerosLike(l);
        if (g[1] != null) inner = inner.add(t(l).matmul(g[1]).tril(-1));
        if (g[2] != null) inner = inner.add(g[2].matmul(t(u)).triu(0));
        Tensor left = triangular(t(l), inner, new Triangle(true, true));
        return new Tensor[] {p.matmul(t(triangular(u, t(left), UPPER)))};
      })
      .onHost()
      .tests(t -> Linalg.square(t)
          .reference((a, in) -> LinalgOracles.each(in, m -> LinalgOracles.unit(m.get(0).length)))).build();

  public static final Op<Void> LU_SOLVE = op("luSolve",
      "x of A x = b, by A's factors: inputs are the columns b, then P, L and U.")
      .composed(c -> {
        requireSquare("luSolve", c.in(3));
        return triangular(c.in(3), triangular(c.in(2), t(c.in(1)).matmul(c.in(0)), new Triangle(false, true)), UPPER);
      })
      .tests(t -> t.sample(OpTests.shape(3, 2), OpTests.shape(3, 3), regular(3, 3), regular(3, 3))
          .reference((a, in) -> LinalgOracles.each(in, m -> {
            double[][] lu = LinalgOracles.product(LinalgOracles.triangle(m.get(2), new Triangle(false, true)),
                LinalgOracles.triangle(m.get(3), UPPER));
            return LinalgOracles.product(LinalgOracles.inverse(lu),
                LinalgOracles.product(LinalgOracles.transposed(m.get(1)), m.get(0)));
          }))).build();

  public static final Op<Complete> QR = op("qr", Complete.class,
      "Orthonormal columns Q and an upper triangle R with Q R = A, by Householder's reflections.")
      .infer(c -> {
        requireMatrix("qr", c.in(0));
        int m = c.in(0).size(-2), n = c.in(0).size(-1), k = c.attributes().full() ? m : Math.min(m, n);
        return List.of(matrices(c.in(0), m, k), matrices(c.in(0), k, n));
      })
      .grads((c, g, needed) -> new Tensor[] {qrGradient(c, g[0], g[1])})
      .onHost()
      .tests(t -> t.attributes(new Complete(false)).sample(regular(3, 3)).sample(regular(4, 2))
          .sample(regularStrided(2, 2, 3)).sample(regular(1, 1)).attributes(new Complete(true)).sample(regular(2, 3))
          .reference((a, in) -> LinalgOracles.each(in, m -> LinalgOracles.orthonormal(m.get(0))))).build();

  public static final Op<Complete> SVD = op("svd", Complete.class,
      "Orthonormal columns U, singular values S, largest first, and orthonormal rows Vh with U S Vh = A; by one-sided "
          + "Jacobi rotations.")
      .infer(c -> {
        requireMatrix("svd", c.in(0));
        int m = c.in(0).size(-2), n = c.in(0).size(-1), k = Math.min(m, n);
        boolean full = c.attributes().full();
        Spec values = new Spec(matrices(c.in(0), k, k).shape().without(-1), c.in(0).getDtype());
        return List.of(matrices(c.in(0), m, full ? m : k), values, matrices(c.in(0), full ? n : k, n));
      })
      .grads((c, g, needed) -> new Tensor[] {svdGradient(c, g[0], g[1], g[2])})
      .onHost()
      .tests(t -> t.attributes(new Complete(false)).sample(regular(3, 3))
          .sample(regular(4, 2)).sample(regularStrided(2, 2, 3)).attributes(new Complete(true)).sample(regular(2, 2))
          .reference((a, in) -> LinalgOracles.each(in, m -> LinalgOracles.leftSingular(m.get(0))))
          .fails(() -> Tensor.ones(3).svd(), "svd: needs matrices [..., m, n], got f32[3].")).build();

  public static final Op<Void> SVDVALS = op("svdvals", "The singular values of matrices, largest first.")
      .composed(c -> {
        requireMatrix("svdvals", c.in(0));
        return Dispatch.all(SVD, new Complete(false), c.in(0))[1];
      })
      .tests(t -> t.sample(regular(3, 2)).sample(regularStrided(2, 2, 2))
          .reference((a, in) -> LinalgOracles.vectors(in, LinalgOracles::singularValues))).build();

  public static final Op<Void> EIGH = op("eigh",
      "Eigenvalues, smallest first, and orthonormal eigenvectors (columns) of the symmetric part of square matrices; "
          + "by Jacobi rotations.")
      .infer(c -> {
        requireSquare("eigh", c.in(0));
        return List.of(new Spec(c.in(0).getShape().without(-1), c.in(0).getDtype()), Spec.like(c.in(0)));
      })
      .grads((c, g, needed) -> {
        Tensor v = c.out(1), inner = null;
        if (g[0] != null) inner = g[0].unsqueeze(-1).mul(Linalg.eye(v));
        if (g[1] != null) inner = sum(inner, t(v).matmul(g[1]).div(gaps(c.out(0))));
        return new Tensor[] {inner == null ? null : symmetric(v.matmul(inner).matmul(t(v)))};
      })
      .onHost()
      .tests(t -> Linalg.square(t).reference((a, in) -> LinalgOracles.vectors(in, LinalgOracles::symmetricEigenvalues)))
      .build();

  public static final Op<Void> EIGVALSH = op("eigvalsh",
      "The eigenvalues of the symmetric part of square matrices, smallest first.")
      .composed(c -> {
        requireSquare("eigvalsh", c.in(0));
        return Dispatch.all(EIGH, null, c.in(0))[0];
      })
      .tests(t -> Linalg.square(t).reference((a, in) -> LinalgOracles.vectors(in, LinalgOracles::symmetricEigenvalues)))
      .build();

  private static Spec matrices(Tensor like, int rows, int columns) {
    Shape lead = batch(like);
    int[] sizes = Arrays.copyOf(lead.toArray(), lead.ndim() + 2);
    sizes[lead.ndim()] = rows;
    sizes[lead.ndim() + 1] = columns;
    return new Spec(Shape.of(sizes), like.getDtype());
  }

  private static Tensor symmetric(Tensor x) {
    return x.add(t(x)).mul(0.5);
  }

  private static Tensor sum(Tensor a, Tensor b) {
    return a == null ? b : a.add(b);
  }

  /** value_j - value_i for [.., i, j], with infinity on the diagonal, where it divides to 0. */
  private static Tensor gaps(Tensor values) {
    Tensor gaps = values.unsqueeze(-2).sub(values.unsqueeze(-1));
    return Tensor.where(Linalg.eye(gaps).ne(0), Tensor.constant(Double.POSITIVE_INFINITY), gaps);
  }

  private static Tensor qrGradient(Call<Complete> c, Tensor gq, Tensor gr) {
    Tensor a = c.in(0), q = c.out(0), r = c.out(1);
    int m = a.size(-2), n = a.size(-1);
    if (c.attributes().full() && m > n)
      throw new AutogradError("qr: there is no gradient of the columns that complete Q of " + a.describe()
          + ". Fix: qr(false).");
    if (m >= n) return qrGradient(q, r, gq, gr);
    // The first columns alone decide Q; the others are Q times what stands beside the triangle.
    Tensor rest = gr == null ? null : gr.narrow(-1, m, n - m);
    Tensor first = qrGradient(q, r.narrow(-1, 0, m), rest == null ? gq
        : sum(gq, a.narrow(-1, m, n - m).matmul(t(rest))), gr == null ? null : gr.narrow(-1, 0, m));
    return Tensor.cat(List.of(first, rest == null ? Tensor.zerosLike(a.narrow(-1, m, n - m)) : q.matmul(rest)), -1);
  }

  private static Tensor qrGradient(Tensor q, Tensor r, Tensor gq, Tensor gr) {
    Tensor m = gr == null ? Tensor.zerosLike(r) : r.matmul(t(gr));
    if (gq != null) m = m.sub(t(gq).matmul(q));
    Tensor mirrored = m.tril(0).add(t(m.tril(-1)));
    return t(triangular(r, t(sum(gq, q.matmul(mirrored))), UPPER));
  }

  private static Tensor svdGradient(Call<Complete> c, Tensor gu, Tensor gs, Tensor gv) {
    Tensor a = c.edge(0), u = c.out(0), s = c.out(1), vh = c.out(2);
    int m = a.size(-2), n = a.size(-1), k = Math.min(m, n);
    if (c.attributes().full() && m != n && (gu != null || gv != null))
      throw new AutogradError("svd: there is no gradient of the columns that complete U and V of " + a.describe()
          + ". Fix: svd(false).");
    if (u.size(-1) > k) u = u.narrow(-1, 0, k);
    if (vh.size(-2) > k) vh = vh.narrow(-2, 0, k);
    if (gu == null && gv == null) return u.mul(gs.unsqueeze(-2)).matmul(vh);
    Tensor gaps = gaps(s.square()), column = s.unsqueeze(-1), row = s.unsqueeze(-2);
    Tensor inner = gs == null ? null : gs.unsqueeze(-1).mul(Linalg.eye(gaps));
    Tensor beside = null;
    if (gu != null) {
      Tensor turn = t(u).matmul(gu);
      inner = sum(inner, turn.sub(t(turn)).div(gaps).mul(row));
      if (m > k) beside = gu.sub(u.matmul(turn)).div(row).matmul(vh);
    }
    if (gv != null) {
      Tensor turn = vh.matmul(t(gv));
      inner = sum(inner, turn.sub(t(turn)).div(gaps).mul(column));
      if (n > k) beside = sum(beside, u.matmul(gv.sub(t(turn).matmul(vh)).div(column)));
    }
    Tensor g = u.matmul(inner).matmul(vh);
    return beside == null ? g : g.add(beside);
  }
}

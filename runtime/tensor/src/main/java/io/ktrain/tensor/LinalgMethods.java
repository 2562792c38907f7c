package io.ktrain.tensor;

import io.ktrain.op.Decompositions;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Linalg;

/**
 * Linear algebra of matrices: this one's last two dims, all others being a batch. The names are torch.linalg's.
 * Everything is computed in f64 by the host and rounded to the operands' type.
 */
public sealed interface LinalgMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  /** Orthonormal columns q and an upper triangle r. */
  record Qr(Tensor q, Tensor r) {}

  /** Orthonormal columns u, singular values s, largest first, and orthonormal rows vh. */
  record Svd(Tensor u, Tensor s, Tensor vh) {}

  /** Eigenvalues, smallest first, and eigenvectors, one a column. */
  record Eigh(Tensor values, Tensor vectors) {}

  /** The determinant is sign exp(logAbsDet). */
  record SlogDet(Tensor sign, Tensor logAbsDet) {}

  /** A permutation p, a lower triangle l with ones on its diagonal and an upper one u; their product is the matrix. */
  record Lu(Tensor p, Tensor l, Tensor u) {}

  /** x of this x = b, for a vector or columns b; batches broadcast. */
  default Tensor solve(Tensor b) { return Linalg.solved(self(), b); }
  default Tensor solveTriangular(Tensor b, boolean upper) { return solveTriangular(b, upper, true, false); }
  /** As solve where only a triangle of this counts; left = false: of x this = b; unitriangular: its diagonal is 1. */
  default Tensor solveTriangular(Tensor b, boolean upper, boolean left, boolean unitriangular) {
    return Linalg.solvedTriangular(self(), b, upper, left, unitriangular);
  }
  /** x for which |this x - b| is least; of many, the shortest. This must have full rank. */
  default Tensor lstsq(Tensor b) { return Linalg.leastSquares(self(), b); }
  default Tensor inv() { return Dispatch.call(Linalg.INV, null, self()); }
  default Tensor pinv() { return pinv(Double.NaN); }
  /** The Moore-Penrose inverse; singular values up to rtol times the largest count as zero. */
  default Tensor pinv(double rtol) { return Linalg.pseudoInverse(self(), rtol); }
  default Tensor det() { return Dispatch.call(Linalg.DET, null, self()); }
  default SlogDet slogdet() {
    Tensor[] out = Dispatch.all(Linalg.SLOGDET, null, self());
    return new SlogDet(out[0], out[1]);
  }

  /** The lower triangle l with l l^T = this, read as symmetric by the mean of both triangles. */
  default Tensor cholesky() { return Dispatch.call(Decompositions.CHOLESKY, null, self()); }
  default Tensor cholesky(boolean upper) { return upper ? cholesky().transpose(-2, -1) : cholesky(); }
  /** x of a x = this, by the Cholesky factor of a: as torch.cholesky_solve. */
  default Tensor choleskySolve(Tensor factor, boolean upper) {
    return Dispatch.call(Decompositions.CHOLESKY_SOLVE, new Linalg.Triangle(upper, false), self(), factor);
  }
  default Lu lu() {
    Tensor[] out = Dispatch.all(Decompositions.LU, null, self());
    return new Lu(out[0], out[1], out[2]);
  }
  /** x of a x = this, by the factors of a. */
  default Tensor luSolve(Lu factors) {
    return Dispatch.call(Decompositions.LU_SOLVE, null, self(), factors.p(), factors.l(), factors.u());
  }
  default Qr qr() { return qr(false); }
  /** complete: q is square. */
  default Qr qr(boolean complete) {
    Tensor[] out = Dispatch.all(Decompositions.QR, new Decompositions.Complete(complete), self());
    return new Qr(out[0], out[1]);
  }
  default Svd svd() { return svd(true); }
  /** fullMatrices: u and vh are square; gradients of u and vh need them not to be, unless this is. */
  default Svd svd(boolean fullMatrices) {
    Tensor[] out = Dispatch.all(Decompositions.SVD, new Decompositions.Complete(fullMatrices), self());
    return new Svd(out[0], out[1], out[2]);
  }
  default Tensor svdvals() { return Dispatch.call(Decompositions.SVDVALS, null, self()); }
  /** Of a symmetric matrix; both triangles count, by their mean. */
  default Eigh eigh() {
    Tensor[] out = Dispatch.all(Decompositions.EIGH, null, self());
    return new Eigh(out[0], out[1]);
  }
  default Tensor eigvalsh() { return Dispatch.call(Decompositions.EIGVALSH, null, self()); }

  default Tensor matrixRank() { return matrixRank(Double.NaN); }
  default Tensor matrixRank(double rtol) {
    return Dispatch.call(Linalg.MATRIX_RANK, new Linalg.Rank(rtol), self());
  }
  default Tensor matrixNorm() { return matrixNorm(MatrixNorm.FROBENIUS); }
  default Tensor matrixNorm(MatrixNorm of) { return Dispatch.call(Linalg.MATRIX_NORM, new Linalg.Norm(of), self()); }
  /** By the largest and the smallest singular value. */
  default Tensor cond() { return cond(MatrixNorm.TWO); }
  default Tensor cond(MatrixNorm of) { return Dispatch.call(Linalg.COND, new Linalg.Norm(of), self()); }
  default Tensor matrixExp() { return Dispatch.call(Linalg.MATRIX_EXP, null, self()); }
}

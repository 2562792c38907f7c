package io.ktrain.tensor;

import io.ktrain.op.Dispatch;
import io.ktrain.op.MatMuls;
import io.ktrain.op.Products;
import org.jspecify.annotations.Nullable;

/** Products of matrices and vectors. */
public sealed interface MatMulMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  /** Matrix product with broadcasting over leading dims; vectors count as a row on the left, a column on the right. */
  default Tensor matmul(Tensor o) { return MatMuls.matmul(self(), o); }
  /** The product of two matrices; no broadcasting. */
  default Tensor mm(Tensor o) { return Dispatch.call(MatMuls.MM, null, self(), o); }
  /** The product of two stacks of matrices. */
  default Tensor bmm(Tensor o) { return Dispatch.call(MatMuls.BMM, null, self(), o); }
  /** A matrix times a vector. */
  default Tensor mv(Tensor o) { return Dispatch.call(Products.MV, null, self(), o); }
  /** All products of two vectors' elements. */
  default Tensor outer(Tensor o) { return Dispatch.call(Products.OUTER, null, self(), o); }
  /** The products over both last dims. */
  default Tensor inner(Tensor o) { return Dispatch.call(Products.INNER, null, self(), o); }
  /** The products over the last dims of this and the first of o, so many of them. */
  default Tensor tensordot(Tensor o, int dims) { return Products.tensordot(self(), o, dims); }
  /** The products over these dims of this and those of o. */
  default Tensor tensordot(Tensor o, int[] own, int[] others) { return Products.tensordot(self(), o, own, others); }
  /** beta * this + alpha * (a by b), of matrices. */
  default Tensor addmm(Tensor a, Tensor b, double beta, double alpha) {
    return Products.added(Products.ADDMM, self(), a, b, beta, alpha);
  }
  default Tensor addmm(Tensor a, Tensor b) { return addmm(a, b, 1, 1); }
  /** beta * this + alpha * (a matrix by a vector). */
  default Tensor addmv(Tensor a, Tensor b, double beta, double alpha) {
    return Products.added(Products.ADDMV, self(), a, b, beta, alpha);
  }
  default Tensor addmv(Tensor a, Tensor b) { return addmv(a, b, 1, 1); }
  /** beta * this + alpha * outer(a, b). */
  default Tensor addr(Tensor a, Tensor b, double beta, double alpha) {
    return Products.added(Products.ADDR, self(), a, b, beta, alpha);
  }
  default Tensor addr(Tensor a, Tensor b) { return addr(a, b, 1, 1); }
  /** beta * this + alpha * (a by b), of stacks of matrices. */
  default Tensor baddbmm(Tensor a, Tensor b, double beta, double alpha) {
    return Products.added(Products.BADDBMM, self(), a, b, beta, alpha);
  }
  default Tensor baddbmm(Tensor a, Tensor b) { return baddbmm(a, b, 1, 1); }
  /** beta * this + alpha * the sum of (a by b) over a stack. */
  default Tensor addbmm(Tensor a, Tensor b, double beta, double alpha) {
    return Products.added(Products.ADDBMM, self(), a, b, beta, alpha);
  }
  default Tensor addbmm(Tensor a, Tensor b) { return addbmm(a, b, 1, 1); }
  /** A square matrix times itself, n from 0. */
  default Tensor matrixPower(int n) { return Dispatch.call(Products.MATRIX_POWER, new Products.Power(n), self()); }
  /** The cross product along a dim of size 3. */
  default Tensor cross(Tensor o, int dim) { return Products.cross(self(), o, dim); }
  /** dot under its name for complex numbers too, of which there are none here. */
  default Tensor vdot(Tensor o) { return dot(o); }
  /** The inner product of two vectors. */
  default Tensor dot(Tensor o) { return MatMuls.dot(self(), o); }
  /** this * weight^T + bias: [..., in] by [out, in]. */
  default Tensor linear(Tensor weight, @Nullable Tensor bias) { return MatMuls.linear(self(), weight, bias); }
  /** this^T weight[k] o + bias[k] for each output k: [..., in1] and [..., in2] by [out, in1, in2]. */
  default Tensor bilinear(Tensor o, Tensor weight, @Nullable Tensor bias) {
    return Dispatch.call(MatMuls.BILINEAR, null, self(), o, weight, bias);
  }
}

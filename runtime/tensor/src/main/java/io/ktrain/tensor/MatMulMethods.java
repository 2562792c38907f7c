package io.ktrain.tensor;

import io.ktrain.op.Dispatch;
import io.ktrain.op.MatMuls;
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
  /** The inner product of two vectors. */
  default Tensor dot(Tensor o) { return MatMuls.dot(self(), o); }
  /** this * weight^T + bias: [..., in] by [out, in]. */
  default Tensor linear(Tensor weight, @Nullable Tensor bias) { return MatMuls.linear(self(), weight, bias); }
  /** this^T weight[k] o + bias[k] for each output k: [..., in1] and [..., in2] by [out, in1, in2]. */
  default Tensor bilinear(Tensor o, Tensor weight, @Nullable Tensor bias) {
    return Dispatch.call(MatMuls.BILINEAR, null, self(), o, weight, bias);
  }
}

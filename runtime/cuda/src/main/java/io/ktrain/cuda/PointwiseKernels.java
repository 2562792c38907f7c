package io.ktrain.cuda;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;

/** Runs pointwise operations: the expression of the op table, compiled for the operands at hand. */
final class PointwiseKernels implements Kernel<double[]> {
  private final CudaBackend cuda;

  PointwiseKernels(CudaBackend cuda) {
    this.cuda = cuda;
  }

  @Override
  public void run(Call<double[]> call) {
    throw new IllegalStateException("pointwise kernels come next");
  }
}

package io.ktrain.cuda;

/** Sums, products, extremes, running sums, sorting. */
final class ReductionKernels {
  private ReductionKernels() {}

  static void register(CudaBackend cuda) {}
}

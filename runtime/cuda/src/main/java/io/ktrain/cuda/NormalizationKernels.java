package io.ktrain.cuda;

/** Softmax and the normalizations by mean and variance. */
final class NormalizationKernels {
  private NormalizationKernels() {}

  static void register(CudaBackend cuda) {}
}

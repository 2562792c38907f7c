package io.ktrain.backend.cpu;

/** Which kernel runs which normalization; what is absent here runs by its decomposition. */
final class NormalizationKernels {
  private NormalizationKernels() {}

  static void register(CpuBackend cpu) {}
}

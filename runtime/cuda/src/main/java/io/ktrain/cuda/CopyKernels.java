package io.ktrain.cuda;

/** Copies, conversions, joining, padding: everything that moves elements without computing. */
final class CopyKernels {
  private CopyKernels() {}

  static void register(CudaBackend cuda) {}
}

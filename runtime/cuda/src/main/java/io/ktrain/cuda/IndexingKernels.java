package io.ktrain.cuda;

/** Reading and adding at places named by indices. */
final class IndexingKernels {
  private IndexingKernels() {}

  static void register(CudaBackend cuda) {}
}

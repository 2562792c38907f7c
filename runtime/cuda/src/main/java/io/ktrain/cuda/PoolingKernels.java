package io.ktrain.cuda;

/** Pooling and its gradients. */
final class PoolingKernels {
  private PoolingKernels() {}

  static void register(CudaBackend cuda) {}
}

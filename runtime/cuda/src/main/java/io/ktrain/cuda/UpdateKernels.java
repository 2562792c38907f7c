package io.ktrain.cuda;

/** What optimizers do to parameters: one launch for all of a group's tensors. */
final class UpdateKernels {
  private UpdateKernels() {}

  static void register(CudaBackend cuda) {}
}

package io.ktrain.cuda;

/** Convolution and its gradients. */
final class ConvolutionKernels {
  private ConvolutionKernels() {}

  static void register(CudaBackend cuda) {}
}

package io.ktrain.cuda;

import io.ktrain.op.Creation;

/** Constants, sequences and random numbers. Element i of a random tensor depends on the draw and i alone. */
final class CreationKernels {
  private static final Kernels CREATION = Kernels.file("creation");
  private static final int THREADS = 256;

  private CreationKernels() {}

  static void register(CudaBackend cuda) {
    cuda.add(Creation.FULL, (device, call) -> {
      long n = call.out(0).numel();
      Number value = call.attributes().value();
      device.launch(CREATION, "full", device.blocks(n, THREADS), THREADS, new Args().tensor(call.out(0)).type(call.out(0))
          .i64(n).f64(value.doubleValue()).i64(value.longValue()));
    });
  }
}

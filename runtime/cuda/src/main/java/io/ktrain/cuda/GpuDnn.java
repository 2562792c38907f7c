package io.ktrain.cuda;

import org.jspecify.annotations.Nullable;

/**
 * A library's convolutions. Every call belongs to the thread of the device it is for; one that fails throws
 * {@code DeviceError}.
 */
interface GpuDnn {
  /** What is computed: the output, or the gradient by the input or by the weight. */
  enum Pass {
    FORWARD, INPUT_GRAD, WEIGHT_GRAD
  }

  /** How the library computes one pass of convolutions of one size. */
  interface Plan {
    /** Bytes of the device's memory that it needs while it runs. */
    long workspace();
  }

  /** A handle for the device whose thread this is. */
  long open(long stream);

  /**
   * The quickest way that gives the same bits on every run, or null where the library has none. Weights lie as their
   * pictures do: [out, in, height, width] or, where channels lie last, [out, height, width, in].
   */
  @Nullable Plan plan(long handle, Pass pass, Convolution convolution);

  void forward(long handle, Plan plan, long x, long weight, long y, long workspace);

  void inputGrad(long handle, Plan plan, long g, long weight, long x, long workspace);

  void weightGrad(long handle, Plan plan, long g, long x, long weight, long workspace);
}

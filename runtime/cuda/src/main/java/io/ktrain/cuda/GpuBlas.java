package io.ktrain.cuda;

import io.ktrain.tensor.DType;

/**
 * A library's products of matrices, in BLAS's terms: column-major, sizes and strides in elements. Every call belongs to
 * the thread of the device it is for; a call that fails throws {@code DeviceError}.
 */
interface GpuBlas {
  /** Bytes of the device's memory that {@link #open} is given: with its own, results are the same on every run. */
  long WORKSPACE = 32L << 20;

  /** A handle for the device whose thread this is. */
  long open(long stream, long workspace);

  /**
   * {@code C = op(A) op(B)}, or {@code C += op(A) op(B)}, for each of {@code batches}; C is m by n. 16-bit types are
   * summed in f32.
   *
   * @param to the type of C: that of A and B, or f32 where they are of 16 bits
   */
  void multiply(long handle, DType type, DType to, boolean transposedA, boolean transposedB, int m, int n, int k,
      long a, int lda, long strideA,
      long b, int ldb, long strideB, boolean adds, long c, int ldc, long strideC, int batches);
}

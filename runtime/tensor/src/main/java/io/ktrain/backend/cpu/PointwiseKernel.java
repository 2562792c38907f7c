package io.ktrain.backend.cpu;

/** One pointwise expression over rows x cols elements, compiled for one combination of operand modes. */
interface PointwiseKernel {
  /**
   * Computes {@code out[r][c]} for every r below rows and c below cols. An operand's columns lie next to each other, or
   * it has one value a row, as the kernel was compiled. Elements are read before the same element is written, so out
   * may be one of the operands.
   *
   * @param operands addresses of the operands: f32, 4-byte aligned, or bool, as the kernel was compiled
   * @param rowStrides elements from one row of each operand to its next: 0 repeats one row (or, for a one-value-a-row
   *     operand, is a scalar)
   * @param params the values of {@code Expr.Param}, may be longer than needed
   * @param out address of the f32 output (bytes 0 and 1 for a kernel compiled for bool)
   * @param outRowStride elements from one row of the output to its next
   */
  void run(long[] operands, long[] rowStrides, float[] params, long out, long outRowStride, int rows, int cols);
}

package io.ktrain.tensor;

/** Norms of a matrix, as torch.linalg.matrix_norm's {@code ord}. */
public enum MatrixNorm {
  /** The root of the sum of squares ("fro"). */
  FROBENIUS,
  /** The sum of the singular values ("nuc"). */
  NUCLEAR,
  /** The largest singular value (2). */
  TWO,
  /** The smallest singular value (-2). */
  MINUS_TWO,
  /** The largest sum of sizes in a column (1). */
  ONE,
  /** The smallest sum of sizes in a column (-1). */
  MINUS_ONE,
  /** The largest sum of sizes in a row (inf). */
  INFINITY,
  /** The smallest sum of sizes in a row (-inf). */
  MINUS_INFINITY
}

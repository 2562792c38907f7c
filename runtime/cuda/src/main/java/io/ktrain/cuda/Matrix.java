package io.ktrain.cuda;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Tensor;

/**
 * Where the elements of a matrix on a device lie, or of a stack of them {@code batch} elements apart.
 *
 * @param address of the first element
 * @param row elements from one row to the next
 * @param column elements from one column to the next
 */
record Matrix(long address, int rows, int columns, long row, long column, long batch) {
  /** A matrix, or a stack of them. */
  static Matrix of(Tensor t) {
    return new Matrix(Args.address(t), t.size(-2), t.size(-1), t.layout().stride(t.getNdim() - 2),
        t.layout().stride(t.getNdim() - 1),
        t.getNdim() == 3 ? t.layout().stride(0) : 0);
  }

  Matrix transposed() {
    return new Matrix(address, columns, rows, column, row, batch);
  }

  /** The matrices from number {@code first} on. */
  Matrix from(long first, DType type) {
    return new Matrix(address + first * batch * type.bytes(), rows, columns, row, column, batch);
  }

  /** Whether each row lies in one piece, as far apart as BLAS takes it. */
  boolean isRowMajor() {
    return (column == 1 || columns == 1) && (rows == 1 || row >= Math.max(1, columns) && row <= Integer.MAX_VALUE);
  }

  /** Whether BLAS reads it, as it is or transposed. */
  boolean isForBlas() {
    return isRowMajor() || transposed().isRowMajor();
  }

  /** BLAS's leading dimension of a row-major matrix. */
  int leading() {
    return rows == 1 ? Math.max(1, columns) : (int) row;
  }
}

package io.ktrain.op;

import java.util.Arrays;

/**
 * A matrix of few elements, row by row: row r holds {@code weights[k]} in column {@code columns[k]} for k from
 * {@code starts[r]} until {@code starts[r + 1]}. A value: nothing of it changes.
 */
public final class SparseMatrix {
  /** Gives the elements of a row. */
  interface Row {
    void of(int row, Elements to);
  }

  /** What a row's elements are told to. */
  interface Elements {
    void add(int column, double weight);
  }

  private final int width;
  private final int[] starts;
  private final int[] columns;
  private final double[] weights;
  private final int hash;
  private SparseMatrix transposed;

  private SparseMatrix(int width, int[] starts, int[] columns, double[] weights) {
    this.width = width;
    this.starts = starts;
    this.columns = columns;
    this.weights = weights;
    hash = (width * 31 + Arrays.hashCode(starts)) * 31 * 31 + Arrays.hashCode(columns) * 31 + Arrays.hashCode(weights);
  }

  /** Rows one after another, each told its elements in the order in which they are to be added. */
  static SparseMatrix of(int rows, int width, Row each) {
    int[] starts = new int[rows + 1];
    var held = new Object() {
      int count;
      int[] columns = new int[Math.max(rows, 4)];
      double[] weights = new double[Math.max(rows, 4)];
    };
    for (int r = 0; r < rows; r++) {
      each.of(r, (column, weight) -> {
        if (held.count == held.columns.length) {
          held.columns = Arrays.copyOf(held.columns, 2 * held.count);
          held.weights = Arrays.copyOf(held.weights, 2 * held.count);
        }
        held.columns[held.count] = column;
        held.weights[held.count++] = weight;
      });
      starts[r + 1] = held.count;
    }
    return new SparseMatrix(width, starts, Arrays.copyOf(held.columns, held.count),
        Arrays.copyOf(held.weights, held.count));
  }

  public int rows() {
    return starts.length - 1;
  }

  /** How many columns it has. */
  public int width() {
    return width;
  }

  /** Where each row's elements start, and behind the last where they end. */
  public int[] starts() {
    return starts;
  }

  public int[] columns() {
    return columns;
  }

  public double[] weights() {
    return weights;
  }

  /** Columns become rows, each with its elements in the order of the old rows. */
  public synchronized SparseMatrix transposed() {
    if (transposed != null) return transposed;
    int[] begin = new int[width + 1];
    for (int c : columns) begin[c + 1]++;
    for (int c = 0; c < width; c++) begin[c + 1] += begin[c];
    int[] next = begin.clone(), rows = new int[columns.length];
    double[] values = new double[columns.length];
    for (int r = 0; r < rows(); r++)
      for (int k = starts[r]; k < starts[r + 1]; k++) {
        int at = next[columns[k]]++;
        rows[at] = r;
        values[at] = weights[k];
      }
    transposed = new SparseMatrix(rows(), begin, rows, values);
    transposed.transposed = this;
    return transposed;
  }

  @Override
  public boolean equals(Object o) {
    return o == this || o instanceof SparseMatrix m && m.hash == hash && m.width == width
        && Arrays.equals(m.starts, starts)
        && Arrays.equals(m.columns, columns) && Arrays.equals(m.weights, weights);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    return rows() + "x" + width + " of " + columns.length + " elements";
  }
}

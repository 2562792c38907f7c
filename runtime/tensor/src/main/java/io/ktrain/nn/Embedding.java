package io.ktrain.nn;

import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** A learned row for each whole number: [...] to [..., width]. PyTorch's Embedding. */
public final class Embedding extends Module {
  private final int rows;
  private final int width;
  private final int paddingIdx;
  private final Parameter weight;

  public Embedding(int rows, int width) {
    this(rows, width, -1);
  }

  /** The row {@code paddingIdx} starts as zeros and takes no gradient; -1: none. */
  public Embedding(int rows, int width, int paddingIdx) {
    if (rows < 1 || width < 1 || paddingIdx >= rows)
      throw new ShapeError("embedding: got " + rows + " rows of width " + width + " with padding row " + paddingIdx + "; sizes must be positive and the row must exist.");
    this.rows = rows;
    this.width = width;
    this.paddingIdx = paddingIdx;
    Tensor values = Tensor.randn(rows, width);
    if (paddingIdx >= 0) values.select(0, paddingIdx).zero_();
    weight = register("weight", new Parameter(values));
  }

  public Parameter getWeight() {
    return weight;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Tensor.embedding(weight, x, paddingIdx);
  }

  @Override
  public List<Object> arguments() {
    return List.of(rows, width, paddingIdx);
  }

  @Override
  public String extraRepr() {
    return rows + ", " + width + (paddingIdx >= 0 ? ", padding_idx=" + paddingIdx : "");
  }
}

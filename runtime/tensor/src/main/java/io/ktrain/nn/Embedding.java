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
    this(firstRows("embedding", rows, width, paddingIdx), paddingIdx, true);
  }

  private Embedding(Tensor values, int paddingIdx, boolean trained) {
    rows = values.size(0);
    width = values.size(1);
    this.paddingIdx = paddingIdx;
    weight = register("weight", new Parameter(values));
    weight.setRequiresGrad(trained);
  }

  /** On rows that exist; {@code freeze}: they are not trained. */
  public static Embedding fromPretrained(Tensor rows, boolean freeze, int paddingIdx) {
    if (rows.getNdim() != 2) throw new ShapeError("embedding: pretrained rows must be [rows, width], got " + rows.describe() + ".");
    return new Embedding(rows.detach().copy(), paddingIdx, !freeze);
  }

  /** As fromPretrained with the rows frozen. */
  public static Embedding fromPretrained(Tensor rows) {
    return fromPretrained(rows, true, -1);
  }

  static Tensor firstRows(String op, int rows, int width, int paddingIdx) {
    if (rows < 1 || width < 1 || paddingIdx >= rows)
      throw new ShapeError(op + ": got " + rows + " rows of width " + width + " with padding row " + paddingIdx + "; sizes must be positive and the row must exist.");
    Tensor values = Tensor.randn(rows, width);
    if (paddingIdx >= 0) values.select(0, paddingIdx).zero_();
    return values;
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

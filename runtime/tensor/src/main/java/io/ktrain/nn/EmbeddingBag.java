package io.ktrain.nn;

import io.ktrain.tensor.BagMode;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A learned row for each whole number, joined in bags: [bags, each] to [bags, width]. PyTorch's EmbeddingBag. */
public final class EmbeddingBag extends Module {
  private final int rows;
  private final int width;
  private final BagMode mode;
  private final int paddingIdx;
  private final Parameter weight;

  public EmbeddingBag(int rows, int width) {
    this(rows, width, BagMode.MEAN, -1);
  }

  /** The row {@code paddingIdx} starts as zeros and counts in no bag; -1: none. */
  public EmbeddingBag(int rows, int width, BagMode mode, int paddingIdx) {
    this(Embedding.firstRows("embeddingBag", rows, width, paddingIdx), mode, paddingIdx, true);
  }

  private EmbeddingBag(Tensor values, BagMode mode, int paddingIdx, boolean trained) {
    rows = values.size(0);
    width = values.size(1);
    this.mode = mode;
    this.paddingIdx = paddingIdx;
    weight = register("weight", new Parameter(values));
    weight.setRequiresGrad(trained);
  }

  /** On rows that exist; {@code freeze}: they are not trained. */
  public static EmbeddingBag fromPretrained(Tensor rows, boolean freeze, BagMode mode, int paddingIdx) {
    if (rows.getNdim() != 2) throw new ShapeError("embeddingBag: pretrained rows must be [rows, width], got " + rows.describe() + ".");
    return new EmbeddingBag(rows.detach().copy(), mode, paddingIdx, !freeze);
  }

  public Parameter getWeight() {
    return weight;
  }

  @Override
  public Tensor forward(Tensor indices) {
    return Tensor.embeddingBag(weight, indices, null, null, mode, paddingIdx);
  }

  /** Of all bags' indices in a row: {@code offsets} says where each begins. */
  public Tensor invoke(Tensor indices, Tensor offsets) {
    return invoke(indices, offsets, null);
  }

  /** {@code perSampleWeights}: one for each index, for sums. */
  public Tensor invoke(Tensor indices, @Nullable Tensor offsets, @Nullable Tensor perSampleWeights) {
    return call(indices, in -> Tensor.embeddingBag(weight, in, offsets, perSampleWeights, mode, paddingIdx));
  }

  @Override
  public List<Object> arguments() {
    return List.of(rows, width, mode, paddingIdx);
  }

  @Override
  public String extraRepr() {
    return rows + ", " + width + ", mode=" + mode.name().toLowerCase(java.util.Locale.ROOT) + (paddingIdx >= 0 ? ", padding_idx=" + paddingIdx : "");
  }
}

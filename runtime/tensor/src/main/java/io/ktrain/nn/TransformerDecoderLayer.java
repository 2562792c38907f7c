package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;

/**
 * Self-attention, attention over an encoder's output, and two linear layers, each added to its input (Vaswani et al.
 * 2017). PyTorch's TransformerDecoderLayer.
 */
public final class TransformerDecoderLayer extends Module {
  private final TransformerOptions options;
  private final MultiheadAttention selfAttention;
  private final MultiheadAttention memoryAttention;
  private final Module linear1;
  private final Module dropout;
  private final Module linear2;
  private final Module norm1;
  private final Module norm2;
  private final Module norm3;
  private final Module dropout1;
  private final Module dropout2;
  private final Module dropout3;

  public TransformerDecoderLayer(TransformerOptions options) {
    this.options = options;
    selfAttention = register("self_attn", options.attention());
    memoryAttention = register("multihead_attn", options.attention());
    linear1 = register("linear1", new Linear(options.dModel(), options.dimFeedforward()));
    dropout = register("dropout", new Dropout(options.dropout()));
    linear2 = register("linear2", new Linear(options.dimFeedforward(), options.dModel()));
    norm1 = register("norm1", options.norm());
    norm2 = register("norm2", options.norm());
    norm3 = register("norm3", options.norm());
    dropout1 = register("dropout1", new Dropout(options.dropout()));
    dropout2 = register("dropout2", new Dropout(options.dropout()));
    dropout3 = register("dropout3", new Dropout(options.dropout()));
  }

  public Tensor invoke(Tensor target, Tensor memory) {
    return decode(target, memory, TransformerMasks.NONE);
  }

  /** {@code memory}: the encoder's output; of the masks those of the source do not count. */
  public Tensor decode(Tensor target, Tensor memory, TransformerMasks masks) {
    return call(target, x -> decoded(x, memory, masks));
  }

  private Tensor decoded(Tensor x, Tensor memory, TransformerMasks masks) {
    if (options.normFirst()) {
      x = x.add(self(norm1.invoke(x), masks));
      x = x.add(remembered(norm2.invoke(x), memory, masks));
      return x.add(fed(norm3.invoke(x)));
    }
    x = norm1.invoke(x.add(self(x, masks)));
    x = norm2.invoke(x.add(remembered(x, memory, masks)));
    return norm3.invoke(x.add(fed(x)));
  }

  private Tensor self(Tensor x, TransformerMasks m) {
    return dropout1.invoke(selfAttention.attend(x, x, x, m.targetPadding(), false, m.target(), false, m.causal())
        .output());
  }

  private Tensor remembered(Tensor x, Tensor memory, TransformerMasks m) {
    return dropout2.invoke(memoryAttention.attend(x, memory, memory, m.memoryPadding(), false, m.memory(), false, false)
        .output());
  }

  private Tensor fed(Tensor x) {
    return dropout3.invoke(linear2.invoke(dropout.invoke(options.activation().apply(linear1.invoke(x)))));
  }

  @Override
  public List<Object> arguments() {
    return List.of(options);
  }
}

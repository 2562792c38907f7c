package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Self-attention and two linear layers, each added to its input (Vaswani et al. 2017): [length, batch, dModel] to the
 * same, or as the options have it. PyTorch's TransformerEncoderLayer.
 */
public final class TransformerEncoderLayer extends Module {
  private final TransformerOptions options;
  private final MultiheadAttention attention;
  private final Module linear1;
  private final Module dropout;
  private final Module linear2;
  private final Module norm1;
  private final Module norm2;
  private final Module dropout1;
  private final Module dropout2;

  public TransformerEncoderLayer(TransformerOptions options) {
    this.options = options;
    attention = register("self_attn", options.attention());
    linear1 = register("linear1", new Linear(options.dModel(), options.dimFeedforward()));
    dropout = register("dropout", new Dropout(options.dropout()));
    linear2 = register("linear2", new Linear(options.dimFeedforward(), options.dModel()));
    norm1 = register("norm1", options.norm());
    norm2 = register("norm2", options.norm());
    dropout1 = register("dropout1", new Dropout(options.dropout()));
    dropout2 = register("dropout2", new Dropout(options.dropout()));
  }

  @Override
  public Tensor forward(Tensor x) {
    return encoded(x, null, null, false);
  }

  /** Masks are as {@link MultiheadAttention#attend} takes them. */
  public Tensor encode(Tensor x, @Nullable Tensor mask, @Nullable Tensor keyPaddingMask, boolean causal) {
    return call(x, in -> encoded(in, mask, keyPaddingMask, causal));
  }

  private Tensor encoded(Tensor x, @Nullable Tensor mask, @Nullable Tensor keyPaddingMask, boolean causal) {
    if (options.normFirst()) {
      x = x.add(attended(norm1.invoke(x), mask, keyPaddingMask, causal));
      return x.add(fed(norm2.invoke(x)));
    }
    x = norm1.invoke(x.add(attended(x, mask, keyPaddingMask, causal)));
    return norm2.invoke(x.add(fed(x)));
  }

  private Tensor attended(Tensor x, @Nullable Tensor mask, @Nullable Tensor padding, boolean causal) {
    return dropout1.invoke(attention.attend(x, x, x, padding, false, mask, false, causal).output());
  }

  private Tensor fed(Tensor x) {
    return dropout2.invoke(linear2.invoke(dropout.invoke(options.activation().apply(linear1.invoke(x)))));
  }

  @Override
  public List<Object> arguments() {
    return List.of(options);
  }
}

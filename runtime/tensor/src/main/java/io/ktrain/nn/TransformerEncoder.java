package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Encoder layers one after another, with a norm at the end if one is given. PyTorch's TransformerEncoder. */
public final class TransformerEncoder extends Module {
  private final ModuleList<TransformerEncoderLayer> layers;
  private final @Nullable LayerNorm norm;

  public TransformerEncoder(List<TransformerEncoderLayer> layers, @Nullable LayerNorm norm) {
    this.layers = register("layers", new ModuleList<>(layers));
    this.norm = norm == null ? null : register("norm", norm);
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
    for (TransformerEncoderLayer layer : layers) x = layer.encode(x, mask, keyPaddingMask, causal);
    return norm == null ? x : norm.invoke(x);
  }

  @Override
  public List<Object> arguments() {
    return Arrays.asList(layers.arguments().getFirst(), norm);
  }
}

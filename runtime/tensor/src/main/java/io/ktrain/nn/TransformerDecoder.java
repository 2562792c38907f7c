package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Decoder layers one after another, with a norm at the end if one is given. PyTorch's TransformerDecoder. */
public final class TransformerDecoder extends Module {
  private final ModuleList<TransformerDecoderLayer> layers;
  private final @Nullable LayerNorm norm;

  public TransformerDecoder(List<TransformerDecoderLayer> layers, @Nullable LayerNorm norm) {
    this.layers = register("layers", new ModuleList<>(layers));
    this.norm = norm == null ? null : register("norm", norm);
  }

  public Tensor invoke(Tensor target, Tensor memory) {
    return decode(target, memory, TransformerMasks.NONE);
  }

  /** {@code memory}: the encoder's output; of the masks those of the source do not count. */
  public Tensor decode(Tensor target, Tensor memory, TransformerMasks masks) {
    return call(target, x -> decoded(x, memory, masks));
  }

  private Tensor decoded(Tensor x, Tensor memory, TransformerMasks masks) {
    for (TransformerDecoderLayer layer : layers) x = layer.decode(x, memory, masks);
    return norm == null ? x : norm.invoke(x);
  }

  @Override
  public List<Object> arguments() {
    return Arrays.asList(layers.arguments().getFirst(), norm);
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * An encoder of sources and a decoder of targets (Vaswani et al. 2017), both with a norm at the end. PyTorch's
 * Transformer.
 */
public final class Transformer extends Module {
  private final int encoderLayers;
  private final int decoderLayers;
  private final TransformerOptions options;
  private final TransformerEncoder encoder;
  private final TransformerDecoder decoder;

  public Transformer(int encoderLayers, int decoderLayers, TransformerOptions options) {
    this.encoderLayers = encoderLayers;
    this.decoderLayers = decoderLayers;
    this.options = options;
    var encoding = new ArrayList<TransformerEncoderLayer>();
    for (int i = 0; i < encoderLayers; i++) encoding.add(new TransformerEncoderLayer(options));
    var decoding = new ArrayList<TransformerDecoderLayer>();
    for (int i = 0; i < decoderLayers; i++) decoding.add(new TransformerDecoderLayer(options));
    encoder = register("encoder", new TransformerEncoder(encoding, options.norm()));
    decoder = register("decoder", new TransformerDecoder(decoding, options.norm()));
    for (Parameter p : parameters()) if (p.getNdim() > 1) Init.xavierUniform(p);
  }

  public Tensor invoke(Tensor source, Tensor target) {
    return transform(source, target, TransformerMasks.NONE);
  }

  public Tensor transform(Tensor source, Tensor target, TransformerMasks masks) {
    return call(source, x ->
        decoder.decode(target, encoder.encode(x, masks.source(), masks.sourcePadding(), false), masks));
  }

  /** f32 [size, size]: -inf where key j comes after query i, else 0. */
  public static Tensor generateSquareSubsequentMask(int size) {
    return Tensor.full(Shape.of(size, size), Double.NEGATIVE_INFINITY, DType.f32).triu(1);
  }

  @Override
  public List<Object> arguments() {
    return List.of(encoderLayers, decoderLayers, options);
  }
}

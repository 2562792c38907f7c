package io.ktrain.dsl

import io.ktrain.nn.AttentionOutput
import io.ktrain.nn.LayerNorm
import io.ktrain.nn.Layers
import io.ktrain.nn.MultiheadAttention
import io.ktrain.nn.Transformer
import io.ktrain.nn.TransformerDecoder
import io.ktrain.nn.TransformerDecoderLayer
import io.ktrain.nn.TransformerEncoder
import io.ktrain.nn.TransformerEncoderLayer
import io.ktrain.nn.TransformerMasks
import io.ktrain.nn.TransformerOptions
import io.ktrain.tensor.Tensor

/**
 * `softmax(query key^T scale + mask) value`: `[..., t, d]`, `[..., s, d]` and `[..., s, e]` give `[..., t, e]`; leading
 * dims broadcast. Nothing of `[t, s]` is kept for backward.
 *
 * @param attnMask broadcast to `[..., t, s]`: bool, true where a query may look at a key, or floating, added to the
 *   scores. Layers ([multiheadAttention], ...) take bool masks the other way round, as PyTorch's do
 * @param isCausal query i looks at keys 0 to i only; instead of a mask
 * @param scale 1 / sqrt(d) unless given
 */
public fun scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  attnMask: Tensor? = null,
  dropout: Double = 0.0,
  isCausal: Boolean = false,
  scale: Double? = null,
): Tensor = query.scaledDotProductAttention(key, value, attnMask, dropout, isCausal, scale)

/**
 * Attention of several heads, each over its own projections (Vaswani et al. 2017):
 * `val (output, weights) = attention(query, key, value)`. `[length, batch, width]` unless [batchFirst].
 */
public fun Layers.multiheadAttention(
  embedDim: Int,
  numHeads: Int,
  dropout: Double = 0.0,
  bias: Boolean = true,
  addBiasKv: Boolean = false,
  addZeroAttn: Boolean = false,
  kdim: Int = embedDim,
  vdim: Int = embedDim,
  batchFirst: Boolean = false,
): Declared<MultiheadAttention> =
  declared(MultiheadAttention(embedDim, numHeads, dropout, bias, addBiasKv, addZeroAttn, kdim, vdim, batchFirst))

/**
 * Attention with masks; without the weights ([needWeights]) it is quicker, and nothing of `[t, s]` is kept.
 *
 * @param keyPaddingMask `[batch, s]`: true where a key is padding
 * @param attnMask `[t, s]` or `[batch * heads, t, s]`: true where a query may not look at a key, or floating, added
 * @param isCausal query i looks at keys 0 to i only, whatever the masks say
 */
public operator fun MultiheadAttention.invoke(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  keyPaddingMask: Tensor? = null,
  needWeights: Boolean = true,
  attnMask: Tensor? = null,
  averageAttnWeights: Boolean = true,
  isCausal: Boolean = false,
): AttentionOutput = attend(query, key, value, keyPaddingMask, needWeights, attnMask, averageAttnWeights, isCausal)

/** Self-attention and two linear layers, each added to its input; `[length, batch, dModel]` unless [batchFirst]. */
public fun Layers.transformerEncoderLayer(
  dModel: Int,
  heads: Int,
  dimFeedforward: Int = 2048,
  dropout: Double = 0.1,
  layerNormEps: Double = 1e-5,
  batchFirst: Boolean = false,
  normFirst: Boolean = false,
  activation: (Tensor) -> Tensor = Tensor::relu,
): Declared<TransformerEncoderLayer> =
  declared(
    TransformerEncoderLayer(
      TransformerOptions(dModel, heads, dimFeedforward, dropout, activation, layerNormEps, batchFirst, normFirst),
    ),
  )

/** The same with attention over an encoder's output in between: `layer(target, memory)`. */
public fun Layers.transformerDecoderLayer(
  dModel: Int,
  heads: Int,
  dimFeedforward: Int = 2048,
  dropout: Double = 0.1,
  layerNormEps: Double = 1e-5,
  batchFirst: Boolean = false,
  normFirst: Boolean = false,
  activation: (Tensor) -> Tensor = Tensor::relu,
): Declared<TransformerDecoderLayer> =
  declared(
    TransformerDecoderLayer(
      TransformerOptions(dModel, heads, dimFeedforward, dropout, activation, layerNormEps, batchFirst, normFirst),
    ),
  )

/** [layers] encoder layers one after another, with a norm at the end if [norm] is set. */
public fun Layers.transformerEncoder(
  layers: Int,
  dModel: Int,
  heads: Int,
  dimFeedforward: Int = 2048,
  dropout: Double = 0.1,
  layerNormEps: Double = 1e-5,
  batchFirst: Boolean = false,
  normFirst: Boolean = false,
  norm: Boolean = false,
  activation: (Tensor) -> Tensor = Tensor::relu,
): Declared<TransformerEncoder> {
  val options =
    TransformerOptions(dModel, heads, dimFeedforward, dropout, activation, layerNormEps, batchFirst, normFirst)
  val last = if (norm) LayerNorm(layerNormEps, dModel) else null
  return declared(TransformerEncoder(List(layers) { TransformerEncoderLayer(options) }, last))
}

/** [layers] decoder layers one after another, with a norm at the end if [norm] is set. */
public fun Layers.transformerDecoder(
  layers: Int,
  dModel: Int,
  heads: Int,
  dimFeedforward: Int = 2048,
  dropout: Double = 0.1,
  layerNormEps: Double = 1e-5,
  batchFirst: Boolean = false,
  normFirst: Boolean = false,
  norm: Boolean = false,
  activation: (Tensor) -> Tensor = Tensor::relu,
): Declared<TransformerDecoder> {
  val options =
    TransformerOptions(dModel, heads, dimFeedforward, dropout, activation, layerNormEps, batchFirst, normFirst)
  val last = if (norm) LayerNorm(layerNormEps, dModel) else null
  return declared(TransformerDecoder(List(layers) { TransformerDecoderLayer(options) }, last))
}

/** An encoder of sources and a decoder of targets (Vaswani et al. 2017): `transformer(source, target)`. */
public fun Layers.transformer(
  dModel: Int = 512,
  heads: Int = 8,
  encoderLayers: Int = 6,
  decoderLayers: Int = 6,
  dimFeedforward: Int = 2048,
  dropout: Double = 0.1,
  layerNormEps: Double = 1e-5,
  batchFirst: Boolean = false,
  normFirst: Boolean = false,
  activation: (Tensor) -> Tensor = Tensor::relu,
): Declared<Transformer> =
  declared(
    Transformer(
      encoderLayers,
      decoderLayers,
      TransformerOptions(dModel, heads, dimFeedforward, dropout, activation, layerNormEps, batchFirst, normFirst),
    ),
  )

/** An encoder layer's call with masks, as [multiheadAttention] takes them. */
public operator fun TransformerEncoderLayer.invoke(
  src: Tensor,
  srcMask: Tensor? = null,
  srcKeyPaddingMask: Tensor? = null,
  isCausal: Boolean = false,
): Tensor = encode(src, srcMask, srcKeyPaddingMask, isCausal)

/** An encoder's call with masks, as [multiheadAttention] takes them. */
public operator fun TransformerEncoder.invoke(
  src: Tensor,
  mask: Tensor? = null,
  srcKeyPaddingMask: Tensor? = null,
  isCausal: Boolean = false,
): Tensor = encode(src, mask, srcKeyPaddingMask, isCausal)

/** A decoder layer's call with masks, as [multiheadAttention] takes them; [tgtIsCausal] hides what comes later. */
public operator fun TransformerDecoderLayer.invoke(
  tgt: Tensor,
  memory: Tensor,
  tgtMask: Tensor? = null,
  memoryMask: Tensor? = null,
  tgtKeyPaddingMask: Tensor? = null,
  memoryKeyPaddingMask: Tensor? = null,
  tgtIsCausal: Boolean = false,
): Tensor = decode(
  tgt,
  memory,
  TransformerMasks(null, tgtMask, memoryMask, null, tgtKeyPaddingMask, memoryKeyPaddingMask, tgtIsCausal),
)

/** A decoder's call with masks, as [multiheadAttention] takes them; [tgtIsCausal] hides what comes later. */
public operator fun TransformerDecoder.invoke(
  tgt: Tensor,
  memory: Tensor,
  tgtMask: Tensor? = null,
  memoryMask: Tensor? = null,
  tgtKeyPaddingMask: Tensor? = null,
  memoryKeyPaddingMask: Tensor? = null,
  tgtIsCausal: Boolean = false,
): Tensor = decode(
  tgt,
  memory,
  TransformerMasks(null, tgtMask, memoryMask, null, tgtKeyPaddingMask, memoryKeyPaddingMask, tgtIsCausal),
)

/** A transformer's call with masks, as [multiheadAttention] takes them; [tgtIsCausal] hides what comes later. */
public operator fun Transformer.invoke(
  src: Tensor,
  tgt: Tensor,
  srcMask: Tensor? = null,
  tgtMask: Tensor? = null,
  memoryMask: Tensor? = null,
  srcKeyPaddingMask: Tensor? = null,
  tgtKeyPaddingMask: Tensor? = null,
  memoryKeyPaddingMask: Tensor? = null,
  tgtIsCausal: Boolean = false,
): Tensor = transform(
  src,
  tgt,
  TransformerMasks(
    srcMask,
    tgtMask,
    memoryMask,
    srcKeyPaddingMask,
    tgtKeyPaddingMask,
    memoryKeyPaddingMask,
    tgtIsCausal,
  ),
)

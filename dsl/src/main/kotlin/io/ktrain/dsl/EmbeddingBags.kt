package io.ktrain.dsl

import io.ktrain.nn.EmbeddingBag
import io.ktrain.nn.Layers
import io.ktrain.tensor.BagMode

/** Learned rows of [width] numbers, joined in bags: i64 `[bags, each]` to `[bags, width]`. */
public fun Layers.embeddingBag(
  rows: Int,
  width: Int,
  mode: BagMode = BagMode.MEAN,
  paddingIdx: Int = -1,
): Declared<EmbeddingBag> = declared(EmbeddingBag(rows, width, mode, paddingIdx))

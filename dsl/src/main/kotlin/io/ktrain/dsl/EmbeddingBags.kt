package io.ktrain.dsl

import io.ktrain.nn.EmbeddingBag
import io.ktrain.nn.Layers
import io.ktrain.tensor.BagMode

/** Learned rows of [width] numbers, joined in bags: i64 `[bags, each]` to `[bags, width]`; [paddingIdx] as [embedding]'s. */
public fun Layers.embeddingBag(
  rows: Int,
  width: Int,
  mode: BagMode = BagMode.MEAN,
  paddingIdx: Int? = null,
): Declared<EmbeddingBag> = declared(EmbeddingBag(rows, width, mode, place(paddingIdx, rows)))

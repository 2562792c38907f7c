package io.ktrain.dsl

import io.ktrain.nn.CosineSimilarity
import io.ktrain.nn.Layers
import io.ktrain.nn.PairwiseDistance

/** The cosine of the angle between two tensors' vectors along [dim]: 1 where they point the same way. */
public fun Layers.cosineSimilarity(dim: Int = 1, eps: Double = 1e-8): Declared<CosineSimilarity> =
  declared(CosineSimilarity(dim, eps))

/** The [p]-norm of the difference of two tensors' rows: both `[n, width]` to `[n]`. */
public fun Layers.pairwiseDistance(
  p: Double = 2.0,
  eps: Double = 1e-6,
  keepDim: Boolean = false,
): Declared<PairwiseDistance> = declared(PairwiseDistance(p, eps, keepDim))

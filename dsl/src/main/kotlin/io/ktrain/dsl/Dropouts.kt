package io.ktrain.dsl

import io.ktrain.nn.AlphaDropout
import io.ktrain.nn.Dropout
import io.ktrain.nn.Dropout1d
import io.ktrain.nn.Dropout2d
import io.ktrain.nn.Dropout3d
import io.ktrain.nn.FeatureAlphaDropout
import io.ktrain.nn.Layers

/** Zeroes each element with probability [p] while training and scales the rest by 1 / (1 - p). */
public fun Layers.dropout(p: Double = 0.5): Declared<Dropout> = declared(Dropout(p))

/** Zeroes whole channels of `[n, channels, len]` with probability [p] while training and scales the rest. */
public fun Layers.dropout1d(p: Double = 0.5): Declared<Dropout1d> = declared(Dropout1d(p))

/** Zeroes whole channels of `[n, channels, h, w]` with probability [p] while training and scales the rest. */
public fun Layers.dropout2d(p: Double = 0.5): Declared<Dropout2d> = declared(Dropout2d(p))

/** Zeroes whole channels of `[n, channels, d, h, w]` with probability [p] while training and scales the rest. */
public fun Layers.dropout3d(p: Double = 0.5): Declared<Dropout3d> = declared(Dropout3d(p))

/** Dropout for selu, which keeps mean and variance. */
public fun Layers.alphaDropout(p: Double = 0.5): Declared<AlphaDropout> = declared(AlphaDropout(p))

/** Dropout of whole channels for selu. */
public fun Layers.featureAlphaDropout(p: Double = 0.5): Declared<FeatureAlphaDropout> = declared(FeatureAlphaDropout(p))

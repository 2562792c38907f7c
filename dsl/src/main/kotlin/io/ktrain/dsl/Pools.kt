package io.ktrain.dsl

import io.ktrain.nn.AdaptiveAvgPool1d
import io.ktrain.nn.AdaptiveAvgPool2d
import io.ktrain.nn.AdaptiveAvgPool3d
import io.ktrain.nn.AdaptiveMaxPool1d
import io.ktrain.nn.AdaptiveMaxPool2d
import io.ktrain.nn.AdaptiveMaxPool3d
import io.ktrain.nn.AvgPool1d
import io.ktrain.nn.AvgPool2d
import io.ktrain.nn.AvgPool3d
import io.ktrain.nn.LPPool1d
import io.ktrain.nn.LPPool2d
import io.ktrain.nn.Layers
import io.ktrain.nn.MaxPool1d
import io.ktrain.nn.MaxPool2d
import io.ktrain.nn.MaxPool3d
import io.ktrain.nn.MaxUnpool1d
import io.ktrain.nn.MaxUnpool2d
import io.ktrain.nn.MaxUnpool3d
import io.ktrain.tensor.PoolOptions

// Windows lie side by side unless stride says otherwise; sizes are one number for all spatial dims or, as lists, one for
// each.

/** The largest of each window of `[n, channels, len]`. */
public fun Layers.maxPool1d(
  kernel: Int,
  stride: Int = kernel,
  padding: Int = 0,
  ceilMode: Boolean = false,
  dilation: Int = 1,
): Declared<MaxPool1d> = declared(MaxPool1d(window(kernel, stride, padding, ceilMode).withDilation(dilation)))

/** The largest of each window of sizes that differ from dim to dim. */
public fun Layers.maxPool1d(
  kernel: List<Int>,
  stride: List<Int> = kernel,
  padding: List<Int> = listOf(0),
  ceilMode: Boolean = false,
  dilation: List<Int> = listOf(1),
): Declared<MaxPool1d> =
  declared(MaxPool1d(PoolOptions(kernel, stride, padding, dilation, ceilMode, true, 0)))

/** The largest of each window of `[n, channels, h, w]`. */
public fun Layers.maxPool2d(
  kernel: Int,
  stride: Int = kernel,
  padding: Int = 0,
  ceilMode: Boolean = false,
  dilation: Int = 1,
): Declared<MaxPool2d> = declared(MaxPool2d(window(kernel, stride, padding, ceilMode).withDilation(dilation)))

/** The largest of each window of sizes that differ from dim to dim. */
public fun Layers.maxPool2d(
  kernel: List<Int>,
  stride: List<Int> = kernel,
  padding: List<Int> = listOf(0),
  ceilMode: Boolean = false,
  dilation: List<Int> = listOf(1),
): Declared<MaxPool2d> =
  declared(MaxPool2d(PoolOptions(kernel, stride, padding, dilation, ceilMode, true, 0)))

/** The largest of each window of `[n, channels, d, h, w]`. */
public fun Layers.maxPool3d(
  kernel: Int,
  stride: Int = kernel,
  padding: Int = 0,
  ceilMode: Boolean = false,
  dilation: Int = 1,
): Declared<MaxPool3d> = declared(MaxPool3d(window(kernel, stride, padding, ceilMode).withDilation(dilation)))

/** The largest of each window of sizes that differ from dim to dim. */
public fun Layers.maxPool3d(
  kernel: List<Int>,
  stride: List<Int> = kernel,
  padding: List<Int> = listOf(0),
  ceilMode: Boolean = false,
  dilation: List<Int> = listOf(1),
): Declared<MaxPool3d> =
  declared(MaxPool3d(PoolOptions(kernel, stride, padding, dilation, ceilMode, true, 0)))

/**
 * The mean of each window of `[n, channels, len]`; padding counts as zeros unless [countIncludePad] is off. [divisor]:
 * what sums are divided by instead of the number of elements.
 */
public fun Layers.avgPool1d(
  kernel: Int,
  stride: Int = kernel,
  padding: Int = 0,
  ceilMode: Boolean = false,
  countIncludePad: Boolean = true,
  divisor: Int = 0,
): Declared<AvgPool1d> =
  declared(AvgPool1d(window(kernel, stride, padding, ceilMode, countIncludePad).withDivisor(divisor)))

/** The mean of each window of sizes that differ from dim to dim. */
public fun Layers.avgPool1d(
  kernel: List<Int>,
  stride: List<Int> = kernel,
  padding: List<Int> = listOf(0),
  ceilMode: Boolean = false,
  countIncludePad: Boolean = true,
  divisor: Int = 0,
): Declared<AvgPool1d> =
  declared(AvgPool1d(PoolOptions(kernel, stride, padding, listOf(1), ceilMode, countIncludePad, divisor)))

/**
 * The mean of each window of `[n, channels, h, w]`; padding counts as zeros unless [countIncludePad] is off. [divisor]:
 * what sums are divided by instead of the number of elements.
 */
public fun Layers.avgPool2d(
  kernel: Int,
  stride: Int = kernel,
  padding: Int = 0,
  ceilMode: Boolean = false,
  countIncludePad: Boolean = true,
  divisor: Int = 0,
): Declared<AvgPool2d> =
  declared(AvgPool2d(window(kernel, stride, padding, ceilMode, countIncludePad).withDivisor(divisor)))

/** The mean of each window of sizes that differ from dim to dim. */
public fun Layers.avgPool2d(
  kernel: List<Int>,
  stride: List<Int> = kernel,
  padding: List<Int> = listOf(0),
  ceilMode: Boolean = false,
  countIncludePad: Boolean = true,
  divisor: Int = 0,
): Declared<AvgPool2d> =
  declared(AvgPool2d(PoolOptions(kernel, stride, padding, listOf(1), ceilMode, countIncludePad, divisor)))

/**
 * The mean of each window of `[n, channels, d, h, w]`; padding counts as zeros unless [countIncludePad] is off. [divisor]:
 * what sums are divided by instead of the number of elements.
 */
public fun Layers.avgPool3d(
  kernel: Int,
  stride: Int = kernel,
  padding: Int = 0,
  ceilMode: Boolean = false,
  countIncludePad: Boolean = true,
  divisor: Int = 0,
): Declared<AvgPool3d> =
  declared(AvgPool3d(window(kernel, stride, padding, ceilMode, countIncludePad).withDivisor(divisor)))

/** The mean of each window of sizes that differ from dim to dim. */
public fun Layers.avgPool3d(
  kernel: List<Int>,
  stride: List<Int> = kernel,
  padding: List<Int> = listOf(0),
  ceilMode: Boolean = false,
  countIncludePad: Boolean = true,
  divisor: Int = 0,
): Declared<AvgPool3d> =
  declared(AvgPool3d(PoolOptions(kernel, stride, padding, listOf(1), ceilMode, countIncludePad, divisor)))

/** Means over as many cells as it takes for `[n, channels, length]`, whatever the input's size. */
public fun Layers.adaptiveAvgPool1d(length: Int): Declared<AdaptiveAvgPool1d> =
  declared(AdaptiveAvgPool1d(length))

/** Means over as many cells as it takes for `[n, channels, height, width]`, whatever the input's size. */
public fun Layers.adaptiveAvgPool2d(height: Int, width: Int = height): Declared<AdaptiveAvgPool2d> =
  declared(AdaptiveAvgPool2d(height, width))

/** Means over as many cells as it takes for `[n, channels, depth, height, width]`, whatever the input's size. */
public fun Layers.adaptiveAvgPool3d(depth: Int, height: Int = depth, width: Int = height): Declared<AdaptiveAvgPool3d> =
  declared(AdaptiveAvgPool3d(depth, height, width))

/** The largest of as many cells as it takes for `[n, channels, length]`, whatever the input's size. */
public fun Layers.adaptiveMaxPool1d(length: Int): Declared<AdaptiveMaxPool1d> =
  declared(AdaptiveMaxPool1d(length))

/** The largest of as many cells as it takes for `[n, channels, height, width]`, whatever the input's size. */
public fun Layers.adaptiveMaxPool2d(height: Int, width: Int = height): Declared<AdaptiveMaxPool2d> =
  declared(AdaptiveMaxPool2d(height, width))

/** The largest of as many cells as it takes for `[n, channels, depth, height, width]`, whatever the input's size. */
public fun Layers.adaptiveMaxPool3d(depth: Int, height: Int = depth, width: Int = height): Declared<AdaptiveMaxPool3d> =
  declared(AdaptiveMaxPool3d(depth, height, width))

/** The [norm]-th root of the sum of [norm]-th powers of each window of `[n, channels, len]`. */
public fun Layers.lpPool1d(
  norm: Double,
  kernel: Int,
  stride: Int = kernel,
  ceilMode: Boolean = false,
): Declared<LPPool1d> = declared(LPPool1d(norm, window(kernel, stride, 0, ceilMode)))

/** The [norm]-th root of the sum of [norm]-th powers of each window of `[n, channels, h, w]`. */
public fun Layers.lpPool2d(
  norm: Double,
  kernel: Int,
  stride: Int = kernel,
  ceilMode: Boolean = false,
): Declared<LPPool2d> = declared(LPPool2d(norm, window(kernel, stride, 0, ceilMode)))

/** Puts what maxPool1d found back at its places: `unpool(values, indices)`. */
public fun Layers.maxUnpool1d(kernel: Int, stride: Int = kernel, padding: Int = 0): Declared<MaxUnpool1d> =
  declared(MaxUnpool1d(window(kernel, stride, padding, false)))

/** Puts what maxPool2d found back at its places: `unpool(values, indices)`. */
public fun Layers.maxUnpool2d(kernel: Int, stride: Int = kernel, padding: Int = 0): Declared<MaxUnpool2d> =
  declared(MaxUnpool2d(window(kernel, stride, padding, false)))

/** Puts what maxPool3d found back at its places: `unpool(values, indices)`. */
public fun Layers.maxUnpool3d(kernel: Int, stride: Int = kernel, padding: Int = 0): Declared<MaxUnpool3d> =
  declared(MaxUnpool3d(window(kernel, stride, padding, false)))

internal fun window(kernel: Int, stride: Int, padding: Int, ceilMode: Boolean, countIncludePad: Boolean = true) =
  PoolOptions(listOf(kernel), listOf(stride), listOf(padding), listOf(1), ceilMode, countIncludePad, 0)

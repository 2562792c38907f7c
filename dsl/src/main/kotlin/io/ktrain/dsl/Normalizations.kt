package io.ktrain.dsl

import io.ktrain.nn.BatchNorm1d
import io.ktrain.nn.BatchNorm2d
import io.ktrain.nn.BatchNorm3d
import io.ktrain.nn.GroupNorm
import io.ktrain.nn.InstanceNorm1d
import io.ktrain.nn.InstanceNorm2d
import io.ktrain.nn.InstanceNorm3d
import io.ktrain.nn.LayerNorm
import io.ktrain.nn.Layers
import io.ktrain.nn.LocalResponseNorm
import io.ktrain.nn.Parameter.LAZY
import io.ktrain.nn.RMSNorm

// Without channels, as in `batchNorm2d()`, they come from the first input seen, or from a loaded file.

/**
 * Normalizes each channel of `[n, channels]` or `[n, channels, len]` over the batch; in eval by running
 * averages, which move by [momentum] or, if that is null, are the mean of all batches seen.
 */
public fun Layers.batchNorm1d(
  channels: Int? = null,
  eps: Double = 1e-5,
  momentum: Double? = 0.1,
  affine: Boolean = true,
  trackRunningStats: Boolean = true,
): Declared<BatchNorm1d> = declared(BatchNorm1d(channels ?: LAZY, eps, momentum, affine, trackRunningStats))

/**
 * Normalizes each channel of `[n, channels, h, w]` over the batch; in eval by running
 * averages, which move by [momentum] or, if that is null, are the mean of all batches seen.
 */
public fun Layers.batchNorm2d(
  channels: Int? = null,
  eps: Double = 1e-5,
  momentum: Double? = 0.1,
  affine: Boolean = true,
  trackRunningStats: Boolean = true,
): Declared<BatchNorm2d> = declared(BatchNorm2d(channels ?: LAZY, eps, momentum, affine, trackRunningStats))

/**
 * Normalizes each channel of `[n, channels, d, h, w]` over the batch; in eval by running
 * averages, which move by [momentum] or, if that is null, are the mean of all batches seen.
 */
public fun Layers.batchNorm3d(
  channels: Int? = null,
  eps: Double = 1e-5,
  momentum: Double? = 0.1,
  affine: Boolean = true,
  trackRunningStats: Boolean = true,
): Declared<BatchNorm3d> = declared(BatchNorm3d(channels ?: LAZY, eps, momentum, affine, trackRunningStats))

/** Normalizes each channel of each sample of `[n, channels, len]` by itself. */
public fun Layers.instanceNorm1d(
  channels: Int? = null,
  eps: Double = 1e-5,
  momentum: Double? = 0.1,
  affine: Boolean = false,
  trackRunningStats: Boolean = false,
): Declared<InstanceNorm1d> = declared(InstanceNorm1d(channels ?: LAZY, eps, momentum, affine, trackRunningStats))

/** Normalizes each channel of each sample of `[n, channels, h, w]` by itself. */
public fun Layers.instanceNorm2d(
  channels: Int? = null,
  eps: Double = 1e-5,
  momentum: Double? = 0.1,
  affine: Boolean = false,
  trackRunningStats: Boolean = false,
): Declared<InstanceNorm2d> = declared(InstanceNorm2d(channels ?: LAZY, eps, momentum, affine, trackRunningStats))

/** Normalizes each channel of each sample of `[n, channels, d, h, w]` by itself. */
public fun Layers.instanceNorm3d(
  channels: Int? = null,
  eps: Double = 1e-5,
  momentum: Double? = 0.1,
  affine: Boolean = false,
  trackRunningStats: Boolean = false,
): Declared<InstanceNorm3d> = declared(InstanceNorm3d(channels ?: LAZY, eps, momentum, affine, trackRunningStats))

/** Normalizes each sample over its last dims, which have these sizes. */
public fun Layers.layerNorm(vararg shape: Int, eps: Double = 1e-5, affine: Boolean = true): Declared<LayerNorm> =
  declared(LayerNorm(eps, affine, *shape))

/** Divides each sample by its root mean square over its last dims; [eps] null: as small as the type allows. */
public fun Layers.rmsNorm(vararg shape: Int, eps: Double? = null, affine: Boolean = true): Declared<RMSNorm> =
  declared(RMSNorm(eps, affine, *shape))

/** Normalizes each of [groups] groups of a sample's [channels]. */
public fun Layers.groupNorm(
  groups: Int,
  channels: Int,
  eps: Double = 1e-5,
  affine: Boolean = true,
): Declared<GroupNorm> = declared(GroupNorm(groups, channels, eps, affine))

/** x / ([k] + [alpha] times the mean square of [size] neighbouring channels)^[beta]. */
public fun Layers.localResponseNorm(
  size: Int,
  alpha: Double = 1e-4,
  beta: Double = 0.75,
  k: Double = 1.0,
): Declared<LocalResponseNorm> = declared(LocalResponseNorm(size, alpha, beta, k))

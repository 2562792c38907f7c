package io.ktrain.dsl

import io.ktrain.nn.ChannelShuffle
import io.ktrain.nn.CircularPad1d
import io.ktrain.nn.CircularPad2d
import io.ktrain.nn.CircularPad3d
import io.ktrain.nn.ConstantPad1d
import io.ktrain.nn.ConstantPad2d
import io.ktrain.nn.ConstantPad3d
import io.ktrain.nn.Fold
import io.ktrain.nn.Layers
import io.ktrain.nn.PixelShuffle
import io.ktrain.nn.PixelUnshuffle
import io.ktrain.nn.ReflectionPad1d
import io.ktrain.nn.ReflectionPad2d
import io.ktrain.nn.ReflectionPad3d
import io.ktrain.nn.ReplicationPad1d
import io.ktrain.nn.ReplicationPad2d
import io.ktrain.nn.ReplicationPad3d
import io.ktrain.nn.Unfold
import io.ktrain.nn.Upsample
import io.ktrain.nn.ZeroPad1d
import io.ktrain.nn.ZeroPad2d
import io.ktrain.nn.ZeroPad3d
import io.ktrain.tensor.ConvOptions
import io.ktrain.tensor.InterpolateMode
import io.ktrain.tensor.PaddingMode
import io.ktrain.tensor.Tensor

/** Makes the spatial dims of `[n, channels, ...]` [scale] times as large. */
public fun Layers.upsample(
  scale: Double,
  mode: InterpolateMode = InterpolateMode.NEAREST,
  alignCorners: Boolean = false,
): Declared<Upsample> = declared(Upsample.by(listOf(scale), mode, alignCorners))

/** Gives the spatial dims of `[n, channels, ...]` these sizes. */
public fun Layers.upsample(
  vararg size: Int,
  mode: InterpolateMode = InterpolateMode.NEAREST,
  alignCorners: Boolean = false,
): Declared<Upsample> = declared(Upsample.to(size.toList(), mode, alignCorners))

/** `[..., c r r, h, w]` to `[..., c, h r, w r]`, where r is [factor]. */
public fun Layers.pixelShuffle(factor: Int): Declared<PixelShuffle> = declared(PixelShuffle(factor))

/** `[..., c, h r, w r]` to `[..., c r r, h, w]`, where r is [factor]. */
public fun Layers.pixelUnshuffle(factor: Int): Declared<PixelUnshuffle> = declared(PixelUnshuffle(factor))

/** Deals the channels of [groups] groups out in turn. */
public fun Layers.channelShuffle(groups: Int): Declared<ChannelShuffle> = declared(ChannelShuffle(groups))

/** What is under a window at each place as a column: `[n, c, h, w]` to `[n, c kernel kernel, places]`. */
public fun Layers.unfold(kernel: Int, dilation: Int = 1, padding: Int = 0, stride: Int = 1): Declared<Unfold> =
  declared(Unfold(kernel, columns(dilation, padding, stride)))

/** Adds columns up to pictures: `[n, c kernel kernel, places]` to `[n, c, height, width]`. */
public fun Layers.fold(
  height: Int,
  width: Int,
  kernel: Int,
  dilation: Int = 1,
  padding: Int = 0,
  stride: Int = 1,
): Declared<Fold> = declared(Fold(listOf(height, width), listOf(kernel), columns(dilation, padding, stride)))

private fun columns(dilation: Int, padding: Int, stride: Int) =
  ConvOptions(listOf(stride), listOf(padding), listOf(dilation), 1, listOf(0), false)

// Borders: one width for all sides, or pairs of (before, after) from the last dim on.

/** [value] before and after the last dim. */
public fun Layers.constantPad1d(vararg widths: Int, value: Double): Declared<ConstantPad1d> =
  declared(ConstantPad1d(value, *widths))

/** [value] around the last two dims. */
public fun Layers.constantPad2d(vararg widths: Int, value: Double): Declared<ConstantPad2d> =
  declared(ConstantPad2d(value, *widths))

/** [value] around the last three dims. */
public fun Layers.constantPad3d(vararg widths: Int, value: Double): Declared<ConstantPad3d> =
  declared(ConstantPad3d(value, *widths))

/** Zeros before and after the last dim. */
public fun Layers.zeroPad1d(vararg widths: Int): Declared<ZeroPad1d> = declared(ZeroPad1d(*widths))

/** Zeros around the last two dims. */
public fun Layers.zeroPad2d(vararg widths: Int): Declared<ZeroPad2d> = declared(ZeroPad2d(*widths))

/** Zeros around the last three dims. */
public fun Layers.zeroPad3d(vararg widths: Int): Declared<ZeroPad3d> = declared(ZeroPad3d(*widths))

/** The elements beside the border in reverse before and after the last dim. */
public fun Layers.reflectionPad1d(vararg widths: Int): Declared<ReflectionPad1d> = declared(ReflectionPad1d(*widths))

/** The elements beside the border in reverse around the last two dims. */
public fun Layers.reflectionPad2d(vararg widths: Int): Declared<ReflectionPad2d> = declared(ReflectionPad2d(*widths))

/** The elements beside the border in reverse around the last three dims. */
public fun Layers.reflectionPad3d(vararg widths: Int): Declared<ReflectionPad3d> = declared(ReflectionPad3d(*widths))

/** The border's elements again before and after the last dim. */
public fun Layers.replicationPad1d(vararg widths: Int): Declared<ReplicationPad1d> = declared(ReplicationPad1d(*widths))

/** The border's elements again around the last two dims. */
public fun Layers.replicationPad2d(vararg widths: Int): Declared<ReplicationPad2d> = declared(ReplicationPad2d(*widths))

/** The border's elements again around the last three dims. */
public fun Layers.replicationPad3d(vararg widths: Int): Declared<ReplicationPad3d> = declared(ReplicationPad3d(*widths))

/** The elements of the other end before and after the last dim. */
public fun Layers.circularPad1d(vararg widths: Int): Declared<CircularPad1d> = declared(CircularPad1d(*widths))

/** The elements of the other end around the last two dims. */
public fun Layers.circularPad2d(vararg widths: Int): Declared<CircularPad2d> = declared(CircularPad2d(*widths))

/** The elements of the other end around the last three dims. */
public fun Layers.circularPad3d(vararg widths: Int): Declared<CircularPad3d> = declared(CircularPad3d(*widths))

/** Adds what [mode] says around [x]: pairs of widths before and after, from the last dim on. */
public fun pad(x: Tensor, vararg widths: Int, mode: PaddingMode): Tensor = x.pad(widths, mode)

/** `[n, channels, ...]` with spatial dims of these sizes. */
public fun interpolate(
  x: Tensor,
  vararg size: Int,
  mode: InterpolateMode = InterpolateMode.NEAREST,
  alignCorners: Boolean = false,
  antialias: Boolean = false,
): Tensor = x.interpolate(mode, alignCorners, antialias, *size)

/** `[n, channels, ...]` with spatial dims [scale] times as large. */
public fun interpolate(
  x: Tensor,
  scale: Double,
  mode: InterpolateMode = InterpolateMode.NEAREST,
  alignCorners: Boolean = false,
): Tensor = x.interpolateBy(mode, alignCorners, scale)

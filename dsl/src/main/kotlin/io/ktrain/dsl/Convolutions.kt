package io.ktrain.dsl

import io.ktrain.nn.Conv1d
import io.ktrain.nn.Conv2d
import io.ktrain.nn.Conv3d
import io.ktrain.nn.ConvTranspose1d
import io.ktrain.nn.ConvTranspose2d
import io.ktrain.nn.ConvTranspose3d
import io.ktrain.nn.Layers
import io.ktrain.nn.Parameter.LAZY
import io.ktrain.tensor.ConvOptions
import io.ktrain.tensor.PaddingMode

/** Pads a convolution so that its output is as large as its input: PyTorch's padding="same". */
public object Same

// Sizes are one number for all spatial dims or, as lists, one for each. What a border holds is zeros unless paddingMode
// says otherwise. Without inChannels, as in `conv2d(out = 8, kernel = 3)`, they come from the first input seen, or from
// a loaded file.

/** A 1-D convolution: `[n, inChannels, len]` to `[n, out, len']`. */
public fun Layers.conv1d(
  inChannels: Int? = null,
  out: Int,
  kernel: Int,
  stride: Int = 1,
  padding: Int = 0,
  dilation: Int = 1,
  groups: Int = 1,
  bias: Boolean = true,
  paddingMode: PaddingMode = PaddingMode.ZEROS,
): Declared<Conv1d> = declared(
  Conv1d(inChannels ?: LAZY, out, listOf(kernel), moving(stride, padding, dilation, groups), bias, paddingMode),
)

/** A 1-D convolution of sizes that differ from dim to dim. */
public fun Layers.conv1d(
  inChannels: Int? = null,
  out: Int,
  kernel: List<Int>,
  stride: List<Int> = listOf(1),
  padding: List<Int> = listOf(0),
  dilation: List<Int> = listOf(1),
  groups: Int = 1,
  bias: Boolean = true,
  paddingMode: PaddingMode = PaddingMode.ZEROS,
): Declared<Conv1d> =
  declared(Conv1d(inChannels ?: LAZY, out, kernel, moving(stride, padding, dilation, groups), bias, paddingMode))

/** A 1-D convolution whose output is as large as its input. */
public fun Layers.conv1d(
  inChannels: Int? = null,
  out: Int,
  kernel: Int,
  padding: Same,
  dilation: Int = 1,
  groups: Int = 1,
  bias: Boolean = true,
  paddingMode: PaddingMode = PaddingMode.ZEROS,
): Declared<Conv1d> = declared(
  Conv1d(inChannels ?: LAZY, out, listOf(kernel), moving(1, 0, dilation, groups).withSamePadding(), bias, paddingMode),
)

/**
 * A 2-D convolution: `[n, inChannels, h, w]` to `[n, out, h', w']`, where
 * h' = (h + 2 padding - dilation (kernel - 1) - 1) / stride + 1.
 */
public fun Layers.conv2d(
  inChannels: Int? = null,
  out: Int,
  kernel: Int,
  stride: Int = 1,
  padding: Int = 0,
  dilation: Int = 1,
  groups: Int = 1,
  bias: Boolean = true,
  paddingMode: PaddingMode = PaddingMode.ZEROS,
): Declared<Conv2d> = declared(
  Conv2d(inChannels ?: LAZY, out, listOf(kernel), moving(stride, padding, dilation, groups), bias, paddingMode),
)

/** A 2-D convolution of sizes that differ from dim to dim. */
public fun Layers.conv2d(
  inChannels: Int? = null,
  out: Int,
  kernel: List<Int>,
  stride: List<Int> = listOf(1),
  padding: List<Int> = listOf(0),
  dilation: List<Int> = listOf(1),
  groups: Int = 1,
  bias: Boolean = true,
  paddingMode: PaddingMode = PaddingMode.ZEROS,
): Declared<Conv2d> =
  declared(Conv2d(inChannels ?: LAZY, out, kernel, moving(stride, padding, dilation, groups), bias, paddingMode))

/** A 2-D convolution whose output is as large as its input. */
public fun Layers.conv2d(
  inChannels: Int? = null,
  out: Int,
  kernel: Int,
  padding: Same,
  dilation: Int = 1,
  groups: Int = 1,
  bias: Boolean = true,
  paddingMode: PaddingMode = PaddingMode.ZEROS,
): Declared<Conv2d> = declared(
  Conv2d(inChannels ?: LAZY, out, listOf(kernel), moving(1, 0, dilation, groups).withSamePadding(), bias, paddingMode),
)

/** A 3-D convolution: `[n, inChannels, d, h, w]` to `[n, out, d', h', w']`. */
public fun Layers.conv3d(
  inChannels: Int? = null,
  out: Int,
  kernel: Int,
  stride: Int = 1,
  padding: Int = 0,
  dilation: Int = 1,
  groups: Int = 1,
  bias: Boolean = true,
  paddingMode: PaddingMode = PaddingMode.ZEROS,
): Declared<Conv3d> = declared(
  Conv3d(inChannels ?: LAZY, out, listOf(kernel), moving(stride, padding, dilation, groups), bias, paddingMode),
)

/** A 3-D convolution of sizes that differ from dim to dim. */
public fun Layers.conv3d(
  inChannels: Int? = null,
  out: Int,
  kernel: List<Int>,
  stride: List<Int> = listOf(1),
  padding: List<Int> = listOf(0),
  dilation: List<Int> = listOf(1),
  groups: Int = 1,
  bias: Boolean = true,
  paddingMode: PaddingMode = PaddingMode.ZEROS,
): Declared<Conv3d> =
  declared(Conv3d(inChannels ?: LAZY, out, kernel, moving(stride, padding, dilation, groups), bias, paddingMode))

/** A 3-D convolution whose output is as large as its input. */
public fun Layers.conv3d(
  inChannels: Int? = null,
  out: Int,
  kernel: Int,
  padding: Same,
  dilation: Int = 1,
  groups: Int = 1,
  bias: Boolean = true,
  paddingMode: PaddingMode = PaddingMode.ZEROS,
): Declared<Conv3d> = declared(
  Conv3d(inChannels ?: LAZY, out, listOf(kernel), moving(1, 0, dilation, groups).withSamePadding(), bias, paddingMode),
)

/**
 * A 1-D transposed convolution: `[n, inChannels, len]` to `[n, out, len']`, where
 * len' = (len - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1.
 */
public fun Layers.convTranspose1d(
  inChannels: Int? = null,
  out: Int,
  kernel: Int,
  stride: Int = 1,
  padding: Int = 0,
  outputPadding: Int = 0,
  groups: Int = 1,
  bias: Boolean = true,
  dilation: Int = 1,
): Declared<ConvTranspose1d> = declared(
  ConvTranspose1d(
    inChannels ?: LAZY, out, listOf(kernel), moving(stride, padding, dilation, groups, outputPadding), bias,
  ),
)

/** A 1-D transposed convolution of sizes that differ from dim to dim. */
public fun Layers.convTranspose1d(
  inChannels: Int? = null,
  out: Int,
  kernel: List<Int>,
  stride: List<Int> = listOf(1),
  padding: List<Int> = listOf(0),
  outputPadding: List<Int> = listOf(0),
  groups: Int = 1,
  bias: Boolean = true,
  dilation: List<Int> = listOf(1),
): Declared<ConvTranspose1d> = declared(
  ConvTranspose1d(inChannels ?: LAZY, out, kernel, moving(stride, padding, dilation, groups, outputPadding), bias),
)

/**
 * A 2-D transposed convolution: `[n, inChannels, h, w]` to `[n, out, h', w']`, where
 * h' = (h - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1.
 */
public fun Layers.convTranspose2d(
  inChannels: Int? = null,
  out: Int,
  kernel: Int,
  stride: Int = 1,
  padding: Int = 0,
  outputPadding: Int = 0,
  groups: Int = 1,
  bias: Boolean = true,
  dilation: Int = 1,
): Declared<ConvTranspose2d> = declared(
  ConvTranspose2d(
    inChannels ?: LAZY, out, listOf(kernel), moving(stride, padding, dilation, groups, outputPadding), bias,
  ),
)

/** A 2-D transposed convolution of sizes that differ from dim to dim. */
public fun Layers.convTranspose2d(
  inChannels: Int? = null,
  out: Int,
  kernel: List<Int>,
  stride: List<Int> = listOf(1),
  padding: List<Int> = listOf(0),
  outputPadding: List<Int> = listOf(0),
  groups: Int = 1,
  bias: Boolean = true,
  dilation: List<Int> = listOf(1),
): Declared<ConvTranspose2d> = declared(
  ConvTranspose2d(inChannels ?: LAZY, out, kernel, moving(stride, padding, dilation, groups, outputPadding), bias),
)

/**
 * A 3-D transposed convolution: `[n, inChannels, d, h, w]` to `[n, out, d', h', w']`, where
 * h' = (h - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1.
 */
public fun Layers.convTranspose3d(
  inChannels: Int? = null,
  out: Int,
  kernel: Int,
  stride: Int = 1,
  padding: Int = 0,
  outputPadding: Int = 0,
  groups: Int = 1,
  bias: Boolean = true,
  dilation: Int = 1,
): Declared<ConvTranspose3d> = declared(
  ConvTranspose3d(
    inChannels ?: LAZY, out, listOf(kernel), moving(stride, padding, dilation, groups, outputPadding), bias,
  ),
)

/** A 3-D transposed convolution of sizes that differ from dim to dim. */
public fun Layers.convTranspose3d(
  inChannels: Int? = null,
  out: Int,
  kernel: List<Int>,
  stride: List<Int> = listOf(1),
  padding: List<Int> = listOf(0),
  outputPadding: List<Int> = listOf(0),
  groups: Int = 1,
  bias: Boolean = true,
  dilation: List<Int> = listOf(1),
): Declared<ConvTranspose3d> = declared(
  ConvTranspose3d(inChannels ?: LAZY, out, kernel, moving(stride, padding, dilation, groups, outputPadding), bias),
)

internal fun moving(stride: Int, padding: Int, dilation: Int, groups: Int, outputPadding: Int = 0) =
  moving(listOf(stride), listOf(padding), listOf(dilation), groups, listOf(outputPadding))

private fun moving(
  stride: List<Int>,
  padding: List<Int>,
  dilation: List<Int>,
  groups: Int,
  outputPadding: List<Int> = listOf(0),
) = ConvOptions(stride, padding, dilation, groups, outputPadding, false)

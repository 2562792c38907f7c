package io.ktrain.train

import io.ktrain.tensor.ConvOptions
import io.ktrain.tensor.InterpolateMode
import io.ktrain.tensor.PaddingMode
import io.ktrain.tensor.Tensor
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonPrimitive

private fun differentiated(out: GoldenCase.() -> Tensor): Replay = { differentiated { out() } }

/** How the cases of signals and pictures of the group nn are replayed, by operation. */
internal val PICTURE_CASES: Map<String, Replay> = mapOf(
  "conv1d" to differentiated { this["x"].conv1d(this["w"], inputs["b"], moving()) },
  "conv_transpose2d" to differentiated { this["x"].convTranspose2d(this["w"], inputs["b"], moving()) },
  "group_norm" to differentiated { this["x"].groupNorm(int("num_groups"), inputs["w"], inputs["b"], double("eps")) },
  "instance_norm" to differentiated { this["x"].instanceNorm(inputs["w"], inputs["b"], double("eps")) },
  "interpolate" to differentiated {
    val mode = InterpolateMode.entries.first { it.word() == text("mode", "nearest") }
    if (has("size")) this["x"].interpolate(mode, flag("align_corners"), *ints("size"))
    else this["x"].interpolateBy(mode, flag("align_corners"), double("scale_factor"))
  },
  "pad" to differentiated { padded(padded(this["x"], params.getValue("first").jsonArray), params.getValue("then").jsonArray) },
  "pixel_shuffle" to differentiated { this["x"].pixelShuffle(int("upscale")) },
)

private fun GoldenCase.moving(): ConvOptions {
  fun one(param: String, default: Int) = listOf(if (has(param)) int(param) else default)
  val groups = one("groups", 1).single()
  return ConvOptions(one("stride", 1), one("padding", 0), one("dilation", 1), groups, one("output_padding", 0), false)
}

/** [by]: widths before and after the last dim, and how the border is filled. */
private fun padded(x: Tensor, by: JsonArray): Tensor {
  val (before, after) = by.take(2).map { it.jsonPrimitive.int }
  return x.pad(intArrayOf(before, after), PaddingMode.valueOf(by[2].jsonPrimitive.content.uppercase()))
}

package io.ktrain.models

import io.ktrain.dsl.Sequential
import io.ktrain.dsl.batchNorm2d
import io.ktrain.dsl.conv2d
import io.ktrain.dsl.dropout
import io.ktrain.dsl.init
import io.ktrain.dsl.linear
import io.ktrain.dsl.provideDelegate
import io.ktrain.dsl.relu6
import io.ktrain.dsl.sequential
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import io.ktrain.tensor.Tensor
import java.nio.file.Path

/**
 * Widens to [expand] times the channels, convolves each of them by itself, and narrows again; where the shape stays the
 * input is added.
 */
public class InvertedResidual(channels: Int, out: Int, stride: Int, expand: Int) : Module() {
  private val isResidual = stride == 1 && channels == out
  public val conv: Sequential by sequential {
    val wide = channels * expand
    if (expand != 1) +convolution(channels, wide, kernel = 1)
    +convolution(wide, wide, kernel = 3, stride = stride, groups = wide)
    conv2d(wide, out, kernel = 1, bias = false)
    batchNorm2d(out)
  }

  override fun forward(x: Tensor): Tensor = if (isResidual) x + conv(x) else conv(x)
}

private fun convolution(channels: Int, out: Int, kernel: Int, stride: Int = 1, groups: Int = 1) = Sequential {
  conv2d(channels, out, kernel, stride, padding = kernel / 2, groups = groups, bias = false)
  batchNorm2d(out)
  relu6()
}

/** A row of the paper's table 2: how often, how wide, how far apart, and how much wider inside. */
private class Stage(val expand: Int, val out: Int, val repeats: Int, val stride: Int)

private val STAGES = listOf(
  Stage(1, 16, 1, 1),
  Stage(6, 24, 2, 2),
  Stage(6, 32, 3, 2),
  Stage(6, 64, 4, 2),
  Stage(6, 96, 3, 1),
  Stage(6, 160, 3, 2),
  Stage(6, 320, 1, 1),
)

/** "MobileNetV2: Inverted Residuals and Linear Bottlenecks", Sandler et al. 2018, as in torchvision. */
public class MobileNetV2(classes: Int = 1000) : Module() {
  public val features: Sequential by sequential {
    +convolution(3, 32, kernel = 3, stride = 2)
    var channels = 32
    for (stage in STAGES) repeat(stage.repeats) { i ->
      +InvertedResidual(channels, stage.out, if (i == 0) stage.stride else 1, stage.expand)
      channels = stage.out
    }
    +convolution(channels, 1280, kernel = 1)
  }
  public val classifier: Sequential by sequential {
    dropout(0.2)
    linear(1280, classes)
  }

  init {
    initialize(
      conv = { kaimingNormalFanOut(it.weight) },
      linear = { init.normal(it.weight, std = 0.01); init.zeros(it.bias!!) },
    )
  }

  override fun forward(x: Tensor): Tensor = classifier(features(x).adaptiveAvgPool2d(1, 1).flatten(1))
}

/** MobileNetV2 for pictures `[n, 3, h, w]`: `[n, classes]`; 3,504,872 parameters for 1000 classes. */
public fun mobilenetV2(weights: Path? = null, classes: Int = 1000): MobileNetV2 =
  network(weights) { MobileNetV2(classes) }

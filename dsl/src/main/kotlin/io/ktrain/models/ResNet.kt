package io.ktrain.models

import io.ktrain.dsl.Sequential
import io.ktrain.dsl.SequentialScope
import io.ktrain.dsl.adaptiveAvgPool2d
import io.ktrain.dsl.batchNorm2d
import io.ktrain.dsl.conv2d
import io.ktrain.dsl.linear
import io.ktrain.dsl.maxPool2d
import io.ktrain.dsl.provideDelegate
import io.ktrain.dsl.relu
import io.ktrain.dsl.sequential
import io.ktrain.nn.Activation
import io.ktrain.nn.AdaptiveAvgPool2d
import io.ktrain.nn.BatchNorm2d
import io.ktrain.nn.Conv2d
import io.ktrain.nn.MaxPool2d
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import io.ktrain.tensor.Tensor
import java.nio.file.Path

/** Two 3x3 convolutions beside a shortcut: `[n, channels, h, w]` to `[n, width, h / stride, w / stride]`. */
public class BasicBlock(channels: Int, width: Int, stride: Int) : Module() {
  public val conv1: Conv2d by conv2d(channels, width, kernel = 3, stride = stride, padding = 1, bias = false)
  public val bn1: BatchNorm2d by batchNorm2d(width)
  public val relu: Activation by relu()
  public val conv2: Conv2d by conv2d(width, width, kernel = 3, padding = 1, bias = false)
  public val bn2: BatchNorm2d by batchNorm2d(width)

  init {
    shortcut(channels, width, stride)
  }

  override fun forward(x: Tensor): Tensor {
    val h = relu(bn1(conv1(x)))
    return relu(bn2(conv2(h)) + shortcut(x))
  }
}

/** A 3x3 convolution of [width] channels between two 1x1 ones, the last four times as wide, beside a shortcut. */
public class Bottleneck(channels: Int, width: Int, stride: Int) : Module() {
  public val conv1: Conv2d by conv2d(channels, width, kernel = 1, bias = false)
  public val bn1: BatchNorm2d by batchNorm2d(width)
  public val conv2: Conv2d by conv2d(width, width, kernel = 3, stride = stride, padding = 1, bias = false)
  public val bn2: BatchNorm2d by batchNorm2d(width)
  public val conv3: Conv2d by conv2d(width, 4 * width, kernel = 1, bias = false)
  public val bn3: BatchNorm2d by batchNorm2d(4 * width)
  public val relu: Activation by relu()

  init {
    shortcut(channels, 4 * width, stride)
  }

  override fun forward(x: Tensor): Tensor {
    val h = relu(bn2(conv2(relu(bn1(conv1(x))))))
    return relu(bn3(conv3(h)) + shortcut(x))
  }
}

/** Where the input does not fit the output as it is, a strided 1x1 convolution makes it fit. */
private fun Module.shortcut(channels: Int, out: Int, stride: Int) {
  if (stride == 1 && channels == out) return
  register("downsample", Sequential {
    conv2d(channels, out, kernel = 1, stride = stride, bias = false)
    batchNorm2d(out)
  })
}

private fun Module.shortcut(x: Tensor): Tensor = children()["downsample"]?.invoke(x) ?: x

/**
 * "Deep Residual Learning for Image Recognition", He et al. 2015, as in torchvision: four stages of residual blocks,
 * [depths] of them each, basic ones or bottlenecks (whose stride is the 3x3 convolution's).
 */
public class ResNet(depths: List<Int>, bottleneck: Boolean, classes: Int = 1000) : Module() {
  public val conv1: Conv2d by conv2d(3, 64, kernel = 7, stride = 2, padding = 3, bias = false)
  public val bn1: BatchNorm2d by batchNorm2d(64)
  public val relu: Activation by relu()
  public val maxpool: MaxPool2d by maxPool2d(3, stride = 2, padding = 1)

  private val expansion = if (bottleneck) 4 else 1
  public val layer1: Sequential by sequential { stage(depths[0], 64, 64, stride = 1, bottleneck) }
  public val layer2: Sequential by sequential { stage(depths[1], 64 * expansion, 128, stride = 2, bottleneck) }
  public val layer3: Sequential by sequential { stage(depths[2], 128 * expansion, 256, stride = 2, bottleneck) }
  public val layer4: Sequential by sequential { stage(depths[3], 256 * expansion, 512, stride = 2, bottleneck) }
  public val avgpool: AdaptiveAvgPool2d by adaptiveAvgPool2d(1)

  /** The head: `model.fc = Linear(512, 10)` replaces it. */
  public var fc: Module by linear(512 * expansion, classes)

  init {
    initialize(conv = { kaimingNormalFanOut(it.weight) })
  }

  override fun forward(x: Tensor): Tensor {
    val h = maxpool(relu(bn1(conv1(x))))
    return fc(avgpool(layer4(layer3(layer2(layer1(h))))).flatten(1))
  }
}

private fun SequentialScope.stage(depth: Int, channels: Int, width: Int, stride: Int, bottleneck: Boolean) {
  for (i in 0..<depth) {
    val step = if (i == 0) stride else 1
    if (bottleneck) +Bottleneck(if (i == 0) channels else 4 * width, width, step)
    else +BasicBlock(if (i == 0) channels else width, width, step)
  }
}

/** ResNet of 18 layers for pictures `[n, 3, h, w]`: `[n, classes]`; 11,689,512 parameters for 1000 classes. */
public fun resnet18(weights: Path? = null, classes: Int = 1000): ResNet =
  network(weights) { ResNet(listOf(2, 2, 2, 2), bottleneck = false, classes) }

/** ResNet of 34 layers; 21,797,672 parameters for 1000 classes. */
public fun resnet34(weights: Path? = null, classes: Int = 1000): ResNet =
  network(weights) { ResNet(listOf(3, 4, 6, 3), bottleneck = false, classes) }

/** ResNet of 50 layers; 25,557,032 parameters for 1000 classes. */
public fun resnet50(weights: Path? = null, classes: Int = 1000): ResNet =
  network(weights) { ResNet(listOf(3, 4, 6, 3), bottleneck = true, classes) }

/** ResNet of 101 layers; 44,549,160 parameters for 1000 classes. */
public fun resnet101(weights: Path? = null, classes: Int = 1000): ResNet =
  network(weights) { ResNet(listOf(3, 4, 23, 3), bottleneck = true, classes) }

/** ResNet of 152 layers; 60,192,808 parameters for 1000 classes. */
public fun resnet152(weights: Path? = null, classes: Int = 1000): ResNet =
  network(weights) { ResNet(listOf(3, 8, 36, 3), bottleneck = true, classes) }

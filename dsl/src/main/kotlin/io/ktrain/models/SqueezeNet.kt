package io.ktrain.models

import io.ktrain.dsl.adaptiveAvgPool2d
import io.ktrain.dsl.conv2d
import io.ktrain.dsl.dropout
import io.ktrain.dsl.init
import io.ktrain.dsl.maxPool2d
import io.ktrain.dsl.provideDelegate
import io.ktrain.dsl.relu
import io.ktrain.dsl.sequential
import io.ktrain.nn.Activation
import io.ktrain.nn.Conv2d
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import io.ktrain.tensor.Tensor
import io.ktrain.tensor.Tensor.cat
import java.nio.file.Path

/** A 1x1 convolution down to [squeeze] channels, then 1x1 and 3x3 ones side by side: 2 [expand] channels in all. */
public class Fire(channels: Int, squeeze: Int, expand: Int) : Module() {
  public val squeeze: Conv2d by conv2d(channels, squeeze, kernel = 1)
  public val squeeze_activation: Activation by relu()
  public val expand1x1: Conv2d by conv2d(squeeze, expand, kernel = 1)
  public val expand1x1_activation: Activation by relu()
  public val expand3x3: Conv2d by conv2d(squeeze, expand, kernel = 3, padding = 1)
  public val expand3x3_activation: Activation by relu()

  override fun forward(x: Tensor): Tensor {
    val h = squeeze_activation(squeeze(x))
    return cat(listOf(expand1x1_activation(expand1x1(h)), expand3x3_activation(expand3x3(h))), 1)
  }
}

/** "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", Iandola et al. 2016, as in torchvision. */
public class SqueezeNet internal constructor(stem: Stem, classes: Int = 1000) : Module() {
  internal enum class Stem { WIDE, NARROW }

  public val features: Sequential by sequential {
    when (stem) {
      Stem.WIDE -> {
        conv2d(3, 96, kernel = 7, stride = 2)
        relu()
        maxPool2d(3, stride = 2, ceilMode = true)
        +Fire(96, 16, 64)
        +Fire(128, 16, 64)
        +Fire(128, 32, 128)
        maxPool2d(3, stride = 2, ceilMode = true)
        +Fire(256, 32, 128)
        +Fire(256, 48, 192)
        +Fire(384, 48, 192)
        +Fire(384, 64, 256)
        maxPool2d(3, stride = 2, ceilMode = true)
      }
      Stem.NARROW -> {
        conv2d(3, 64, kernel = 3, stride = 2)
        relu()
        maxPool2d(3, stride = 2, ceilMode = true)
        +Fire(64, 16, 64)
        +Fire(128, 16, 64)
        maxPool2d(3, stride = 2, ceilMode = true)
        +Fire(128, 32, 128)
        +Fire(256, 32, 128)
        maxPool2d(3, stride = 2, ceilMode = true)
        +Fire(256, 48, 192)
        +Fire(384, 48, 192)
        +Fire(384, 64, 256)
      }
    }
    +Fire(512, 64, 256)
  }
  public val classifier: Sequential by sequential {
    dropout()
    conv2d(512, classes, kernel = 1)
    relu()
    adaptiveAvgPool2d(1)
  }

  init {
    initialize(conv = { init.kaimingUniform(it.weight); init.zeros(it.bias!!) })
    init.normal((classifier[1] as Conv2d).weight, std = 0.01)
  }

  override fun forward(x: Tensor): Tensor = classifier(features(x)).flatten(1)
}

/** SqueezeNet for pictures `[n, 3, h, w]` of 21 by 21 or more: `[n, classes]`. */
public fun squeezenet1_0(weights: Path? = null, classes: Int = 1000): SqueezeNet =
  network(weights) { SqueezeNet(SqueezeNet.Stem.WIDE, classes) }

/** The same accuracy with 2.4 times less to compute; 1,235,496 parameters for 1000 classes. */
public fun squeezenet1_1(weights: Path? = null, classes: Int = 1000): SqueezeNet =
  network(weights) { SqueezeNet(SqueezeNet.Stem.NARROW, classes) }

package io.ktrain.models

import io.ktrain.dsl.Sequential
import io.ktrain.dsl.avgPool2d
import io.ktrain.dsl.batchNorm2d
import io.ktrain.dsl.conv2d
import io.ktrain.dsl.init
import io.ktrain.dsl.linear
import io.ktrain.dsl.maxPool2d
import io.ktrain.dsl.provideDelegate
import io.ktrain.dsl.relu
import io.ktrain.dsl.sequential
import io.ktrain.nn.Activation
import io.ktrain.nn.BatchNorm2d
import io.ktrain.nn.Conv2d
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import io.ktrain.tensor.Tensor
import io.ktrain.tensor.Tensor.cat
import java.nio.file.Path

private const val GROWTH = 32
private const val BOTTLENECK = 4 * GROWTH

/** [GROWTH] new channels from all [channels] there are so far, through a 1x1 and a 3x3 convolution. */
public class DenseLayer(channels: Int) : Module() {
  public val norm1: BatchNorm2d by batchNorm2d(channels)
  public val relu1: Activation by relu()
  public val conv1: Conv2d by conv2d(channels, BOTTLENECK, kernel = 1, bias = false)
  public val norm2: BatchNorm2d by batchNorm2d(BOTTLENECK)
  public val relu2: Activation by relu()
  public val conv2: Conv2d by conv2d(BOTTLENECK, GROWTH, kernel = 3, padding = 1, bias = false)

  override fun forward(x: Tensor): Tensor = conv2(relu2(norm2(conv1(relu1(norm1(x))))))
}

/** Layers each of which sees what all before it made: `[n, channels, h, w]` to `[n, channels + 32 depth, h, w]`. */
public class DenseBlock(depth: Int, channels: Int) : Module() {
  init {
    for (i in 0..<depth) register("denselayer${i + 1}", DenseLayer(channels + i * GROWTH))
  }

  override fun forward(x: Tensor): Tensor {
    val made = mutableListOf(x)
    for (layer in children().values) made += layer(cat(made, 1))
    return cat(made, 1)
  }
}

/** Half the channels, and half the height and width. */
private fun transition(channels: Int) = Sequential {
  batchNorm2d(channels) named "norm"
  relu() named "relu"
  conv2d(channels, channels / 2, kernel = 1, bias = false) named "conv"
  avgPool2d(2) named "pool"
}

/**
 * "Densely Connected Convolutional Networks", Huang et al. 2017, as in torchvision: dense blocks of [depths] layers,
 * with a halving of channels and size between them.
 */
public class DenseNet(depths: List<Int>, classes: Int = 1000) : Module() {
  private var width = 64
  public val features: Sequential by sequential {
    conv2d(3, width, kernel = 7, stride = 2, padding = 3, bias = false) named "conv0"
    batchNorm2d(width) named "norm0"
    relu() named "relu0"
    maxPool2d(3, stride = 2, padding = 1) named "pool0"
    depths.forEachIndexed { i, depth ->
      +DenseBlock(depth, width) named "denseblock${i + 1}"
      width += depth * GROWTH
      if (i < depths.lastIndex) {
        +transition(width) named "transition${i + 1}"
        width /= 2
      }
    }
    batchNorm2d(width) named "norm5"
  }

  /** The head: `model.classifier = Linear(1024, 10)` replaces it. */
  public var classifier: Module by linear(width, classes)

  init {
    initialize(conv = { init.kaimingNormal(it.weight) }, linear = { init.zeros(it.bias!!) })
  }

  override fun forward(x: Tensor): Tensor =
    classifier(features(x).relu().adaptiveAvgPool2d(1, 1).flatten(1))
}

/** DenseNet of 121 layers for pictures `[n, 3, h, w]`: `[n, classes]`; 7,978,856 parameters for 1000 classes. */
public fun densenet121(weights: Path? = null, classes: Int = 1000): DenseNet =
  network(weights) { DenseNet(listOf(6, 12, 24, 16), classes) }

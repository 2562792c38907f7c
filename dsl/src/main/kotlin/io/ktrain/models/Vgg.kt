package io.ktrain.models

import io.ktrain.dsl.SequentialScope
import io.ktrain.dsl.adaptiveAvgPool2d
import io.ktrain.dsl.batchNorm2d
import io.ktrain.dsl.conv2d
import io.ktrain.dsl.dropout
import io.ktrain.dsl.init
import io.ktrain.dsl.linear
import io.ktrain.dsl.maxPool2d
import io.ktrain.dsl.provideDelegate
import io.ktrain.dsl.relu
import io.ktrain.dsl.sequential
import io.ktrain.nn.AdaptiveAvgPool2d
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import io.ktrain.tensor.Tensor
import java.nio.file.Path

/**
 * "Very Deep Convolutional Networks for Large-Scale Image Recognition", Simonyan and Zisserman 2014, as in torchvision:
 * five stages of 3x3 convolutions, [depths] of them each, and three linear layers.
 */
public class VGG(depths: List<Int>, batchNorm: Boolean = false, classes: Int = 1000) : Module() {
  public val features: Sequential by sequential {
    var channels = 3
    for ((depth, width) in depths zip listOf(64, 128, 256, 512, 512)) {
      repeat(depth) {
        convolution(channels, width, batchNorm)
        channels = width
      }
      maxPool2d(2)
    }
  }
  public val avgpool: AdaptiveAvgPool2d by adaptiveAvgPool2d(7)
  public val classifier: Sequential by sequential {
    linear(512 * 7 * 7, 4096)
    relu()
    dropout()
    linear(4096, 4096)
    relu()
    dropout()
    linear(4096, classes)
  }

  init {
    initialize(
      conv = { kaimingNormalFanOut(it.weight); init.zeros(it.bias!!) },
      linear = { init.normal(it.weight, std = 0.01); init.zeros(it.bias!!) },
    )
  }

  override fun forward(x: Tensor): Tensor = classifier(avgpool(features(x)).flatten(1))
}

private fun SequentialScope.convolution(channels: Int, out: Int, batchNorm: Boolean) {
  conv2d(channels, out, kernel = 3, padding = 1)
  if (batchNorm) batchNorm2d(out)
  relu()
}

private val A = listOf(1, 1, 2, 2, 2)
private val B = listOf(2, 2, 2, 2, 2)
private val D = listOf(2, 2, 3, 3, 3)
private val E = listOf(2, 2, 4, 4, 4)

/** VGG of 11 layers for pictures `[n, 3, h, w]` of 32 by 32 or more: `[n, classes]`. */
public fun vgg11(weights: Path? = null, classes: Int = 1000): VGG = network(weights) { VGG(A, false, classes) }

/** The same with batch normalization. */
public fun vgg11Bn(weights: Path? = null, classes: Int = 1000): VGG = network(weights) { VGG(A, true, classes) }

/** VGG of 13 layers. */
public fun vgg13(weights: Path? = null, classes: Int = 1000): VGG = network(weights) { VGG(B, false, classes) }

/** The same with batch normalization. */
public fun vgg13Bn(weights: Path? = null, classes: Int = 1000): VGG = network(weights) { VGG(B, true, classes) }

/** VGG of 16 layers; 138,357,544 parameters for 1000 classes. */
public fun vgg16(weights: Path? = null, classes: Int = 1000): VGG = network(weights) { VGG(D, false, classes) }

/** The same with batch normalization. */
public fun vgg16Bn(weights: Path? = null, classes: Int = 1000): VGG = network(weights) { VGG(D, true, classes) }

/** VGG of 19 layers; 143,667,240 parameters for 1000 classes. */
public fun vgg19(weights: Path? = null, classes: Int = 1000): VGG = network(weights) { VGG(E, false, classes) }

/** The same with batch normalization. */
public fun vgg19Bn(weights: Path? = null, classes: Int = 1000): VGG = network(weights) { VGG(E, true, classes) }

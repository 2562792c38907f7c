package io.ktrain.models

import io.ktrain.dsl.adaptiveAvgPool2d
import io.ktrain.dsl.conv2d
import io.ktrain.dsl.dropout
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

/** "One weird trick for parallelizing convolutional neural networks", Krizhevsky 2014, as in torchvision. */
public class AlexNet(classes: Int = 1000) : Module() {
  public val features: Sequential by sequential {
    conv2d(3, 64, kernel = 11, stride = 4, padding = 2)
    relu()
    maxPool2d(3, stride = 2)
    conv2d(64, 192, kernel = 5, padding = 2)
    relu()
    maxPool2d(3, stride = 2)
    conv2d(192, 384, kernel = 3, padding = 1)
    relu()
    conv2d(384, 256, kernel = 3, padding = 1)
    relu()
    conv2d(256, 256, kernel = 3, padding = 1)
    relu()
    maxPool2d(3, stride = 2)
  }
  public val avgpool: AdaptiveAvgPool2d by adaptiveAvgPool2d(6)
  public val classifier: Sequential by sequential {
    dropout()
    linear(256 * 6 * 6, 4096)
    relu()
    dropout()
    linear(4096, 4096)
    relu()
    linear(4096, classes)
  }

  override fun forward(x: Tensor): Tensor = classifier(avgpool(features(x)).flatten(1))
}

/** AlexNet for pictures `[n, 3, h, w]` of 63 by 63 or more: `[n, classes]`; 61,100,840 parameters for 1000 classes. */
public fun alexnet(weights: Path? = null, classes: Int = 1000): AlexNet = network(weights) { AlexNet(classes) }

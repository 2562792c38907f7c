package io.ktrain.models

import io.ktrain.dsl.init
import io.ktrain.nn.Conv2d
import io.ktrain.nn.Init
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.tensor.Tensor
import io.ktrain.train.load
import java.nio.file.Path
import kotlin.math.sqrt

/** A network with the values of a file, or without one with first values of its own. */
internal fun <M : Module> network(weights: Path?, make: () -> M): M =
  if (weights == null) make() else Init.skipped(make).also { it.load(weights) }

/** First values of every layer below, in the order of the state dict. */
internal fun Module.initialize(conv: (Conv2d) -> Unit, linear: (Linear) -> Unit = {}) = modules().forEach {
  when (it) {
    is Conv2d -> conv(it)
    is Linear -> linear(it)
  }
}

/** He et al. 2015 for relu, keeping the variance of gradients: PyTorch's kaiming_normal_ with fan_out. */
internal fun kaimingNormalFanOut(weight: Tensor) {
  init.normal(weight, std = sqrt(2.0 / Init.fanOut(weight.shape)))
}

package io.ktrain.train

import io.ktrain.data.Batch
import io.ktrain.data.DataLoader
import io.ktrain.data.toDevice
import io.ktrain.nn.Module
import io.ktrain.tensor.Context
import io.ktrain.tensor.KtrainException

/** The value of [metric] over all samples of [loader], with the model in eval mode and without gradients. */
public fun evaluate(model: Module, loader: DataLoader<Batch>, metric: Metric): Double =
  evaluate(model, loader, metric) { (x, y) -> metric.update(model(x), y) }

/** As above, for batches of your own: [update] gives one batch's predictions and targets to the metric. */
public fun <B> evaluate(model: Module, loader: DataLoader<B>, metric: Metric, update: (B) -> Unit): Double {
  if (loader.size == 0) throw KtrainException("evaluate: there is no batch. Fix: more samples, or no dropLast.")
  val context = Context.current()
  val device = model.device() ?: Run.current().device
  metric.reset()
  model.inEval {
    loader.iterator().use { batches ->
      var index = 0
      while (batches.hasNext()) {
        val batch = batches.next()
        context.step("batch ${++index} of evaluate") { update(toDevice(batch, device)) }
      }
    }
  }
  return metric.value.also { metric.reset() }
}

package io.ktrain.train

import io.ktrain.data.DataLoader
import io.ktrain.nn.Module
import io.ktrain.optim.Optimizer
import io.ktrain.optim.Schedule
import io.ktrain.tensor.KtrainException

/**
 * Trains [model] and gives what every epoch came to.
 *
 * ```
 * val history = fit(model, epochs = 10, train = train.batches(64), valid = valid.batches(256), optimizer = optimizer) {
 *   metrics(acc)
 *   step { (x, y) -> val logits = model(x); acc.update(logits, y); crossEntropy(logits, y) }
 *   earlyStopping(on = validLoss, patience = 3)
 * }
 * ```
 *
 * Batches arrive on the model's device. Every step is a scope: what it computes is given back when it ends. Losses and
 * metrics are means over samples, whatever the size of the batches. The model trains in training mode, but layers in it
 * that were put in `eval()`, such as frozen batch norms, stay there. A loss that is NaN or infinite is an error that
 * names the step. In `ktrain check` there is one epoch of one full and one last batch, on shapes alone.
 *
 * @param epochs how often to go through [train], at most
 * @param valid what to measure after every epoch, with the same step, in eval mode and without gradients
 * @param schedule how the learning rate moves; null: not at all
 * @param configure the step, and whatever else should happen
 */
public fun <B> fit(
  model: Module,
  epochs: Int,
  train: DataLoader<B>,
  valid: DataLoader<B>? = null,
  optimizer: Optimizer,
  schedule: Schedule? = null,
  configure: FitScope<B>.() -> Unit,
): History {
  val scope = FitScope<B>(valid != null).apply(configure)
  if (epochs < 1) throw KtrainException("fit: epochs must be at least 1, got $epochs.")
  if (scope.step == null) {
    throw KtrainException("fit: what does a step do? Fix: step { (x, y) -> crossEntropy(model(x), y) } in its block.")
  }
  if (optimizer.needsClosure()) {
    throw KtrainException(
      "fit: this optimizer evaluates the loss several times a step, which would count every batch as often. " +
        "Fix: a loop of your own with optimizer.step { loss }.",
    )
  }
  scope.requireMonitors(valid != null, schedule)
  val run = Run.current()
  return run.fitting { Trainer(model, epochs, train, valid, optimizer, schedule, scope, run).fit() }
}

/** Stopping or saving by something that is never recorded would only show after the first epoch. */
private fun FitScope<*>.requireMonitors(hasValidation: Boolean, schedule: Schedule?) {
  val names = listOf("loss") + metrics.map { it.name }
  val recorded = names.map { "train/$it" } + if (hasValidation) names.map { "valid/$it" } else emptyList()
  val plateau = (schedule as? MonitoredPlateau)?.let { "plateau" to it.on }
  val saving = checkpoints?.let { "checkpoints" to it.best }
  val wanted = stopping.map { "earlyStopping" to it.on } + listOfNotNull(saving, plateau)
  for ((word, monitor) in wanted) {
    if (monitor.key in recorded) continue
    val fix = if (monitor.key.substringAfter('/') in names) "fit(valid = ...)" else "metrics(...) with that metric"
    throw KtrainException("$word: $monitor is not recorded; there are ${recorded.joinToString()}. Fix: $fix.")
  }
}

package io.ktrain.train

import io.ktrain.data.Batch
import io.ktrain.data.DataLoader
import io.ktrain.data.toDevice
import io.ktrain.nn.BatchNorm
import io.ktrain.nn.Module
import io.ktrain.optim.AveragedModel
import io.ktrain.optim.Schedule
import io.ktrain.tensor.Context
import io.ktrain.tensor.KtrainException

/**
 * Measures the running averages of all batch norms of [model] anew, over one pass through [loader]: for weights that no
 * batch has gone through, such as an average's. torch.optim.swa_utils.update_bn.
 */
public fun updateBn(loader: DataLoader<Batch>, model: Module): Unit = updateBn(loader, model) { (x, _) -> model(x) }

/** As above, for batches of your own: [forward] gives one to the model. */
public fun <B> updateBn(loader: DataLoader<B>, model: Module, forward: (B) -> Unit) {
  val context = Context.current()
  val device = model.device() ?: Run.current().device
  BatchNorm.update(model) {
    loader.iterator().use { batches ->
      var index = 0
      while (batches.hasNext()) {
        val batch = batches.next()
        context.step("batch ${++index} of updateBn") { forward(toDevice(batch, device)) }
      }
    }
  }
}

/** What `ema` or `swa` in the block of `fit` asked for. */
internal sealed interface Averages {
  class Exponential(val decay: Double, val useBuffers: Boolean) : Averages

  class Stochastic(val start: Double, val lr: Double, val annealEpochs: Int, val linear: Boolean) : Averages {
    /** The first epoch, from 0, that is averaged. */
    fun firstEpoch(epochs: Int): Int = (start * epochs).toInt().coerceAtMost(epochs - 1)

    fun schedule(before: Schedule?, epochs: Int): Schedule =
      Schedule.swa(before ?: Schedule { base, _ -> base }, firstEpoch(epochs), lr, annealEpochs, linear)
  }
}

/** The average that a `fit` keeps. */
internal class Averaging(private val asked: Averages, private val model: Module, private val epochs: Int) {
  private var isShown = false
  private val average = when (asked) {
    is Averages.Exponential -> AveragedModel.exponential(model, asked.decay, asked.useBuffers)
    is Averages.Stochastic -> AveragedModel.mean(model, false)
  }

  fun stepped() {
    if (asked is Averages.Exponential) average.update()
  }

  /** [epoch] counts from 1. */
  fun epochTrained(epoch: Int) {
    if (asked is Averages.Stochastic && epoch > asked.firstEpoch(epochs)) average.update()
  }

  /** An exponential average is what is measured and saved; a stochastic one has no batch norms before the end. */
  fun <T> shown(body: () -> T): T {
    if (asked !is Averages.Exponential || average.updates() == 0L || isShown) return body()
    isShown = true
    try {
      return average.with<T> { body() }
    } finally {
      isShown = false
    }
  }

  /** Leaves the average in the model; [pass] gives it all batches. Whether that is another model than was last shown. */
  fun finish(pass: () -> Unit): Boolean {
    if (average.updates() == 0L) return false
    average.apply()
    if (asked is Averages.Exponential) return false
    BatchNorm.update(model) { pass() }
    return true
  }
}

internal fun requireSwa(start: Double) {
  if (!(start >= 0 && start < 1)) {
    throw KtrainException("swa: start is a part of the run, from 0 up to but not 1, got $start. Fix: 0.75.")
  }
}

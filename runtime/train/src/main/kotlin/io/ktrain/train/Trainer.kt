package io.ktrain.train

import io.ktrain.data.DataLoader
import io.ktrain.data.toDevice
import io.ktrain.nn.Module
import io.ktrain.optim.Clip
import io.ktrain.optim.GradScaler
import io.ktrain.optim.Moment
import io.ktrain.optim.Optimizer
import io.ktrain.optim.Schedule
import io.ktrain.tensor.Autograd
import io.ktrain.tensor.Check
import io.ktrain.tensor.Context
import io.ktrain.tensor.DType
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor

/** One call of `fit`. */
internal class Trainer<B>(
  private val model: Module,
  private val epochs: Int,
  private val train: DataLoader<B>,
  private val valid: DataLoader<B>?,
  private val optimizer: Optimizer,
  schedule: Schedule?,
  private val scope: FitScope<B>,
  private val run: Run,
) {
  private val checking = Check.active()
  private val context = Context.current()
  private val progress = Progress(run, epochs, checking)
  private val step = scope.step!!
  private val checkpoints = scope.checkpoints?.takeUnless { checking }
    ?.let { Checkpoints(run.resolve(it.directory), it.best, it.keep, model) }
  private val averaging = scope.averages?.takeUnless { checking }?.let { Averaging(it, model, epochs) }
  private val schedule = (scope.averages as? Averages.Stochastic)?.schedule(schedule, epochs) ?: schedule

  /** What stops training, or chooses which model to save. */
  private val deciding = scope.stopping.map { it.on } + listOfNotNull(scope.checkpoints?.best)
  private val csvLogs = if (checking) emptyList() else scope.csvLogs.map { CsvLog(run.resolve(it)) }
  private val updatesPerEpoch = (train.size + scope.accumulate - 1) / scope.accumulate
  private val unused = UnusedParameters(model, optimizer, scope.unusedAllowed)
  private val autocast = scope.autocast
  private val scaler = if (autocast == DType.f16) GradScaler() else null
  private var updates = 0
  private var share = Share(1, 1)

  /** How many losses may wait on a device for being read: one where somebody wants to see each. */
  private val unread = if (scope.callbacks.any { it.watchesBatches }) 1 else UNREAD

  fun fit(): History {
    if (train.size == 0) throw KtrainException("fit: there is no training batch. Fix: more samples, or no dropLast.")
    if (valid?.size == 0) throw KtrainException("fit: there is no validation batch. Fix: more samples, or no valid.")
    checkpoints?.earlier?.takeIf { it.isNotEmpty() }?.let {
      progress.line("checkpoints: ${it.size} models of an earlier run stay beside this one's, such as ${it.last()}.")
    }
    val done = ArrayList<Epoch>()
    try {
      scope.callbacks.forEach { it.onFitStart() }
      for (number in 1..if (checking) 1 else epochs) {
        val epoch = epoch(number)
        done += epoch
        val reason = scope.stopping.mapNotNull { it.reasonToStop(epoch) }.firstOrNull()
        if (reason != null && number < epochs && !checking) {
          progress.line("Early stopping: $reason.")
          break
        }
      }
      val isAveraged = averaging?.finish { trainedAgain(done.last().number) } ?: false
      if (isAveraged) checkpoints?.finished(done.last())
    } finally {
      progress.clear()
    }
    return History(done).also { history -> scope.callbacks.forEach { it.onFitEnd(history) } }
  }

  private fun epoch(number: Int): Epoch {
    if (!model.isTraining) model.setTraining(true) // else parts that were put in eval() would learn again
    val training = Phase(number, Kind.TRAIN, train)
    training.run { index, batch -> trainOn(training, index, batch) }
    if (!checking) training.requireMeasured(deciding)
    val values = training.values()
    averaging?.epochTrained(number)
    val epoch = shown {
      if (valid != null) {
        val validating = Phase(number, Kind.VALID, valid)
        model.inEval { validating.run { index, batch -> validateOn(validating, index, batch) } }
        if (!checking) validating.requireMeasured(deciding)
        values += validating.values()
        tellUnused() // only now, since some may serve validation alone
      }
      Epoch(number, values, training.speed).also { checkpoints?.epochEnded(it) }
    }
    if (!checking) {
      val plateaus = schedule?.active(moment(updates - 1, number - 1)).orEmpty().filterIsInstance<MonitoredPlateau>()
      plateaus.forEach { it.plateau.observe(epoch[it.on]) }
    }
    csvLogs.forEach { it.write(epoch, optimizer.lr) }
    progress.epochEnded(epoch)
    scope.callbacks.forEach { it.onEpochEnd(epoch) }
    return epoch
  }

  /** With the averaged weights in the model, where there are any to show. */
  private fun <T> shown(body: () -> T): T = averaging?.shown(body) ?: body()

  /** Gives the model all training batches once more, to nobody's account. */
  private fun trainedAgain(epoch: Int) {
    val phase = Phase(epoch, Kind.AVERAGE, train)
    phase.run { index, batch -> phase.lossOf(index, batch) }
  }

  private fun trainOn(phase: Phase, index: Int, batch: B) {
    val first = index - index % scope.accumulate
    val samples = samplesIn(batch).coerceAtLeast(1)
    val together = minOf(scope.accumulate, phase.batches - first)
    if (index == first) {
      optimizer.zeroGrad()
      share = Share(together, samples)
    }
    val loss = phase.lossOf(index, batch).let { scaler?.scale(it) ?: it }
    val part = share.of(samples)
    loss.backward(if (together <= 1) null else Tensor.full(loss.shape, part, loss.dtype).to(loss.device))
    if (valid == null) tellUnused()
    if (checking || index == first + together - 1) update(phase.epoch - 1)
  }

  private fun tellUnused() {
    if (!checking) unused.lines().forEach { progress.line("fit: $it") }
  }

  private fun update(epoch: Int) {
    scaler?.unscale(optimizer)
    if (!checking) share.settle(optimizer)
    scope.clipNorm?.let { Clip.norm(optimizer.parameters(), it, scope.clipNormType) }
    scope.clipValue?.let { Clip.value(optimizer.parameters(), it) }
    schedule?.apply(optimizer, moment(updates, epoch))
    if (scaler == null) {
      optimizer.step()
    } else {
      scaler.step(optimizer)
      scaler.update()
    }
    averaging?.stepped()
    updates++
  }

  private fun moment(step: Int, epoch: Int) = Moment(step, updatesPerEpoch * epochs, epoch, epochs)

  private fun validateOn(phase: Phase, index: Int, batch: B) {
    phase.lossOf(index, batch)
  }

  private fun diverged(loss: Double, index: Int, epoch: Int) = KtrainException(
    "fit: the loss is $loss at step ${index + 1} of epoch $epoch (lr ${optimizer.lr}). " +
      "Fix: a smaller lr, gradClip(norm = 1.0), or look for a log, sqrt or division of 0 in the step.",
  )

  private fun stopIfAsked(phase: Phase) {
    if (checking || !run.stopRequested) return
    phase.settle() // what diverged is no model to save
    val epoch = phase.epoch
    val saved = shown { checkpoints?.interrupted(epoch).orEmpty() }
    val where = when (saved.size) {
      0 -> "Nothing was saved: fit has no checkpoints(...)"
      1 -> "The model is in ${saved[0]}"
      else -> "The best model so far is in ${saved.first()}, the newest in ${saved.last()}"
    }
    val message = "fit: stopped in epoch $epoch, as asked. $where."
    progress.line(message)
    throw Interrupted(message, saved)
  }

  /** Training or validation of one epoch, and what adds up over it. */
  private inner class Phase(val epoch: Int, private val kind: Kind, private val loader: DataLoader<B>) {
    private val isTraining = kind == Kind.TRAIN
    val batches = loader.size
    private val loss = Mean(unread) { index, value ->
      if (isTraining && !checking && !value.isFinite()) throw diverged(value, index, epoch)
      lastLoss = value
    }
    private val logged = LinkedHashMap<String, Mean>()
    private val device = model.device() ?: run.device
    private val started = System.nanoTime()
    private var lastLoss = Double.NaN
    var speed = Double.NaN
      private set

    fun run(body: (index: Int, batch: B) -> Unit) {
      scope.metrics.forEach { it.reset() }
      loader.iterator().use { iterator -> // left early its workers must not go on
        var index = 0
        while (iterator.hasNext()) {
          val batch = iterator.next()
          context.step("${kind.step} ${index + 1} of epoch $epoch") { body(index, batch) }
          val last = index++
          if (isTraining) scope.callbacks.forEach { it.onBatchEnd(epoch, last, lastLoss) }
          progress.batchEnded { Place(epoch, isTraining, index, batches, loss.count, seconds(), ::numbers) }
          stopIfAsked(this)
        }
      }
      settle()
      if (!checking) speed = loss.count / seconds()
    }

    /** The loss of one batch, with its number added to the epoch's. */
    fun lossOf(index: Int, batch: B): Tensor {
      val samples = samplesIn(batch)
      val mean = { name: String -> logged.getOrPut(name) { newlyLogged(name) } }
      val record = { name: String, value: Double -> mean(name).add(value, index, samples) }
      val leave = { name: String, value: Tensor -> mean(name).add(value, index, samples) }
      val scope = StepScope(epoch, index, kind != Kind.VALID, record, leave)
      val compute = { scope.step(toDevice(batch, device)) }
      val value = if (autocast == null) compute() else Autograd.autocast(autocast, compute)
      if (value.numel() != 1L) {
        throw ShapeError("step: must give the loss as a single value, got ${value.describe()}. Fix: mean() or sum().")
      }
      if (checking) loss.add(Double.NaN, index, samples) else loss.add(value, index, samples)
      return value
    }

    private fun newlyLogged(name: String): Mean {
      if (name == "loss" || scope.metrics.any { it.name == name }) {
        throw KtrainException("log: $name is recorded already, as the ${if (name == "loss") "loss" else "metric"} of that name. Fix: another name.")
      }
      return Mean(unread)
    }

    /** Waits for the losses that are not known yet. */
    fun settle() = loss.read()

    fun values(): LinkedHashMap<String, Double> {
      val all = linkedMapOf("${kind.key}/loss" to loss.value)
      for (m in scope.metrics) all["${kind.key}/${m.name}"] = m.value
      for ((name, mean) in logged) all["${kind.key}/$name"] = mean.value
      return all
    }

    /** Refuses to stop or save by a metric that no step updates. */
    fun requireMeasured(monitors: List<Monitor>) {
      for (m in scope.metrics) {
        if (m.isEmpty && monitors.any { it.key == "${kind.key}/${m.name}" }) {
          throw KtrainException(
            "fit: ${kind.key}/${m.name} decides, but no ${kind.step} updates it. Fix: ${m.name}.update(predictions, y) in the step.",
          )
        }
      }
    }

    private fun numbers() = values().entries.joinToString(" | ") { (key, value) -> Epoch.shown(key, value) }
    private fun seconds() = (System.nanoTime() - started) / 1e9
  }

  /** What a pass through the data is for. */
  private enum class Kind(val key: String, val step: String) {
    TRAIN("train", "step"),
    VALID("valid", "validation step"),
    AVERAGE("average", "averaging step"),
  }

  /**
   * How much a batch counts whose gradients are added to those of others: by its samples, as in one large batch. How many
   * samples come is not known before the last batch, so as many are assumed as [first] has, and mended by [settle].
   */
  private class Share(private val batches: Int, private val first: Int) {
    private var samples = 0L

    fun of(samples: Int): Double {
      this.samples += samples
      return samples.toDouble() / first / batches
    }

    fun settle(optimizer: Optimizer) {
      val assumed = first.toLong() * batches
      if (batches == 1 || samples == assumed) return
      Context.current().withGrad(false) {
        for (p in optimizer.parameters()) {
          val grad = p.grad
          if (grad != null) grad.mul_(assumed.toDouble() / samples)
        }
      }
    }
  }

  private companion object {
    const val UNREAD = 64

    val Callback.watchesBatches: Boolean
      get() {
        val types = arrayOf(Int::class.java, Int::class.java, Double::class.java)
        return javaClass.getMethod("onBatchEnd", *types).declaringClass != Callback::class.java
      }
  }
}

/** Runs [body] in eval mode and without gradients; then every layer is as it was. */
internal fun <T> Module.inEval(body: () -> T): T {
  val modes = ArrayList<Pair<Module, Boolean>>()
  visit { modes += it to it.isTraining }
  setTraining(false)
  try {
    return Context.current().withGrad(false) { body() }
  } finally {
    // Parents first, since theirs goes for all below.
    for ((module, training) in modes.asReversed()) module.setTraining(training)
  }
}

package io.ktrain.train

import io.ktrain.op.Autocast
import io.ktrain.tensor.Check
import io.ktrain.tensor.DType
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor
import java.nio.file.Path

/** Marks what blocks of the DSL are written in, so that words of an outer block are not taken for the inner one's. */
@DslMarker
@Target(AnnotationTarget.CLASS)
public annotation class KtrainDsl

/**
 * What a step of `fit` sees.
 *
 * @property epoch counted from 1
 * @property index the batch within the epoch, counted from 0
 * @property isTraining false while it validates
 */
@KtrainDsl
public class StepScope internal constructor(
  public val epoch: Int,
  public val index: Int,
  public val isTraining: Boolean,
  private val record: (name: String, value: Double) -> Unit,
  private val leave: (name: String, value: Tensor) -> Unit,
) {
  /** Records a number of this batch; the epoch's is the mean over its samples. */
  public fun log(name: String, value: Double) {
    record(name, value)
  }

  /** As above, of a tensor of one element; on a device it is read later, with others. */
  public fun log(name: String, value: Tensor) {
    if (value.numel() != 1L) {
      throw ShapeError("log: $name must be a single value, got ${value.describe()}. Fix: mean() or sum().")
    }
    if (Check.active()) record(name, Double.NaN) else leave(name, value)
  }
}

@RequiresOptIn(
  "A step gets one batch. Put parentheses around its parts: step { (x, y) -> ... }",
  RequiresOptIn.Level.ERROR,
)
@Retention(AnnotationRetention.BINARY)
internal annotation class OneBatch

/** What the block of `fit` is written in. */
@KtrainDsl
public class FitScope<B> internal constructor(hasValidation: Boolean) {
  internal var step: (StepScope.(B) -> Tensor)? = null
  internal val metrics = ArrayList<Metric>()
  internal val stopping = ArrayList<Patience>()
  internal val callbacks = ArrayList<Callback>()
  internal var clipNorm: Double? = null
  internal var clipValue: Double? = null
  internal var clipNormType = 2.0
  internal var averages: Averages? = null
  internal var unusedAllowed = false
    private set
  internal var accumulate = 1
  internal var autocast: DType? = null
  internal var checkpoints: Keeping? = null
  internal val csvLogs = ArrayList<Path>()
  private val defaultBest = if (hasValidation) Monitor.validLoss else Monitor.trainLoss

  /** The mean loss over the training samples of an epoch. */
  public val trainLoss: Monitor get() = Monitor.trainLoss

  /** The mean loss over the validation samples; needs `valid = ...`. */
  public val validLoss: Monitor get() = Monitor.validLoss

  /** One batch's loss, a single value, from the model's predictions. The same step, without gradients, validates. */
  public fun step(block: StepScope.(B) -> Tensor) {
    if (step != null) throw KtrainException("fit: there are two step blocks. Fix: one step { ... }.")
    step = block
  }

  /** Only says at compile time what is wrong with `step { x, y -> }`. */
  @OneBatch
  @JvmName("stepOfTwo")
  public fun step(block: StepScope.(Tensor, Tensor) -> Tensor): Unit = error("unreachable")

  /** What to report besides the loss. The step updates them: `acc.update(logits, y)`. */
  public fun metrics(vararg metrics: Metric) {
    for (m in metrics) {
      if (m.name == "loss" || this.metrics.any { it.name == m.name }) {
        throw KtrainException("metrics: there are two called \"${m.name}\". Fix: name one, as accuracy(\"top1\").")
      }
      this.metrics += m
    }
  }

  /**
   * Keeps gradients in bounds before every optimizer step: [norm] scales all of them so that their common norm, of
   * [normType], is at most that; [value] holds each element between -value and value.
   */
  public fun gradClip(norm: Double? = null, value: Double? = null, normType: Double = 2.0) {
    if (norm == null && value == null) {
      throw KtrainException("gradClip: by what? Fix: gradClip(norm = 1.0) or gradClip(value = 0.5).")
    }
    clipNorm = norm
    clipValue = value
    clipNormType = normType
  }

  /**
   * Keeps an exponential average of the parameters, of which [decay] stays with every optimizer step. Validation and
   * checkpoints see the average, and at the end it is the model. [useBuffers]: average the running statistics of batch
   * norms as well, instead of keeping the newest.
   */
  public fun ema(decay: Double, useBuffers: Boolean = false) {
    average(Averages.Exponential(decay, useBuffers))
  }

  /**
   * Stochastic weight averaging (Izmailov et al. 2018): from [start], a part of the run, the learning rate goes to [lr]
   * in [annealEpochs], and the model at the end of each epoch is averaged. At the end the average is the model, with its
   * batch norms measured anew over the training batches. Validation before that sees the model as it trains.
   */
  public fun swa(lr: Double, start: Double = 0.75, annealEpochs: Int = 10, linear: Boolean = false) {
    requireSwa(start)
    average(Averages.Stochastic(start, lr, annealEpochs, linear))
  }

  private fun average(asked: Averages) {
    if (averages != null) throw KtrainException("fit: there are two averages. Fix: one ema(...) or swa(...).")
    averages = asked
  }

  /** Stops once [on] has not improved by more than [minDelta] for [patience] epochs in a row. */
  public fun earlyStopping(on: Monitor, patience: Int, minDelta: Double = 0.0) {
    if (patience < 1 || !(minDelta >= 0)) {
      throw KtrainException("earlyStopping: expected patience >= 1 and minDelta >= 0, got $patience and $minDelta.")
    }
    stopping += Patience(on, patience, minDelta)
  }

  /**
   * Saves the model after every epoch: the [keep] epochs that were best by [best] (the validation loss; without
   * validation the training loss), each under its epoch and value, as `epoch-003-valid-acc-0.98760.safetensors`, and
   * always the newest as `last.safetensors`. Files are written whole or not at all. When the run is interrupted the
   * model is saved there too. Files of earlier runs in the folder stay.
   */
  public fun checkpoints(directory: String, best: Monitor = defaultBest, keep: Int = 1): Unit =
    checkpoints(Path.of(directory), best, keep)

  /** As above. */
  public fun checkpoints(directory: Path, best: Monitor = defaultBest, keep: Int = 1) {
    if (keep < 1) throw KtrainException("checkpoints: keep must be at least 1, got $keep.")
    checkpoints = Keeping(directory, best, keep)
  }

  /** Writes one line an epoch to a CSV file: the epoch, all values, the learning rate and samples a second. */
  public fun csvLog(path: String): Unit = csvLog(Path.of(path))

  /** As above. */
  public fun csvLog(path: Path) {
    csvLogs.add(path) // a Path is also an Iterable of its parts
  }

  /**
   * Adds the gradients of that many batches up before each optimizer step: their mean over samples, as if they were one
   * batch whose loss is a mean.
   */
  public fun accumulate(steps: Int) {
    if (steps < 1) throw KtrainException("accumulate: expected at least 1 batch a step, got $steps.")
    accumulate = steps
  }

  /**
   * Parameters that the optimizer holds and the step computes nothing with are meant to be there: without this `fit`
   * names them once, after the first step (with validation: after the first epoch's).
   */
  public fun allowUnused() {
    unusedAllowed = true
  }

  /**
   * Mixed precision: in the step, products and convolutions compute in [dtype] (bf16 or f16), what would lose by it in
   * f32. Weights stay f32. With f16 the loss is scaled, and steps whose gradients overflowed are left out.
   */
  public fun autocast(dtype: DType) {
    Autocast(dtype) // refuses what is neither, here and not in the first step
    autocast = dtype
  }

  /** Runs after each training batch, with its index in the epoch, from 0. */
  public fun onBatchEnd(block: (index: Int) -> Unit): Unit = callback(object : Callback {
    override fun onBatchEnd(epoch: Int, step: Int, loss: Double) = block(step)
  })

  /** Runs after each epoch's training and validation. */
  public fun onEpochEnd(block: (Epoch) -> Unit): Unit = callback(object : Callback {
    override fun onEpochEnd(epoch: Epoch) = block(epoch)
  })

  /** Runs once, at the end. */
  public fun onFitEnd(block: (History) -> Unit): Unit = callback(object : Callback {
    override fun onFitEnd(history: History) = block(history)
  })

  /** Adds an observer of your own. */
  public fun callback(callback: Callback) {
    callbacks += callback
  }
}

/** What `checkpoints` asked for. */
internal class Keeping(val directory: Path, val best: Monitor, val keep: Int)

/** What `earlyStopping` asked for, and how long it has waited. */
internal class Patience(val on: Monitor, private val epochs: Int, private val minDelta: Double) {
  private var best = Double.NaN
  private var waited = 0

  /** Null, or why training should end after [epoch]. */
  fun reasonToStop(epoch: Epoch): String? {
    val value = epoch[on]
    if (on.isBetter(value, best, minDelta)) {
      best = value
      waited = 0
    } else {
      waited++
    }
    return if (waited < epochs) null else "$on has not improved for $waited epochs"
  }
}

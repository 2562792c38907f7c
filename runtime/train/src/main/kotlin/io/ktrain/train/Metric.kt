package io.ktrain.train

import io.ktrain.tensor.Check
import io.ktrain.tensor.Context
import io.ktrain.tensor.DType
import io.ktrain.tensor.Shape
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor

/** Whether less or more of something is better. */
public enum class Goal { MIN, MAX }

/** A number that `fit` records every epoch, and which way it should go: [Metric.train] and [Metric.valid], say. */
public class Monitor internal constructor(public val key: String, public val goal: Goal) {
  /** Whether [value] beats [best] by more than [by]; NaN never does, and everything else beats NaN. */
  internal fun isBetter(value: Double, best: Double, by: Double = 0.0): Boolean = when {
    value.isNaN() -> false
    best.isNaN() -> true
    goal == Goal.MIN -> value < best - by
    else -> value > best + by
  }

  /** `valid/acc`, as logs name it. */
  override fun toString(): String = key

  public companion object {
    /** The mean loss over the training samples of an epoch. */
    public val trainLoss: Monitor = Monitor("train/loss", Goal.MIN)

    /** The mean loss over the validation samples. */
    public val validLoss: Monitor = Monitor("valid/loss", Goal.MIN)
  }
}

/** What a metric adds up over a batch: the sum over its samples (one element, on any device) and how many they were. */
public class Measured(public val sum: Tensor, public val count: Long)

/**
 * A mean over samples, added up batch by batch on the device; the host reads it once, at the end. A metric knows
 * whether more of it is better.
 *
 * @param name how logs and lines call it
 * @param measure the part of one batch, from predictions and targets; runs without gradients
 */
public class Metric(
  public val name: String,
  public val goal: Goal,
  private val measure: (prediction: Tensor, target: Tensor) -> Measured,
) {
  private var total: Tensor? = null
  private var count = 0L

  /** Its value over the training samples, to stop, save or choose by. */
  public val train: Monitor = Monitor("train/$name", goal)

  /** Its value over the validation samples. */
  public val valid: Monitor = Monitor("valid/$name", goal)

  /** Adds a batch. */
  public fun update(prediction: Tensor, target: Tensor) {
    Context.current().withGrad(false) {
      val part = measure(prediction.detach(), target)
      if (!part.sum.isShapeOnly) totalOn(part.sum).add_(part.sum.to(DType.f64))
      count += part.count
    }
  }

  /** The mean so far; NaN before the first sample and in `ktrain check`. */
  public val value: Double
    get() = total?.takeUnless { Check.active() || count == 0L }?.let { it.item() / count } ?: Double.NaN

  /** Whether there was no sample yet. */
  internal val isEmpty: Boolean get() = count == 0L

  /** Starts again from nothing. */
  public fun reset() {
    val context = Context.current()
    total?.let { context.scoped("reset") { _ -> context.withGrad(false) { it.zero_() } } }
    count = 0
  }

  /** Kept from batch to batch, so that a step takes no memory that outlives it. */
  private fun totalOn(like: Tensor): Tensor =
    total?.takeIf { it.device == like.device } ?: moved(like).also { total = it }

  private fun moved(like: Tensor): Tensor =
    (total ?: Tensor.zeros(Shape.SCALAR, DType.f64)).to(like.device).keep()
}

/**
 * The share of samples whose largest logit is the target's: logits `f32[n, classes, ...]`, target `i64[n, ...]`. Where
 * both have one shape each logit is a yes or no of its own: above 0 is yes.
 */
public fun accuracy(name: String = "acc"): Metric = Metric(name, Goal.MAX) { prediction, target ->
  val right = when {
    prediction.shape == target.shape -> prediction.gt(0.0).eq(target.gt(0.5))
    prediction.ndim == target.ndim + 1 -> prediction.argmax(1).eq(target)
    else -> throw ShapeError(
      "accuracy: logits ${prediction.describe()} and target ${target.describe()} do not fit. " +
        "Fix: logits [n, classes] with labels [n], or both of one shape.",
    )
  }
  Measured(right.sum(), target.numel())
}

/** The mean of |prediction - target| over all elements; both of one shape. */
public fun meanAbsoluteError(name: String = "mae"): Metric = Metric(name, Goal.MIN) { prediction, target ->
  requireSame("meanAbsoluteError", prediction, target)
  Measured(prediction.sub(target).abs().sum(), target.numel())
}

/** The mean of (prediction - target)^2 over all elements; both of one shape. */
public fun meanSquaredError(name: String = "mse"): Metric = Metric(name, Goal.MIN) { prediction, target ->
  requireSame("meanSquaredError", prediction, target)
  Measured(prediction.sub(target).square().sum(), target.numel())
}

/**
 * A metric of your own: [mean] gives one batch's mean, a single value, and batches count by their samples (dim 0 of the
 * target).
 */
public fun metric(name: String, goal: Goal, mean: (prediction: Tensor, target: Tensor) -> Tensor): Metric =
  Metric(name, goal) { prediction, target ->
    val samples = if (target.ndim == 0) 1 else target.size(0)
    Measured(mean(prediction, target).mul(samples), samples.toLong())
  }

private fun requireSame(name: String, prediction: Tensor, target: Tensor) {
  if (prediction.shape != target.shape) {
    throw ShapeError(
      "$name: prediction ${prediction.describe()} and target ${target.describe()} differ in shape. " +
        "Fix: squeeze(-1) or unsqueeze(-1) one of them.",
    )
  }
}

package io.ktrain.dsl

import io.ktrain.nn.Init
import io.ktrain.tensor.CrossEntropyOptions
import io.ktrain.tensor.Reduction
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor

/** max(x, 0), elementwise. */
public fun relu(x: Tensor): Tensor = x.relu()

/** x times the normal distribution function of x, by the error function. */
public fun gelu(x: Tensor): Tensor = x.gelu()

/** x sigmoid(x), also called swish. */
public fun silu(x: Tensor): Tensor = x.silu()

/** The hyperbolic tangent. */
public fun tanh(x: Tensor): Tensor = x.tanh()

/** 1 / (1 + exp(-x)). */
public fun sigmoid(x: Tensor): Tensor = x.sigmoid()

/** Positive numbers along [dim] whose sum is 1. */
public fun softmax(x: Tensor, dim: Int): Tensor = x.softmax(dim)

/** log(softmax(x)), also where softmax(x) would be 0. */
public fun logSoftmax(x: Tensor, dim: Int): Tensor = x.logSoftmax(dim)

/** Zeroes each element with probability [p] and scales the rest by 1 / (1 - p); the identity unless [training]. */
public fun dropout(x: Tensor, p: Double, training: Boolean): Tensor = x.dropout(p, training)

/** Rows of [classes] zeros with a one at each label: i64 `[...]` to i64 `[..., classes]`; -1: the largest label + 1. */
public fun oneHot(labels: Tensor, classes: Int = -1): Tensor = labels.oneHot(classes)

/** Joins tensors along a dim they have. */
public fun cat(tensors: List<Tensor>, dim: Int = 0): Tensor = Tensor.cat(tensors, dim)

/** Joins tensors of one shape along a new dim. */
public fun stack(tensors: List<Tensor>, dim: Int = 0): Tensor = Tensor.stack(tensors, dim)

/** Joins side by side: vectors along dim 0, others along dim 1. */
public fun hstack(tensors: List<Tensor>): Tensor = Tensor.hstack(tensors)

/** Joins one below the other; vectors are rows. */
public fun vstack(tensors: List<Tensor>): Tensor = Tensor.vstack(tensors)

/** Joins along dim 2. */
public fun dstack(tensors: List<Tensor>): Tensor = Tensor.dstack(tensors)

/** Matrices along the diagonal of a larger one of zeros. */
public fun blockDiag(vararg matrices: Tensor): Tensor = Tensor.blockDiag(matrices.toList())

/** Vectors stretched to a grid's coordinates; [indexing] "xy" lets the first two dims change places. */
public fun meshgrid(vararg vectors: Tensor, indexing: String = "ij"): List<Tensor> =
  Tensor.meshgrid(vectors.toList(), indexing)

/** All combinations of the vectors' elements, one a row. */
public fun cartesianProd(vararg vectors: Tensor): Tensor = Tensor.cartesianProd(vectors.toList())

/** All read in the one shape they broadcast to. */
public fun broadcastTensors(vararg tensors: Tensor): List<Tensor> = Tensor.broadcastTensors(tensors.toList())

/** The product of several matrices, in the cheapest order. */
public fun multiDot(vararg matrices: Tensor): Tensor = Tensor.multiDot(matrices.toList())

/** The places where [condition] holds, a vector for each dim. */
public fun where(condition: Tensor): List<Tensor> = Tensor.where(condition)

/** [yes] where [condition] holds, else [no]. */
public fun where(condition: Tensor, yes: Tensor, no: Tensor): Tensor = Tensor.where(condition, yes, no)

/** Sums of products by index letters: `einsum("bij,bkj->bik", a, b)`. */
public fun einsum(equation: String, vararg operands: Tensor): Tensor = Tensor.einsum(equation, *operands)

/** Adds [value] around [x]: pairs of widths before and after, from the last dim on: `pad(t, 0, 1)` adds one column. */
public fun pad(x: Tensor, vararg widths: Int, value: Double = 0.0): Tensor = x.pad(widths, value)

/** Sequences of different lengths (dim 0) as one tensor `[n, longest, ...]`, filled up with [value]: pad_sequence. */
@JvmName("padTensors")
public fun pad(sequences: List<Tensor>, value: Double = 0.0): Tensor {
  if (sequences.isEmpty()) throw ShapeError("pad: there is no sequence.")
  if (sequences.any { it.ndim == 0 }) throw ShapeError("pad: a sequence has at least one dim, got a single value.")
  val longest = sequences.maxOf { it.size(0) }
  return stack(sequences.map { s ->
    val widths = IntArray(2 * s.ndim)
    widths[widths.size - 1] = longest - s.size(0)
    s.pad(widths, value)
  })
}

/** Rows of numbers of different lengths as one tensor i64 `[n, longest]`, filled up with [value]. */
@JvmName("padNumbers")
public fun pad(sequences: List<List<Int>>, value: Int = 0): Tensor {
  if (sequences.isEmpty()) throw ShapeError("pad: there is no sequence.")
  val longest = sequences.maxOf { it.size }
  val all = LongArray(sequences.size * longest) { (sequences[it / longest].getOrNull(it % longest) ?: value).toLong() }
  return Tensor.of(all, sequences.size, longest)
}

/**
 * How far logits `[n, classes, ...]` are from labels i64 `[n, ...]` (or from probabilities of the logits' shape): the
 * mean of -log softmax at the label. [weight]: one number a class; labels equal to [ignoreIndex] do not count.
 */
public fun crossEntropy(
  logits: Tensor,
  target: Tensor,
  weight: Tensor? = null,
  ignoreIndex: Long = -100,
  labelSmoothing: Double = 0.0,
  reduction: Reduction = Reduction.MEAN,
): Tensor = logits.crossEntropy(target, CrossEntropyOptions(weight, labelSmoothing, ignoreIndex, reduction))

/** The mean of -logProbabilities at the label: `[n, classes]` and i64 `[n]`. */
public fun nllLoss(logProbabilities: Tensor, target: Tensor): Tensor = logProbabilities.nllLoss(target)

/** The mean of (prediction - target)^2; both of one shape. */
public fun mseLoss(prediction: Tensor, target: Tensor, reduction: Reduction = Reduction.MEAN): Tensor =
  prediction.mseLoss(target, reduction)

/**
 * Binary cross entropy of sigmoid(logits) against targets in 0..1 of the same shape, without computing the sigmoid.
 * [posWeight] multiplies what the positive ones count.
 */
public fun bceWithLogits(
  logits: Tensor,
  target: Tensor,
  posWeight: Tensor? = null,
  reduction: Reduction = Reduction.MEAN,
): Tensor = logits.bceWithLogits(target, posWeight, reduction)

/** First values of parameters: each overwrites its tensor, outside the graph, and gives it back. */
public object init {
  /** He et al. 2015: uniform within gain sqrt(3 / inputs), for leaky relu of slope [a] (0: relu). */
  public fun kaimingUniform(weight: Tensor, a: Double = 0.0): Tensor = Init.kaimingUniform(weight, a)

  /** He et al. 2015: normal with standard deviation sqrt(2 / inputs), for relu. */
  public fun kaimingNormal(weight: Tensor): Tensor = Init.kaimingNormal(weight)

  /** Glorot and Bengio 2010: uniform within gain sqrt(6 / (inputs + outputs)). */
  public fun xavierUniform(weight: Tensor, gain: Double = 1.0): Tensor = Init.xavierUniform(weight, gain)

  /** Glorot and Bengio 2010: normal with standard deviation gain sqrt(2 / (inputs + outputs)). */
  public fun xavierNormal(weight: Tensor, gain: Double = 1.0): Tensor = Init.xavierNormal(weight, gain)

  /** What a nonlinearity ("relu", "tanh", ...) takes from the scale of its input, to be given as gain. */
  public fun gain(nonlinearity: String): Double = Init.gain(nonlinearity)

  /** Uniform in [low, high). */
  public fun uniform(t: Tensor, low: Double = 0.0, high: Double = 1.0): Tensor = Init.uniform(t, low, high)

  /** Normal. */
  public fun normal(t: Tensor, mean: Double = 0.0, std: Double = 1.0): Tensor = Init.normal(t, mean, std)

  /** [value] everywhere. */
  public fun constant(t: Tensor, value: Double): Tensor = Init.constant(t, value)

  /** Zeros. */
  public fun zeros(t: Tensor): Tensor = Init.zeros(t)

  /** Ones. */
  public fun ones(t: Tensor): Tensor = Init.ones(t)
}

package io.ktrain.dsl

import io.ktrain.tensor.CrossEntropyOptions
import io.ktrain.tensor.Reduction
import io.ktrain.tensor.Tensor

// Losses with torch.nn.functional's names and defaults. Reduction.MEAN, SUM, NONE or BATCHMEAN says how the losses of
// single elements become one.

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

/** Minus the log probability `[n, classes, ...]` at the label i64 `[n, ...]`. */
public fun nllLoss(
  logProbabilities: Tensor,
  target: Tensor,
  weight: Tensor? = null,
  ignoreIndex: Long = -100,
  reduction: Reduction = Reduction.MEAN,
): Tensor = logProbabilities.nllLoss(target, weight, ignoreIndex, reduction)

/** (prediction - target)^2; both of one shape. */
public fun mseLoss(prediction: Tensor, target: Tensor, reduction: Reduction = Reduction.MEAN): Tensor =
  prediction.mseLoss(target, reduction)

/** |prediction - target|; both of one shape. */
public fun l1Loss(prediction: Tensor, target: Tensor, reduction: Reduction = Reduction.MEAN): Tensor =
  prediction.l1Loss(target, reduction)

/** |prediction - target| less beta / 2, and a parabola where it is below [beta]. */
public fun smoothL1Loss(
  prediction: Tensor,
  target: Tensor,
  beta: Double = 1.0,
  reduction: Reduction = Reduction.MEAN,
): Tensor = prediction.smoothL1Loss(target, beta, reduction)

/** Half of (prediction - target)^2 up to a difference of [delta], and a straight line from there. */
public fun huberLoss(
  prediction: Tensor,
  target: Tensor,
  delta: Double = 1.0,
  reduction: Reduction = Reduction.MEAN,
): Tensor = prediction.huberLoss(target, delta, reduction)

/** Binary cross entropy of probabilities against targets in 0..1 of the same shape; logarithms are -100 at least. */
public fun bceLoss(
  probabilities: Tensor,
  target: Tensor,
  weight: Tensor? = null,
  reduction: Reduction = Reduction.MEAN,
): Tensor = probabilities.bceLoss(target, weight, reduction)

/**
 * Binary cross entropy of sigmoid(logits) against targets in 0..1 of the same shape, without computing the sigmoid.
 * [posWeight] multiplies what the positive ones count, [weight] what each element counts.
 */
public fun bceWithLogits(
  logits: Tensor,
  target: Tensor,
  posWeight: Tensor? = null,
  reduction: Reduction = Reduction.MEAN,
  weight: Tensor? = null,
): Tensor = logits.bceWithLogits(target, weight, posWeight, reduction)

/** The divergence of log probabilities from a distribution, or from its logarithm; BATCHMEAN is the one of the books. */
public fun klDiv(
  logProbabilities: Tensor,
  target: Tensor,
  logTarget: Boolean = false,
  reduction: Reduction = Reduction.MEAN,
): Tensor = logProbabilities.klDiv(target, logTarget, reduction)

/** The negative log likelihood of [target] under normal distributions; [full]: with the constant term. */
public fun gaussianNllLoss(
  mean: Tensor,
  target: Tensor,
  variance: Tensor,
  full: Boolean = false,
  eps: Double = 1e-6,
  reduction: Reduction = Reduction.MEAN,
): Tensor = mean.gaussianNllLoss(target, variance, full, eps, reduction)

/** The negative log likelihood of counts under Poisson distributions of rates, or of their logarithms ([logInput]). */
public fun poissonNllLoss(
  rate: Tensor,
  target: Tensor,
  logInput: Boolean = true,
  full: Boolean = false,
  eps: Double = 1e-8,
  reduction: Reduction = Reduction.MEAN,
): Tensor = rate.poissonNllLoss(target, logInput, full, eps, reduction)

/** log(1 + exp(-target score)) for targets of 1 and -1. */
public fun softMarginLoss(scores: Tensor, target: Tensor, reduction: Reduction = Reduction.MEAN): Tensor =
  scores.softMarginLoss(target, reduction)

/** Binary cross entropy of logits `[..., classes]`, averaged over the classes. */
public fun multilabelSoftMarginLoss(
  logits: Tensor,
  target: Tensor,
  weight: Tensor? = null,
  reduction: Reduction = Reduction.MEAN,
): Tensor = logits.multilabelSoftMarginLoss(target, weight, reduction)

/** A distance where the target is 1, and what it lacks to the [margin] where the target is -1. */
public fun hingeEmbeddingLoss(
  distance: Tensor,
  target: Tensor,
  margin: Double = 1.0,
  reduction: Reduction = Reduction.MEAN,
): Tensor = distance.hingeEmbeddingLoss(target, margin, reduction)

/** Whether rows of [a] and [b] point the same way where the target `[n]` is 1, and do not where it is -1. */
public fun cosineEmbeddingLoss(
  a: Tensor,
  b: Tensor,
  target: Tensor,
  margin: Double = 0.0,
  reduction: Reduction = Reduction.MEAN,
): Tensor = a.cosineEmbeddingLoss(b, target, margin, reduction)

/** Whether [a] is larger than [b] by the [margin] where the target is 1, and smaller where it is -1. */
public fun marginRankingLoss(
  a: Tensor,
  b: Tensor,
  target: Tensor,
  margin: Double = 0.0,
  reduction: Reduction = Reduction.MEAN,
): Tensor = a.marginRankingLoss(b, target, margin, reduction)

/** Whether the anchor is nearer to the positive than to the negative by the [margin], in the [p]-norm. */
public fun tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  margin: Double = 1.0,
  p: Double = 2.0,
  eps: Double = 1e-6,
  swap: Boolean = false,
  reduction: Reduction = Reduction.MEAN,
): Tensor = anchor.tripletMarginLoss(positive, negative, margin, p, eps, swap, reduction)

/** [tripletMarginLoss] by a distance of your own. */
public fun tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  margin: Double = 1.0,
  swap: Boolean = false,
  reduction: Reduction = Reduction.MEAN,
  distance: (Tensor, Tensor) -> Tensor = { x, y -> x.pairwiseDistance(y) },
): Tensor = anchor.tripletMarginWithDistanceLoss(positive, negative, distance, margin, swap, reduction)

/** Whether the score `[n, classes]` of the label i64 `[n]` is above all others by the [margin]; [p] is 1 or 2. */
public fun multiMarginLoss(
  scores: Tensor,
  target: Tensor,
  p: Int = 1,
  margin: Double = 1.0,
  weight: Tensor? = null,
  reduction: Reduction = Reduction.MEAN,
): Tensor = scores.multiMarginLoss(target, p, margin, weight, reduction)

/** Whether the scores of a row's labels i64 `[n, classes]`, ended by -1, are above all others by 1. */
public fun multilabelMarginLoss(scores: Tensor, target: Tensor, reduction: Reduction = Reduction.MEAN): Tensor =
  scores.multilabelMarginLoss(target, reduction)

/**
 * Connectionist temporal classification of log probabilities `[steps, n, classes]` against labels `[n, longest]`, or
 * all in one vector. [zeroInfinity]: labels that do not fit into their steps count 0.
 */
public fun ctcLoss(
  logProbabilities: Tensor,
  targets: Tensor,
  inputLengths: Tensor,
  targetLengths: Tensor,
  blank: Int = 0,
  reduction: Reduction = Reduction.MEAN,
  zeroInfinity: Boolean = false,
): Tensor = logProbabilities.ctcLoss(targets, inputLengths, targetLengths, blank, reduction, zeroInfinity)

/** The [p]-norm of a - b + eps over the last dim. */
public fun pairwiseDistance(a: Tensor, b: Tensor, p: Double = 2.0, eps: Double = 1e-6, keepDim: Boolean = false): Tensor =
  a.pairwiseDistance(b, p, eps, keepDim)

/** The cosine of the angle between a and b along [dim]. */
public fun cosineSimilarity(a: Tensor, b: Tensor, dim: Int = 1, eps: Double = 1e-8): Tensor =
  a.cosineSimilarity(b, dim, eps)

package io.ktrain.dsl

import io.ktrain.optim.Schedule

// One of your own is Schedule { base, step, steps, epoch -> base / (1 + epoch) }; steps and epochs count from 0.

/** Down from the learning rate to [etaMin] along a cosine, after a linear rise over [warmup] (0..1) of all steps. */
public fun cosine(warmup: Double = 0.0, etaMin: Double = 0.0): Schedule = Schedule.cosine(warmup, etaMin)

/** Down to [etaMin] in [tMax] epochs along a cosine, up again in as many, and so on: CosineAnnealingLR. */
public fun cosineAnnealing(tMax: Int, etaMin: Double = 0.0): Schedule = Schedule.cosineAnnealing(tMax, etaMin)

/** Down along a cosine over [t0] epochs, then again, each time [tMult] as long: CosineAnnealingWarmRestarts. */
public fun cosineRestarts(t0: Int, tMult: Int = 1, etaMin: Double = 0.0): Schedule =
  Schedule.cosineRestarts(t0, tMult, etaMin)

/** Times [gamma] every [stepSize] epochs: StepLR. */
public fun stepLr(stepSize: Int, gamma: Double = 0.1): Schedule = Schedule.stepLr(stepSize, gamma)

/** Times [gamma] when each of these epochs begins, counted from 0: MultiStepLR. */
public fun multiStepLr(milestones: List<Int>, gamma: Double = 0.1): Schedule =
  Schedule.multiStepLr(gamma, *milestones.toIntArray())

/** Times [gamma] every epoch: ExponentialLR. */
public fun exponential(gamma: Double): Schedule = Schedule.exponential(gamma)

/** From [startFactor] to [endFactor] times the learning rate in equal parts over [totalSteps] steps: LinearLR. */
public fun linearWarmup(totalSteps: Int, startFactor: Double = 1.0 / 3, endFactor: Double = 1.0): Schedule =
  Schedule.linearWarmup(totalSteps, startFactor, endFactor)

/** [factor] times the learning rate for [totalEpochs], then all of it: ConstantLR. */
public fun constantLr(factor: Double = 1.0 / 3, totalEpochs: Int = 5): Schedule = Schedule.constant(factor, totalEpochs)

/** Down to 0 in [totalEpochs] as (1 - t)^power: PolynomialLR. */
public fun polynomial(totalEpochs: Int, power: Double = 1.0): Schedule = Schedule.polynomial(totalEpochs, power)

/** Up to [maxLr] and down to almost nothing in one run, with the momentum the other way round: OneCycleLR. */
public fun oneCycle(
  maxLr: Double,
  pctStart: Double = 0.3,
  divFactor: Double = 25.0,
  finalDivFactor: Double = 1e4,
): Schedule = Schedule.oneCycle(maxLr, pctStart, divFactor, finalDivFactor)

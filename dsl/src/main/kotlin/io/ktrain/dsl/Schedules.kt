package io.ktrain.dsl

import io.ktrain.optim.Cyclic
import io.ktrain.optim.Plateau
import io.ktrain.optim.Schedule
import io.ktrain.train.Goal
import io.ktrain.train.Monitor
import io.ktrain.train.MonitoredPlateau

// One of your own is Schedule { base, at -> base / (1 + at.epoch) }; steps and epochs count from 0.

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

/** From [startFactor] to [endFactor] times the learning rate in equal parts over [totalSteps] steps. */
public fun linearWarmup(totalSteps: Int, startFactor: Double = 1.0 / 3, endFactor: Double = 1.0): Schedule =
  Schedule.linearWarmup(totalSteps, startFactor, endFactor)

/** From [startFactor] to [endFactor] times the learning rate in equal parts over [totalEpochs] epochs: LinearLR. */
public fun linearLr(totalEpochs: Int = 5, startFactor: Double = 1.0 / 3, endFactor: Double = 1.0): Schedule =
  Schedule.linear(totalEpochs, startFactor, endFactor)

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

/** [factor] of the epoch, from 0, times the learning rate: LambdaLR. */
public fun lambdaLr(factor: (epoch: Int) -> Double): Schedule = Schedule.lambda(factor)

/** Times [factor] of the epoch as each begins but the first: MultiplicativeLR. */
public fun multiplicative(factor: (epoch: Int) -> Double): Schedule = Schedule.multiplicative(factor)

/** Up from [baseLr] to [maxLr] in [stepSizeUp] steps, down in [stepSizeDown], and so on: CyclicLR. */
public fun cyclic(
  baseLr: Double,
  maxLr: Double,
  stepSizeUp: Int = 2000,
  stepSizeDown: Int = stepSizeUp,
  mode: Cyclic.Mode = Cyclic.Mode.TRIANGULAR,
  gamma: Double = 1.0,
  cycleMomentum: Boolean = true,
): Schedule = Schedule.cyclic(baseLr, maxLr, stepSizeUp, stepSizeDown, mode, gamma, cycleMomentum)

/** One schedule after another, the next beginning with each of [milestones], epochs from 0: SequentialLR. */
public fun sequentialLr(vararg schedules: Schedule, milestones: List<Int>): Schedule =
  Schedule.sequential(schedules.toList(), *milestones.toIntArray())

/** All at once, each working on the rate that the one before gives: ChainedScheduler. */
public fun chained(vararg schedules: Schedule): Schedule = Schedule.chained(*schedules)

/** As [before], then from epoch [start] to [lr] in [annealEpochs], where it stays: SWALR. */
public fun swaLr(
  before: Schedule,
  start: Int,
  lr: Double,
  annealEpochs: Int = 10,
  linear: Boolean = false,
): Schedule = Schedule.swa(before, start, lr, annealEpochs, linear)

/**
 * Times [factor] once [on] has not improved for more than [patience] epochs: ReduceLROnPlateau. Better means by more
 * than [threshold], a part of the best if [relative]. After a reduction [cooldown] epochs do not count.
 */
public fun plateau(
  on: Monitor = Monitor.validLoss,
  factor: Double = 0.1,
  patience: Int = 10,
  threshold: Double = 1e-4,
  relative: Boolean = true,
  cooldown: Int = 0,
  minLr: Double = 0.0,
): MonitoredPlateau =
  MonitoredPlateau(on, Plateau(on.goal == Goal.MIN, factor, patience, threshold, relative, cooldown, minLr))

package io.ktrain.dsl

import io.ktrain.nn.Module
import io.ktrain.nn.Parameter
import io.ktrain.optim.AveragedModel
import io.ktrain.optim.Clip
import io.ktrain.tensor.Tensor

/** An exponential average of the model for a hand-written loop: `average.update()` after each optimizer step. */
public fun ema(model: Module, decay: Double = 0.999, useBuffers: Boolean = false): AveragedModel =
  AveragedModel.exponential(model, decay, useBuffers)

/** The mean of the model at each `average.update()`, for a hand-written loop: torch.optim.swa_utils.AveragedModel. */
public fun swa(model: Module, useBuffers: Boolean = false): AveragedModel = AveragedModel.mean(model, useBuffers)

/**
 * Scales all gradients so that their common norm is at most [maxNorm]; gives the norm they had: clip_grad_norm_.
 *
 * @param normType the p of the p-norm; `Double.POSITIVE_INFINITY` for the largest element
 */
public fun clipGradNorm(parameters: List<Parameter>, maxNorm: Double, normType: Double = 2.0): Tensor =
  Clip.norm(parameters, maxNorm, normType)

/** Holds every element of every gradient between -[clipValue] and [clipValue]: torch's clip_grad_value_. */
public fun clipGradValue(parameters: List<Parameter>, clipValue: Double): Unit = Clip.value(parameters, clipValue)

package io.ktrain.dsl

import io.ktrain.nn.Parameter
import io.ktrain.optim.ASGD
import io.ktrain.optim.Adam
import io.ktrain.optim.AdamW
import io.ktrain.optim.HyperParameter
import io.ktrain.optim.ParamGroup
import io.ktrain.optim.Sgd

// Functions beside the Java classes of the same names, since a Java constructor takes no named arguments.

/** Gradient descent with momentum, as torch.optim.SGD. */
public fun Sgd(
  parameters: List<Parameter>,
  lr: Double,
  momentum: Double = 0.0,
  dampening: Double = 0.0,
  weightDecay: Double = 0.0,
  nesterov: Boolean = false,
  maximize: Boolean = false,
): Sgd = Sgd(listOf(ParamGroup(parameters)), lr, momentum, dampening, weightDecay, nesterov, maximize)

/** Gradient descent over groups: `Sgd(model.head.parameters() at 0.1, model.body.parameters() at 0.01)`. */
public fun Sgd(
  vararg groups: ParamGroup,
  lr: Double = 1e-3,
  momentum: Double = 0.0,
  dampening: Double = 0.0,
  weightDecay: Double = 0.0,
  nesterov: Boolean = false,
  maximize: Boolean = false,
): Sgd = Sgd(groups.toList(), lr, momentum, dampening, weightDecay, nesterov, maximize)

/** Adam, with weight decay added to the gradient, as torch.optim.Adam. */
public fun Adam(
  parameters: List<Parameter>,
  lr: Double = 1e-3,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  weightDecay: Double = 0.0,
  amsgrad: Boolean = false,
  maximize: Boolean = false,
): Adam = Adam(listOf(ParamGroup(parameters)), lr, betas.first, betas.second, eps, weightDecay, amsgrad, maximize)

/** Adam over groups of parameters. */
public fun Adam(
  vararg groups: ParamGroup,
  lr: Double = 1e-3,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  weightDecay: Double = 0.0,
  amsgrad: Boolean = false,
  maximize: Boolean = false,
): Adam = Adam(groups.toList(), lr, betas.first, betas.second, eps, weightDecay, amsgrad, maximize)

/** Adam whose weight decay shrinks the parameters themselves, as torch.optim.AdamW. */
public fun AdamW(
  parameters: List<Parameter>,
  lr: Double = 1e-3,
  weightDecay: Double = 0.01,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  amsgrad: Boolean = false,
  maximize: Boolean = false,
): AdamW = AdamW(listOf(ParamGroup(parameters)), lr, betas.first, betas.second, eps, weightDecay, amsgrad, maximize)

/** AdamW over groups: `AdamW(model.head.parameters() at 1e-3, model.backbone.parameters() at 1e-5)`. */
public fun AdamW(
  vararg groups: ParamGroup,
  lr: Double = 1e-3,
  weightDecay: Double = 0.01,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  amsgrad: Boolean = false,
  maximize: Boolean = false,
): AdamW = AdamW(groups.toList(), lr, betas.first, betas.second, eps, weightDecay, amsgrad, maximize)

/** Averaged gradient descent, as torch.optim.ASGD. */
public fun ASGD(
  parameters: List<Parameter>,
  lr: Double = 1e-2,
  lambd: Double = 1e-4,
  alpha: Double = 0.75,
  t0: Double = 1e6,
  weightDecay: Double = 0.0,
  maximize: Boolean = false,
): ASGD = ASGD(listOf(ParamGroup(parameters)), lr, lambd, alpha, t0, weightDecay, maximize)

/** ASGD over groups of parameters. */
public fun ASGD(
  vararg groups: ParamGroup,
  lr: Double = 1e-2,
  lambd: Double = 1e-4,
  alpha: Double = 0.75,
  t0: Double = 1e6,
  weightDecay: Double = 0.0,
  maximize: Boolean = false,
): ASGD = ASGD(groups.toList(), lr, lambd, alpha, t0, weightDecay, maximize)

/** These parameters with a learning rate of their own. */
public infix fun List<Parameter>.at(lr: Double): ParamGroup = ParamGroup(this, lr)

/**
 * This group with other hyper-parameters of its own, as `ParamGroup(norms).with(HyperParameter.WEIGHT_DECAY to 0.0)`. The
 * optimizer refuses what it does not have.
 */
public fun ParamGroup.with(vararg values: Pair<HyperParameter, Number>): ParamGroup =
  also { for ((which, value) in values) set(which, value.toDouble()) }

package io.ktrain.dsl

import io.ktrain.nn.Parameter
import io.ktrain.optim.Adadelta
import io.ktrain.optim.Adagrad
import io.ktrain.optim.Adamax
import io.ktrain.optim.NAdam
import io.ktrain.optim.ParamGroup
import io.ktrain.optim.RAdam
import io.ktrain.optim.RMSprop

/** Gradients by the root of their running mean square, as torch.optim.RMSprop. */
public fun RMSprop(
  parameters: List<Parameter>,
  lr: Double = 1e-2,
  alpha: Double = 0.99,
  eps: Double = 1e-8,
  weightDecay: Double = 0.0,
  momentum: Double = 0.0,
  centered: Boolean = false,
  maximize: Boolean = false,
): RMSprop = RMSprop(listOf(ParamGroup(parameters)), lr, alpha, eps, weightDecay, momentum, centered, maximize)

/** RMSprop over groups of parameters. */
public fun RMSprop(
  vararg groups: ParamGroup,
  lr: Double = 1e-2,
  alpha: Double = 0.99,
  eps: Double = 1e-8,
  weightDecay: Double = 0.0,
  momentum: Double = 0.0,
  centered: Boolean = false,
  maximize: Boolean = false,
): RMSprop = RMSprop(groups.toList(), lr, alpha, eps, weightDecay, momentum, centered, maximize)

/** Gradients by the root of the sum of their squares, as torch.optim.Adagrad. */
public fun Adagrad(
  parameters: List<Parameter>,
  lr: Double = 1e-2,
  lrDecay: Double = 0.0,
  weightDecay: Double = 0.0,
  initialAccumulatorValue: Double = 0.0,
  eps: Double = 1e-10,
  maximize: Boolean = false,
): Adagrad = Adagrad(listOf(ParamGroup(parameters)), lr, lrDecay, weightDecay, initialAccumulatorValue, eps, maximize)

/** Adagrad over groups of parameters. */
public fun Adagrad(
  vararg groups: ParamGroup,
  lr: Double = 1e-2,
  lrDecay: Double = 0.0,
  weightDecay: Double = 0.0,
  initialAccumulatorValue: Double = 0.0,
  eps: Double = 1e-10,
  maximize: Boolean = false,
): Adagrad = Adagrad(groups.toList(), lr, lrDecay, weightDecay, initialAccumulatorValue, eps, maximize)

/** Steps as large as the steps before, as torch.optim.Adadelta. */
public fun Adadelta(
  parameters: List<Parameter>,
  lr: Double = 1.0,
  rho: Double = 0.9,
  eps: Double = 1e-6,
  weightDecay: Double = 0.0,
  maximize: Boolean = false,
): Adadelta = Adadelta(listOf(ParamGroup(parameters)), lr, rho, eps, weightDecay, maximize)

/** Adadelta over groups of parameters. */
public fun Adadelta(
  vararg groups: ParamGroup,
  lr: Double = 1.0,
  rho: Double = 0.9,
  eps: Double = 1e-6,
  weightDecay: Double = 0.0,
  maximize: Boolean = false,
): Adadelta = Adadelta(groups.toList(), lr, rho, eps, weightDecay, maximize)

/** Adam by the infinity norm, as torch.optim.Adamax. */
public fun Adamax(
  parameters: List<Parameter>,
  lr: Double = 2e-3,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  weightDecay: Double = 0.0,
  maximize: Boolean = false,
): Adamax = Adamax(listOf(ParamGroup(parameters)), lr, betas.first, betas.second, eps, weightDecay, maximize)

/** Adamax over groups of parameters. */
public fun Adamax(
  vararg groups: ParamGroup,
  lr: Double = 2e-3,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  weightDecay: Double = 0.0,
  maximize: Boolean = false,
): Adamax = Adamax(groups.toList(), lr, betas.first, betas.second, eps, weightDecay, maximize)

/** Adam with Nesterov's momentum, as torch.optim.NAdam. */
public fun NAdam(
  parameters: List<Parameter>,
  lr: Double = 2e-3,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  weightDecay: Double = 0.0,
  momentumDecay: Double = 4e-3,
  decoupledWeightDecay: Boolean = false,
  maximize: Boolean = false,
): NAdam = NAdam(
  listOf(ParamGroup(parameters)),
  lr, betas.first, betas.second, eps, weightDecay, momentumDecay, decoupledWeightDecay, maximize,
)

/** NAdam over groups of parameters. */
public fun NAdam(
  vararg groups: ParamGroup,
  lr: Double = 2e-3,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  weightDecay: Double = 0.0,
  momentumDecay: Double = 4e-3,
  decoupledWeightDecay: Boolean = false,
  maximize: Boolean = false,
): NAdam = NAdam(
  groups.toList(),
  lr, betas.first, betas.second, eps, weightDecay, momentumDecay, decoupledWeightDecay, maximize,
)

/** Adam with a rectified rate, as torch.optim.RAdam. */
public fun RAdam(
  parameters: List<Parameter>,
  lr: Double = 1e-3,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  weightDecay: Double = 0.0,
  decoupledWeightDecay: Boolean = false,
  maximize: Boolean = false,
): RAdam =
  RAdam(listOf(ParamGroup(parameters)), lr, betas.first, betas.second, eps, weightDecay, decoupledWeightDecay, maximize)

/** RAdam over groups of parameters. */
public fun RAdam(
  vararg groups: ParamGroup,
  lr: Double = 1e-3,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  weightDecay: Double = 0.0,
  decoupledWeightDecay: Boolean = false,
  maximize: Boolean = false,
): RAdam = RAdam(groups.toList(), lr, betas.first, betas.second, eps, weightDecay, decoupledWeightDecay, maximize)

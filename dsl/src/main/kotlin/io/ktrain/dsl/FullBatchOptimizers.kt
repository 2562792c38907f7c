package io.ktrain.dsl

import io.ktrain.nn.Parameter
import io.ktrain.optim.LBFGS
import io.ktrain.optim.ParamGroup
import io.ktrain.optim.Rprop

/** Steps by the gradient's sign alone, for whole data sets, as torch.optim.Rprop. */
public fun Rprop(
  parameters: List<Parameter>,
  lr: Double = 1e-2,
  etas: Pair<Double, Double> = 0.5 to 1.2,
  stepSizes: Pair<Double, Double> = 1e-6 to 50.0,
  maximize: Boolean = false,
): Rprop =
  Rprop(listOf(ParamGroup(parameters)), lr, etas.first, etas.second, stepSizes.first, stepSizes.second, maximize)

/** Rprop over groups of parameters. */
public fun Rprop(
  vararg groups: ParamGroup,
  lr: Double = 1e-2,
  etas: Pair<Double, Double> = 0.5 to 1.2,
  stepSizes: Pair<Double, Double> = 1e-6 to 50.0,
  maximize: Boolean = false,
): Rprop = Rprop(groups.toList(), lr, etas.first, etas.second, stepSizes.first, stepSizes.second, maximize)

/**
 * A quasi-Newton method for small problems and whole data sets, as torch.optim.LBFGS: `optimizer.step { loss }`
 * evaluates the loss several times.
 *
 * @param strongWolfe search each direction for a good step, as PyTorch's line_search_fn = "strong_wolfe"; else
 *   [lr] is the step
 */
public fun LBFGS(
  parameters: List<Parameter>,
  lr: Double = 1.0,
  maxIter: Int = 20,
  maxEval: Int = maxIter * 5 / 4,
  toleranceGrad: Double = 1e-7,
  toleranceChange: Double = 1e-9,
  historySize: Int = 100,
  strongWolfe: Boolean = false,
): LBFGS = LBFGS(parameters, lr, maxIter, maxEval, toleranceGrad, toleranceChange, historySize, strongWolfe)

package io.ktrain.dsl

import io.ktrain.nn.Parameter
import io.ktrain.optim.Adam
import io.ktrain.optim.AdamW
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
): Sgd = Sgd(
  ParamGroup(parameters),
  lr = lr, momentum = momentum, dampening = dampening, weightDecay = weightDecay, nesterov = nesterov,
)

/** Gradient descent over groups: `Sgd(model.head.parameters() at 0.1, model.body.parameters() at 0.01)`. */
public fun Sgd(
  vararg groups: ParamGroup,
  lr: Double = 1e-3,
  momentum: Double = 0.0,
  dampening: Double = 0.0,
  weightDecay: Double = 0.0,
  nesterov: Boolean = false,
): Sgd = Sgd(groups.toList(), lr, momentum, dampening, weightDecay, nesterov)

/** Adam, with weight decay added to the gradient, as torch.optim.Adam. */
public fun Adam(
  parameters: List<Parameter>,
  lr: Double = 1e-3,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  weightDecay: Double = 0.0,
  amsgrad: Boolean = false,
): Adam = Adam(ParamGroup(parameters), lr = lr, betas = betas, eps = eps, weightDecay = weightDecay, amsgrad = amsgrad)

/** Adam over groups of parameters. */
public fun Adam(
  vararg groups: ParamGroup,
  lr: Double = 1e-3,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  weightDecay: Double = 0.0,
  amsgrad: Boolean = false,
): Adam = Adam(groups.toList(), lr, betas.first, betas.second, eps, weightDecay, amsgrad)

/** Adam whose weight decay shrinks the parameters themselves, as torch.optim.AdamW. */
public fun AdamW(
  parameters: List<Parameter>,
  lr: Double = 1e-3,
  weightDecay: Double = 0.01,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  amsgrad: Boolean = false,
): AdamW =
  AdamW(ParamGroup(parameters), lr = lr, weightDecay = weightDecay, betas = betas, eps = eps, amsgrad = amsgrad)

/** AdamW over groups: `AdamW(model.head.parameters() at 1e-3, model.backbone.parameters() at 1e-5)`. */
public fun AdamW(
  vararg groups: ParamGroup,
  lr: Double = 1e-3,
  weightDecay: Double = 0.01,
  betas: Pair<Double, Double> = 0.9 to 0.999,
  eps: Double = 1e-8,
  amsgrad: Boolean = false,
): AdamW = AdamW(groups.toList(), lr, betas.first, betas.second, eps, weightDecay, amsgrad)

/** These parameters with a learning rate of their own. */
public infix fun List<Parameter>.at(lr: Double): ParamGroup = ParamGroup(this, lr)

package io.ktrain.dsl

import io.ktrain.nn.FanMode
import io.ktrain.nn.Init
import io.ktrain.nn.Nonlinearity
import io.ktrain.tensor.Tensor

/** First values of parameters, as torch.nn.init: each overwrites its tensor, outside the graph, and gives it back. */
public object init {
  /** Uniform in [low, high). */
  public fun uniform(t: Tensor, low: Double = 0.0, high: Double = 1.0): Tensor = Init.uniform(t, low, high)

  /** Normal. */
  public fun normal(t: Tensor, mean: Double = 0.0, std: Double = 1.0): Tensor = Init.normal(t, mean, std)

  /** Normal, but within [low] and [high]. */
  public fun truncNormal(
    t: Tensor,
    mean: Double = 0.0,
    std: Double = 1.0,
    low: Double = -2.0,
    high: Double = 2.0,
  ): Tensor = Init.truncNormal(t, mean, std, low, high)

  /** [value] everywhere. */
  public fun constant(t: Tensor, value: Double): Tensor = Init.constant(t, value)

  /** Zeros. */
  public fun zeros(t: Tensor): Tensor = Init.zeros(t)

  /** Ones. */
  public fun ones(t: Tensor): Tensor = Init.ones(t)

  /** Ones on the diagonal of a matrix, zeros elsewhere. */
  public fun eye(t: Tensor): Tensor = Init.eye(t)

  /** A convolution's weight that hands on its channels as they are, as far as there are some. */
  public fun dirac(weight: Tensor, groups: Int = 1): Tensor = Init.dirac(weight, groups)

  /** He et al. 2015: uniform within gain sqrt(3 / inputs), or outputs by [mode]; [a]: the slope of a leaky relu. */
  public fun kaimingUniform(
    weight: Tensor,
    a: Double = 0.0,
    mode: FanMode = FanMode.FAN_IN,
    nonlinearity: Nonlinearity = Nonlinearity.LEAKY_RELU,
  ): Tensor = Init.kaimingUniform(weight, a, mode, nonlinearity)

  /** He et al. 2015: normal with standard deviation gain / sqrt(inputs), or outputs by [mode]. */
  public fun kaimingNormal(
    weight: Tensor,
    a: Double = 0.0,
    mode: FanMode = FanMode.FAN_IN,
    nonlinearity: Nonlinearity = Nonlinearity.LEAKY_RELU,
  ): Tensor = Init.kaimingNormal(weight, a, mode, nonlinearity)

  /** Glorot and Bengio 2010: uniform within gain sqrt(6 / (inputs + outputs)). */
  public fun xavierUniform(weight: Tensor, gain: Double = 1.0): Tensor = Init.xavierUniform(weight, gain)

  /** Glorot and Bengio 2010: normal with standard deviation gain sqrt(2 / (inputs + outputs)). */
  public fun xavierNormal(weight: Tensor, gain: Double = 1.0): Tensor = Init.xavierNormal(weight, gain)

  /** Saxe et al. 2013: orthogonal rows or columns, whichever are fewer, of length [gain]. */
  public fun orthogonal(weight: Tensor, gain: Double = 1.0): Tensor = Init.orthogonal(weight, gain)

  /** Martens 2010: normal, but a part [sparsity] of each column of a matrix zero. */
  public fun sparse(weight: Tensor, sparsity: Double, std: Double = 0.01): Tensor = Init.sparse(weight, sparsity, std)

  /** What a nonlinearity takes from the scale of its input, to be given as gain; [slope]: of a leaky relu. */
  public fun calculateGain(nonlinearity: Nonlinearity, slope: Double = 0.01): Double =
    Init.calculateGain(nonlinearity, slope)
}

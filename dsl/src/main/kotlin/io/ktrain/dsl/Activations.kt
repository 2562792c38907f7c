package io.ktrain.dsl

import io.ktrain.nn.Activation
import io.ktrain.nn.Layers
import io.ktrain.nn.PReLU
import io.ktrain.nn.RReLU
import io.ktrain.tensor.Tensor
import java.util.function.UnaryOperator

/** max(x, 0), elementwise. */
public fun Layers.relu(): Declared<Activation> = activation("ReLU", "") { it.relu() }

/** min(max(x, 0), 6), elementwise. */
public fun Layers.relu6(): Declared<Activation> = activation("ReLU6", "") { it.relu6() }

/** x where positive, [negativeSlope] x elsewhere. */
public fun Layers.leakyRelu(negativeSlope: Double = 0.01): Declared<Activation> =
  activation("LeakyReLU", "negative_slope=$negativeSlope") { it.leakyRelu(negativeSlope) }

/** x where positive, [alpha] (exp(x) - 1) elsewhere. */
public fun Layers.elu(alpha: Double = 1.0): Declared<Activation> = activation("ELU", "alpha=$alpha") { it.elu(alpha) }

/** x where positive, [alpha] (exp(x / alpha) - 1) elsewhere. */
public fun Layers.celu(alpha: Double = 1.0): Declared<Activation> =
  activation("CELU", "alpha=$alpha") { it.celu(alpha) }

/** A scaled elu whose activations keep mean 0 and variance 1. */
public fun Layers.selu(): Declared<Activation> = activation("SELU", "") { it.selu() }

/** x times the normal distribution function of x, by the error function. */
public fun Layers.gelu(): Declared<Activation> = activation("GELU", "approximate='none'") { it.gelu() }

/** x sigmoid(x), also called swish. */
public fun Layers.silu(): Declared<Activation> = activation("SiLU", "") { it.silu() }

/** x tanh(softplus(x)). */
public fun Layers.mish(): Declared<Activation> = activation("Mish", "") { it.mish() }

/** log(1 + exp([beta] x)) / beta; x itself where beta x is above [threshold]. */
public fun Layers.softplus(beta: Double = 1.0, threshold: Double = 20.0): Declared<Activation> =
  activation("Softplus", "beta=$beta, threshold=$threshold") { it.softplus(beta, threshold) }

/** x relu6(x + 3) / 6. */
public fun Layers.hardswish(): Declared<Activation> = activation("Hardswish", "") { it.hardswish() }

/** relu6(x + 3) / 6. */
public fun Layers.hardsigmoid(): Declared<Activation> = activation("Hardsigmoid", "") { it.hardsigmoid() }

/** x held between [min] and [max]. */
public fun Layers.hardtanh(min: Double = -1.0, max: Double = 1.0): Declared<Activation> =
  activation("Hardtanh", "min_val=$min, max_val=$max") { it.hardtanh(min, max) }

/** x where it is above [threshold], else [value]. */
public fun Layers.threshold(threshold: Double, value: Double): Declared<Activation> =
  activation("Threshold", "threshold=$threshold, value=$value") { it.threshold(threshold, value) }

/** x where |x| is above [lambda], else 0. */
public fun Layers.hardshrink(lambda: Double = 0.5): Declared<Activation> =
  activation("Hardshrink", "$lambda") { it.hardshrink(lambda) }

/** x brought nearer to 0 by [lambda], and 0 where |x| is at most that. */
public fun Layers.softshrink(lambda: Double = 0.5): Declared<Activation> =
  activation("Softshrink", "$lambda") { it.softshrink(lambda) }

/** x where positive, elsewhere a random multiple of it from [lower] to [upper] while training, else their mean. */
public fun Layers.rrelu(lower: Double = 1.0 / 8, upper: Double = 1.0 / 3): Declared<RReLU> =
  declared(RReLU(lower, upper))

/** The hyperbolic tangent. */
public fun Layers.tanh(): Declared<Activation> = activation("Tanh", "") { it.tanh() }

/** 1 / (1 + exp(-x)). */
public fun Layers.sigmoid(): Declared<Activation> = activation("Sigmoid", "") { it.sigmoid() }

/** log(sigmoid(x)), also where sigmoid(x) would be 0. */
public fun Layers.logSigmoid(): Declared<Activation> = activation("LogSigmoid", "") { it.logSigmoid() }

/** x / (1 + |x|). */
public fun Layers.softsign(): Declared<Activation> = activation("Softsign", "") { it.softsign() }

/** x - tanh(x). */
public fun Layers.tanhshrink(): Declared<Activation> = activation("Tanhshrink", "") { it.tanhshrink() }

/** Positive numbers along [dim] whose sum is 1. */
public fun Layers.softmax(dim: Int): Declared<Activation> = activation("Softmax", "dim=$dim") { it.softmax(dim) }

/** log(softmax(x)), also where softmax(x) would be 0. */
public fun Layers.logSoftmax(dim: Int): Declared<Activation> =
  activation("LogSoftmax", "dim=$dim") { it.logSoftmax(dim) }

/** The first half along [dim] times the sigmoid of the second. */
public fun Layers.glu(dim: Int = -1): Declared<Activation> = activation("GLU", "dim=$dim") { it.glu(dim) }

/** Positive numbers along [dim] whose sum is 1, the largest for the smallest: softmax(-x). */
public fun Layers.softmin(dim: Int): Declared<Activation> =
  activation("Softmin", "dim=$dim") { it.softmin(dim) }

/** softmax over the channels of `[n, channels, h, w]`, or of one picture. */
public fun Layers.softmax2d(): Declared<Activation> = activation("Softmax2d", "") { it.softmax(-3) }

/** x where positive, a learned multiple of it elsewhere: one in all, or one for each of [parameters] channels. */
public fun Layers.prelu(parameters: Int = 1, first: Double = 0.25): Declared<PReLU> = declared(PReLU(parameters, first))

internal fun Layers.activation(type: String, arguments: String, function: UnaryOperator<Tensor>) =
  declared(Activation(type, arguments, function))

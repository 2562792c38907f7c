package io.ktrain.dsl

import io.ktrain.nn.Activation
import io.ktrain.nn.AdaptiveAvgPool2d
import io.ktrain.nn.AvgPool2d
import io.ktrain.nn.BatchNorm1d
import io.ktrain.nn.BatchNorm2d
import io.ktrain.nn.Bilinear
import io.ktrain.nn.Conv2d
import io.ktrain.nn.Dropout
import io.ktrain.nn.Dropout2d
import io.ktrain.nn.Embedding
import io.ktrain.nn.Flatten
import io.ktrain.nn.LayerNorm
import io.ktrain.nn.Layers
import io.ktrain.nn.Linear
import io.ktrain.nn.MaxPool2d
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import io.ktrain.tensor.Conv2dOptions
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Pool2dOptions
import io.ktrain.tensor.Tensor
import io.ktrain.train.KtrainDsl
import java.util.IdentityHashMap
import java.util.function.UnaryOperator

// The one vocabulary: in a Module each of these declares a child, which `by` names; in `sequential {}` it appends one.
// Lower case declares; upper case (Linear(4, 3), Sequential { }) only constructs.

/** A fully connected layer, `y = x W^T + b`: `[..., inFeatures]` to `[..., out]`. */
public fun Layers.linear(inFeatures: Int, out: Int, bias: Boolean = true): Declared<Linear> =
  declared(Linear(inFeatures, out, bias))

/** A fully connected layer whose input size comes from the first input seen, or from a loaded file. */
public fun Layers.linear(out: Int, bias: Boolean = true): Declared<Linear> = declared(Linear.lazy(out, bias))

/** `y = a^T W b + bias` for each output, of two inputs: `[..., in1]` and `[..., in2]` to `[..., out]`. */
public fun Layers.bilinear(in1: Int, in2: Int, out: Int, bias: Boolean = true): Declared<Bilinear> =
  declared(Bilinear(in1, in2, out, bias))

/**
 * A 2-D convolution: `[n, inChannels, h, w]` to `[n, out, h', w']`, where
 * h' = (h + 2 padding - dilation (kernel - 1) - 1) / stride + 1.
 */
public fun Layers.conv2d(
  inChannels: Int,
  out: Int,
  kernel: Int,
  stride: Int = 1,
  padding: Int = 0,
  dilation: Int = 1,
  groups: Int = 1,
  bias: Boolean = true,
): Declared<Conv2d> =
  declared(Conv2d(inChannels, out, kernel, kernel, Conv2dOptions.of(stride, padding, dilation, groups), bias))

/** The largest of each window of `[n, channels, h, w]`; windows lie side by side unless [stride] says otherwise. */
public fun Layers.maxPool2d(
  kernel: Int,
  stride: Int = kernel,
  padding: Int = 0,
  ceilMode: Boolean = false,
): Declared<MaxPool2d> = declared(MaxPool2d(window(kernel, stride, padding, ceilMode)))

/** The mean of each window of `[n, channels, h, w]`; padding counts as zeros unless [countIncludePad] is off. */
public fun Layers.avgPool2d(
  kernel: Int,
  stride: Int = kernel,
  padding: Int = 0,
  ceilMode: Boolean = false,
  countIncludePad: Boolean = true,
): Declared<AvgPool2d> = declared(AvgPool2d(window(kernel, stride, padding, ceilMode, countIncludePad)))

/** Means over as many windows as it takes for `[n, channels, height, width]`, whatever the input's size. */
public fun Layers.adaptiveAvgPool2d(height: Int, width: Int = height): Declared<AdaptiveAvgPool2d> =
  declared(AdaptiveAvgPool2d(height, width))

/** Normalizes each channel of `[n, channels]` or `[n, channels, len]` over the batch; by running averages in eval. */
public fun Layers.batchNorm1d(channels: Int, eps: Double = 1e-5, momentum: Double = 0.1): Declared<BatchNorm1d> =
  declared(BatchNorm1d(channels, eps, momentum))

/** Normalizes each channel of `[n, channels, h, w]` over the batch; in eval by running averages. */
public fun Layers.batchNorm2d(channels: Int, eps: Double = 1e-5, momentum: Double = 0.1): Declared<BatchNorm2d> =
  declared(BatchNorm2d(channels, eps, momentum))

/** Normalizes each sample over its last dims, which have these sizes. */
public fun Layers.layerNorm(vararg shape: Int, eps: Double = 1e-5): Declared<LayerNorm> =
  declared(LayerNorm(eps, *shape))

/** Zeroes each element with probability [p] while training and scales the rest by 1 / (1 - p). */
public fun Layers.dropout(p: Double = 0.5): Declared<Dropout> = declared(Dropout(p))

/** Zeroes each channel of `[n, channels, h, w]` as a whole with probability [p] while training, and scales the rest. */
public fun Layers.dropout2d(p: Double = 0.5): Declared<Dropout2d> = declared(Dropout2d(p))

/** A learned row of [width] numbers for each of [rows] labels: i64 `[...]` to `[..., width]`. */
public fun Layers.embedding(rows: Int, width: Int, paddingIdx: Int = -1): Declared<Embedding> =
  declared(Embedding(rows, width, paddingIdx))

/** Joins all dims from [from] on into one: `[n, c, h, w]` to `[n, c h w]`. */
public fun Layers.flatten(from: Int = 1): Declared<Flatten> = declared(Flatten(from))

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

/** x held between -1 and 1. */
public fun Layers.hardtanh(): Declared<Activation> =
  activation("Hardtanh", "min_val=-1.0, max_val=1.0") { it.hardtanh() }

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

/** Layers one after another; in the state dict they are "0", "1", ... */
public fun Layers.sequential(block: SequentialScope.() -> Unit): Declared<Sequential> = declared(Sequential(block))

internal fun <M : Module> Layers.declared(layer: M) = Declared(declare(layer))

internal fun Layers.activation(type: String, arguments: String, function: UnaryOperator<Tensor>) =
  declared(Activation(type, arguments, function))

internal fun window(kernel: Int, stride: Int, padding: Int, ceilMode: Boolean, countIncludePad: Boolean = true) =
  Pool2dOptions(kernel, kernel, stride, stride, padding, padding, ceilMode, countIncludePad)

/** What `sequential {}` is written in: each layer is appended. */
@KtrainDsl
public class SequentialScope internal constructor() : Layers {
  internal val layers = ArrayList<Module>()
  private val names = IdentityHashMap<Module, String>()

  override fun <M : Module> declare(layer: M): M = layer.also { layers += Sequential.appended(it) }

  /** Appends a module of your own: `+Residual(8)`. */
  public operator fun <M : Module> M.unaryPlus(): Declared<M> = this@SequentialScope.declared(this)

  /** Gives the layer just appended a name in the place of its number: `conv2d(3, 64, kernel = 7) named "conv0"`. */
  public infix fun Declared<*>.named(name: String) {
    names[layer] = name
  }

  internal fun named(): Map<String, Module> {
    val all = LinkedHashMap<String, Module>()
    layers.forEachIndexed { i, layer ->
      val name = names[layer] ?: "$i"
      if (all.put(name, layer) != null) throw KtrainException("sequential: two of its layers are named \"$name\".")
    }
    return all
  }

  /** Only says at compile time what is wrong. */
  @NotHere
  public fun parameter(vararg shape: Int): Nothing = error("unreachable")
}

@RequiresOptIn(
  "A parameter needs a class of its own to live in: declare it in a Module, not in sequential { }.",
  RequiresOptIn.Level.ERROR,
)
@Retention(AnnotationRetention.BINARY)
internal annotation class NotHere

/** A model of layers one after another: `val model = sequential { linear(4, 16); relu(); linear(16, 3) }`. */
public fun sequential(block: SequentialScope.() -> Unit): Sequential = Sequential(block)

/** The same inside a Module, where lower case would declare: `val twice by Twice(Sequential { linear(4, 4) })`. */
public fun Sequential(block: SequentialScope.() -> Unit): Sequential =
  Sequential(SequentialScope().apply(block).named())

package io.ktrain.dsl

import io.ktrain.nn.Bilinear
import io.ktrain.nn.Embedding
import io.ktrain.nn.Flatten
import io.ktrain.nn.Identity
import io.ktrain.nn.Layers
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.nn.Parameter
import io.ktrain.nn.Sequential
import io.ktrain.nn.Unflatten
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.ShapeError
import io.ktrain.train.KtrainDsl
import java.util.IdentityHashMap

// The one vocabulary: in a Module each of these declares a child, which `by` names; in `sequential {}` it appends one.
// Lower case declares; upper case (Linear(4, 3), Sequential { }) only constructs.

/** A fully connected layer, `y = x W^T + b`: `[..., inFeatures]` to `[..., out]`. */
public fun Layers.linear(inFeatures: Int, out: Int, bias: Boolean = true): Declared<Linear> =
  declared(Linear(inFeatures, out, bias))

/** A fully connected layer whose input size comes from the first input seen, or from a loaded file. */
public fun Layers.linear(out: Int, bias: Boolean = true): Declared<Linear> = linear(Parameter.LAZY, out, bias)

/** `y = a^T W b + bias` for each output, of two inputs: `[..., in1]` and `[..., in2]` to `[..., out]`. */
public fun Layers.bilinear(in1: Int, in2: Int, out: Int, bias: Boolean = true): Declared<Bilinear> =
  declared(Bilinear(in1, in2, out, bias))

/**
 * A learned row of [width] numbers for each of [rows] labels: i64 `[...]` to `[..., width]`. The row [paddingIdx], from
 * the end if negative, starts as zeros and gets no gradient.
 */
public fun Layers.embedding(rows: Int, width: Int, paddingIdx: Int? = null): Declared<Embedding> =
  declared(Embedding(rows, width, place(paddingIdx, rows)))

internal fun place(paddingIdx: Int?, rows: Int): Int = when {
  paddingIdx == null -> -1
  paddingIdx < -rows -> throw ShapeError("embedding: padding row $paddingIdx of $rows rows. Fix: -$rows to ${rows - 1}.")
  else -> if (paddingIdx < 0) paddingIdx + rows else paddingIdx
}

/** Joins all dims from [from] on into one: `[n, c, h, w]` to `[n, c h w]`. */
public fun Layers.flatten(from: Int = 1): Declared<Flatten> = declared(Flatten(from))

/** Cuts [dim] into dims of these sizes, of which one may be -1. */
public fun Layers.unflatten(dim: Int, vararg sizes: Int): Declared<Unflatten> = declared(Unflatten(dim, *sizes))

/** Gives its input back: in the place of a layer that is left out. */
public fun Layers.identity(): Declared<Identity> = declared(Identity())

/** Layers one after another; in the state dict they are "0", "1", ... */
public fun Layers.sequential(block: SequentialScope.() -> Unit): Declared<Sequential> = declared(Sequential(block))

internal fun <M : Module> Layers.declared(layer: M) = Declared(declare(layer))

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

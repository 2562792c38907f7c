package io.ktrain.dsl

import io.ktrain.nn.Layers
import io.ktrain.nn.Module
import io.ktrain.nn.Parameter
import io.ktrain.tensor.Shape
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor
import kotlin.reflect.KProperty

/** An opt-in nobody can take: unlike @Deprecated(ERROR), the compiler prints its message and nothing else. */
@RequiresOptIn(
  "This layer has no name yet. Write `val name by linear(...)` instead of `val name = linear(...)`.",
  RequiresOptIn.Level.ERROR,
)
@Retention(AnnotationRetention.BINARY)
internal annotation class NoName

/** A layer that still lacks its name; `by` gives it one. */
public class Declared<out M : Module> internal constructor(internal val layer: M) {
  /** Only says at compile time what is wrong. */
  @NoName
  public operator fun invoke(x: Tensor): Tensor = error("unreachable")

  /** Only says at compile time what is wrong. */
  @NoName
  public fun parameters(): List<Parameter> = error("unreachable")
}

// thisRef, never an outer `this`: in a class nested in another Module they differ, and parameters would be lost.

/** What `by` calls: the property's name becomes the layer's. */
public operator fun <M : Module> Declared<M>.provideDelegate(thisRef: Module, property: KProperty<*>): Child<M> =
  layer.provideDelegate(thisRef, property)

/** One layer by itself, outside a module: `val rnn = layer { lstm(28, 64, numLayers = 2) }`. */
public fun <M : Module> layer(declare: Layers.() -> Declared<M>): M = object : Layers {
  override fun <L : Module> declare(layer: L): L = layer
}.declare().layer

/** Your own modules, and ready-made ones: `val block by Residual(8)`, `val backbone by Backbone().freeze()`. */
public operator fun <M : Module> M.provideDelegate(thisRef: Module, property: KProperty<*>): Child<M> {
  thisRef.register(property.name, this)
  return Child()
}

@RequiresOptIn("`by` names a child of a Module. Outside one write `val model = ...`.", RequiresOptIn.Level.ERROR)
@Retention(AnnotationRetention.BINARY)
internal annotation class NoParent

/** Only says at compile time what is wrong. */
@NoParent
public operator fun <M : Module> M.provideDelegate(thisRef: Any?, property: KProperty<*>): Child<M> =
  error("unreachable")

/**
 * A named child, with its own type. `var head: Module by linear(512, 1000)` may be given another module later, which
 * then stands under the same name. The child is looked up by its name, so that a copied module finds its own.
 */
public class Child<M : Module> internal constructor() {
  /** The child. */
  @Suppress("UNCHECKED_CAST") // registered as an M; only setValue and setSubmodule replace it
  public operator fun getValue(thisRef: Any?, property: KProperty<*>): M =
    (thisRef as Module).children().getValue(property.name) as M

  /** Puts another module in its place: `model.fc = Linear(512, 10)`. */
  public operator fun setValue(thisRef: Module, property: KProperty<*>, value: M) {
    thisRef.setSubmodule(property.name, value)
  }
}

/** A bare parameter: `val scale by parameter(8) { ones(it) }`. [init] makes its first values; by default zeros. */
public fun Module.parameter(vararg shape: Int, init: (Shape) -> Tensor = { zeros(it) }): DeclaredParameter =
  DeclaredParameter(Shape.of(*shape), init)

/**
 * State that is not trained, and is saved unless [persistent] is off: `val seen by buffer(1)`. [init] makes its first
 * values; by default zeros.
 */
public fun Module.buffer(
  vararg shape: Int,
  persistent: Boolean = true,
  init: (Shape) -> Tensor = { zeros(it) },
): DeclaredBuffer = DeclaredBuffer(Shape.of(*shape), persistent, init)

/** A parameter that still lacks its name; `by` gives it one. */
public class DeclaredParameter internal constructor(private val shape: Shape, private val init: (Shape) -> Tensor) {
  /** What `by` calls. */
  public operator fun provideDelegate(thisRef: Module, property: KProperty<*>): NamedParameter {
    thisRef.register(property.name, Parameter(made("parameter", shape, init)))
    return NamedParameter
  }
}

/** A buffer that still lacks its name; `by` gives it one. */
public class DeclaredBuffer internal constructor(
  private val shape: Shape,
  private val persistent: Boolean,
  private val init: (Shape) -> Tensor,
) {
  /** What `by` calls. */
  public operator fun provideDelegate(thisRef: Module, property: KProperty<*>): NamedBuffer {
    thisRef.registerBuffer(property.name, made("buffer", shape, init), persistent)
    return NamedBuffer
  }
}

private fun made(word: String, shape: Shape, init: (Shape) -> Tensor): Tensor = noGrad { init(shape) }.also {
  if (it.shape != shape) throw ShapeError("$word: its block made ${it.describe()}, but it was declared as $shape.")
}

/** The parameter under the property's name. */
public object NamedParameter {
  /** The parameter. */
  public operator fun getValue(thisRef: Module, property: KProperty<*>): Parameter = thisRef.getParameter(property.name)
}

/** The buffer under the property's name. */
public object NamedBuffer {
  /** The buffer. */
  public operator fun getValue(thisRef: Module, property: KProperty<*>): Tensor = thisRef.getBuffer(property.name)
}

package io.ktrain.dsl

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
  // thisRef, never an outer `this`: in a class nested in another Module they differ, and parameters would be lost.

  /** What `by` calls: the property's name becomes the layer's. */
  public operator fun provideDelegate(thisRef: Module, property: KProperty<*>): Child<M> =
    Child(thisRef.register(property.name, layer))

  /** Only says at compile time what is wrong. */
  @NoName
  public operator fun invoke(x: Tensor): Tensor = error("unreachable")

  /** Only says at compile time what is wrong. */
  @NoName
  public fun parameters(): List<Parameter> = error("unreachable")
}

/** Your own modules, and ready-made ones: `val block by Residual(8)`, `val backbone by Backbone().freeze()`. */
public operator fun <M : Module> M.provideDelegate(thisRef: Module, property: KProperty<*>): Child<M> =
  Child(thisRef.register(property.name, this))

@RequiresOptIn("`by` names a child of a Module. Outside one write `val model = ...`.", RequiresOptIn.Level.ERROR)
@Retention(AnnotationRetention.BINARY)
internal annotation class NoParent

/** Only says at compile time what is wrong. */
@NoParent
public operator fun <M : Module> M.provideDelegate(thisRef: Any?, property: KProperty<*>): Child<M> =
  error("unreachable")

/** A named child, with its own type. */
public class Child<out M : Module> internal constructor(private val module: M) {
  /** The child. */
  public operator fun getValue(thisRef: Any?, property: KProperty<*>): M = module
}

/** A bare parameter: `val scale by parameter(8) { ones(it) }`. [init] makes its first values; by default zeros. */
public fun Module.parameter(vararg shape: Int, init: (Shape) -> Tensor = { zeros(it) }): DeclaredParameter =
  DeclaredParameter(Shape.of(*shape), init)

/** State that is saved but not trained: `val seen by buffer(1)`. [init] makes its first values; by default zeros. */
public fun Module.buffer(vararg shape: Int, init: (Shape) -> Tensor = { zeros(it) }): DeclaredBuffer =
  DeclaredBuffer(Shape.of(*shape), init)

/** A parameter that still lacks its name; `by` gives it one. */
public class DeclaredParameter internal constructor(private val shape: Shape, private val init: (Shape) -> Tensor) {
  /** What `by` calls. */
  public operator fun provideDelegate(thisRef: Module, property: KProperty<*>): Value<Parameter> =
    Value(thisRef.register(property.name, Parameter(made("parameter", shape, init))))
}

/** A buffer that still lacks its name; `by` gives it one. */
public class DeclaredBuffer internal constructor(private val shape: Shape, private val init: (Shape) -> Tensor) {
  /** What `by` calls. */
  public operator fun provideDelegate(thisRef: Module, property: KProperty<*>): Value<Tensor> =
    Value(thisRef.registerBuffer(property.name, made("buffer", shape, init)))
}

private fun made(word: String, shape: Shape, init: (Shape) -> Tensor): Tensor = noGrad { init(shape) }.also {
  if (it.shape != shape) throw ShapeError("$word: its block made ${it.describe()}, but it was declared as $shape.")
}

/** A named parameter or buffer. */
public class Value<out T> internal constructor(private val value: T) {
  /** The parameter or buffer. */
  public operator fun getValue(thisRef: Module, property: KProperty<*>): T = value
}

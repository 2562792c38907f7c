package io.ktrain.script

import io.ktrain.tensor.ScriptError
import java.nio.file.InvalidPathException
import java.nio.file.Path
import kotlin.reflect.KProperty

/**
 * One setting of a script, made by `val lr by param(1e-3)`: a flag of the command line, a row of `--help`, an entry of
 * a run's record and, where it has a [search], something to tune.
 */
public class Param<T : Any> internal constructor(
  private val context: ScriptContext,
  public val default: T,
  public val type: Class<T>,
  public val search: Search<T>?,
  public val help: String,
) {
  /** The property's name. */
  public lateinit var name: String
    private set

  /** What the command asked for, else the default. */
  public lateinit var value: T
    private set

  /** `--batch-size` for `batchSize`. */
  public val flag: String get() = "--" + kebab(name)

  public operator fun provideDelegate(owner: Nothing?, property: KProperty<*>): Param<T> {
    name = property.name
    value = context.valueOf(this)
    context.declared(this)
    return this
  }

  @ParamsAtTop
  public operator fun provideDelegate(owner: Any, property: KProperty<*>): Param<T> = throw misplaced(property.name)

  public operator fun getValue(owner: Any?, property: KProperty<*>): T = value

  override fun toString(): String =
    if (::name.isInitialized) "$flag $value" else throw ScriptError("param: it has no name. Fix: val name by param($default).")
}

@RequiresOptIn(
  "Params stand at the top of a script, outside classes and functions: val name by param(default).",
  RequiresOptIn.Level.ERROR,
)
@Retention(AnnotationRetention.BINARY)
internal annotation class ParamsAtTop

internal fun misplaced(name: String): ScriptError =
  ScriptError("param: $name is inside a function or class. Fix: val $name by param(default) at the top of the script.")

/** A type that params have: its Kotlin name, what it holds in words, and how it is read from text (null: it cannot). */
internal class ParamType(val name: String, val holds: String, private val parse: (String) -> Any?) {
  /** @throws ScriptError naming the flag, the text, the type and what the type holds */
  fun read(flag: String, text: String): Any = parse(text) ?: throw ScriptError("$flag: \"$text\" is not $holds.")

  companion object {
    private val int =
      ParamType("Int", "an Int: a whole number from ${Int.MIN_VALUE} to ${Int.MAX_VALUE}", String::toIntOrNull)
    private val long =
      ParamType("Long", "a Long: a whole number from ${Long.MIN_VALUE} to ${Long.MAX_VALUE}", String::toLongOrNull)
    private val double = ParamType("Double", "a Double: a number such as 0.001, 1e-3 or 5", String::toDoubleOrNull)
    private val boolean = ParamType("Boolean", "a Boolean: true or false", String::toBooleanStrictOrNull)
    private val string = ParamType("String", "a String") { it }
    private val path = ParamType("Path", "a path", ::path)

    /** By name, since a getter's type is the primitive and a param's the boxed one. */
    private val known: Map<String, ParamType> = mapOf(
      "int" to int, "java.lang.Integer" to int,
      "long" to long, "java.lang.Long" to long,
      "double" to double, "java.lang.Double" to double,
      "boolean" to boolean, "java.lang.Boolean" to boolean,
      "java.lang.String" to string,
      "java.nio.file.Path" to path,
    )

    private fun path(text: String): Path? = try {
      Path.of(text)
    } catch (_: InvalidPathException) {
      null
    }

    /** Null: params cannot have that type. */
    fun of(type: Class<*>): ParamType? = when {
      type.isEnum -> {
        val constants = type.enumConstants.map { it as Enum<*> }
        ParamType(
          constants.joinToString("|") { it.name },
          "a ${type.simpleName}: one of ${constants.joinToString(", ") { it.name }}",
        ) { text -> constants.find { it.name == text } ?: constants.find { it.name.equals(text, ignoreCase = true) } }
      }

      else -> known[type.name]
    }
  }
}

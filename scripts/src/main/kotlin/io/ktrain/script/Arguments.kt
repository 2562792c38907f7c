package io.ktrain.script

import io.ktrain.tensor.ScriptError

/** Reads a script's params from text, knowing their names and types from its class: before anything of it runs. */
internal class Arguments(private val types: Map<String, ParamType?>) {
  /** By property name or by flag, camelCase or kebab-case alike. */
  private val names = types.keys.associateBy(::kebab)
  private val flags = names.keys.map { "--$it" }

  /** Values by property name. @throws ScriptError for a name the script has not, or a value of another type */
  fun read(params: Map<String, String>): Map<String, Any> = params.entries.associate { (word, text) ->
    val name = names[kebab(word)] ?: throw unknown("param \"$word\"", "--" + kebab(word), emptyList())
    name to typeOf(name).read("--" + kebab(name), text)
  }

  /** `--batch-size 64`, `--batch-size=64`, `--augment`, `--no-augment`, `--augment false`. */
  fun parse(tokens: List<String>): Map<String, Any> {
    val values = LinkedHashMap<String, Any>()
    val rest = ArrayDeque(tokens)
    while (rest.isNotEmpty()) {
      val token = rest.removeFirst()
      if (!token.startsWith("--")) {
        throw ScriptError("\"$token\" belongs to no flag. Fix: --name value." + listing(flags))
      }
      val word = token.substringBefore('=')
      val inline = token.substringAfter('=', "").takeIf { '=' in token }
      val flag = "--" + kebab(word.drop(2))
      val name = names[flag.drop(2)]
      val denied = if (name == null && flag.startsWith("--no-")) names[flag.drop(5)]?.takeIf(::isBoolean) else null
      when {
        denied != null -> {
          if (inline != null) {
            throw ScriptError("$word takes no value, got \"$inline\". Fix: $word, or --${kebab(denied)} $inline.")
          }
          values[denied] = false
        }

        name == null -> throw unknown("flag $word", flag, OwnFlag.entries.map { it.flag })

        else -> {
          val type = typeOf(name)
          val next = rest.firstOrNull().orEmpty()
          val isValue = if (isBoolean(name)) next == "true" || next == "false" else !next.startsWith("--")
          val text = inline ?: if (rest.isNotEmpty() && isValue) rest.removeFirst() else null
          if (text == null && !isBoolean(name)) throw ScriptError("$flag needs a value: ${type.holds}.")
          values[name] = if (text == null) true else type.read(flag, text)
        }
      }
    }
    return values
  }

  /** A param of a type that params cannot have takes any text: the script says what is wrong once it declares it. */
  private fun typeOf(name: String): ParamType = types.getValue(name) ?: ParamType("", "") { it }

  private fun isBoolean(name: String) = typeOf(name).name == "Boolean"

  private fun unknown(what: String, flag: String, own: List<String>): ScriptError {
    val near = nearest(flag, flags + own)
    return ScriptError("there is no $what." + (near?.let { " Did you mean $it?" } ?: "") + listing(flags + own))
  }

  private fun listing(flags: List<String>) =
    if (flags.isEmpty()) " This script has no params; val name by param(default) makes one." else " There are ${flags.joinToString()}."
}

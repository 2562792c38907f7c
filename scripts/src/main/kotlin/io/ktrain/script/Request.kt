package io.ktrain.script

import io.ktrain.tensor.ScriptError
import java.nio.file.InvalidPathException
import java.nio.file.Path

/**
 * One `ktrain run|check|summary SCRIPT ...`, read without any library so that a cached script starts at once. ktrain's
 * own flags may stand anywhere; the script's stand after its name.
 */
internal class Request private constructor(
  val command: String,
  val script: Path,
  private val own: Map<OwnFlag, String>,
  /** The script's own flags and their values, not yet read. */
  val params: List<String>,
) {
  fun has(flag: OwnFlag): Boolean = flag in own

  operator fun get(flag: OwnFlag): String? = own[flag]

  /** Null when the flag was not given. @throws ScriptError when it is no whole number in [range] */
  fun number(flag: OwnFlag, range: LongRange = Long.MIN_VALUE..Long.MAX_VALUE): Long? = own[flag]?.let { text ->
    text.toLongOrNull()?.takeIf { it in range }
      ?: throw ScriptError("${flag.flag}: \"$text\" is not a whole number from ${range.first} to ${range.last}.")
  }

  /** @throws ScriptError when the flag's value is no path */
  fun path(flag: OwnFlag): Path? = own[flag]?.let { path(it) }

  companion object {
    val COMMANDS = listOf("run", "check", "summary")

    /** Null if no script is named: then the command's own help or usage is meant. @throws ScriptError for wrong use */
    fun of(arguments: List<String>): Request? {
      val command = arguments.first()
      val own = LinkedHashMap<OwnFlag, String>()
      val params = ArrayList<String>()
      var script: String? = null
      val rest = ArrayDeque(arguments.drop(1))
      while (rest.isNotEmpty()) {
        val token = rest.removeFirst()
        val flag = OwnFlag.entries.find { it.flag == token.substringBefore('=') || it == OwnFlag.HELP && token == "-h" }
        when {
          flag != null && flag.value == null -> {
            if ('=' in token) throw ScriptError("${flag.flag} takes no value. Fix: ${flag.flag}.")
            own[flag] = ""
          }

          flag != null -> own[flag] = when {
            '=' in token -> token.substringAfter('=')
            rest.isNotEmpty() && !rest.first().startsWith("--") -> rest.removeFirst()
            else -> throw ScriptError("${flag.flag} needs a value: ${flag.help}.")
          }

          script != null -> params += token
          token.startsWith("-") -> throw beforeScript(command, token)
          else -> script = token
        }
      }
      return script?.let { Request(command, path(it), own, params) }
    }

    private fun beforeScript(command: String, token: String): ScriptError {
      val near = nearest(token.substringBefore('='), OwnFlag.entries.map { it.flag })
      return ScriptError(
        "$token stands before the script and is not ktrain's own." +
          (if (near != null) " Did you mean $near?" else " Fix: ktrain $command SCRIPT $token."),
      )
    }

    private fun path(text: String): Path = try {
      Path.of(text)
    } catch (e: InvalidPathException) {
      throw ScriptError("\"$text\" is not a path: ${e.reason}.", e)
    }
  }
}

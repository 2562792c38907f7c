package io.ktrain.script

/** How a run or a check of a script ended. */
public class ScriptResult internal constructor(
  /** 0 done; 1 the script failed while it ran; 2 the request or the script is wrong; 130 interrupted. */
  public val exitCode: Int,
  /** Compiler warnings, and what went wrong. */
  public val diagnostics: List<Diagnostic>,
  /** The script's params with their values, as far as it declared them. */
  public val params: List<Param<*>> = emptyList(),
  /** The value of the script's last expression, if it has one and the script came to its end. */
  public val value: Any? = null,
  private val values: Map<String, Any?> = emptyMap(),
  /** What the script threw. */
  public val error: Throwable? = null,
) {
  public val isOk: Boolean get() = exitCode == DONE

  /** The names of the script's top-level values, in its order; none if the script did not come to its end. */
  public val names: Set<String> get() = values.keys

  /** A top-level value of the script, such as its `model`. */
  public operator fun get(name: String): Any? {
    if (name !in values) throw NoSuchElementException("no top-level value $name; there are ${names.joinToString()}")
    return values[name]
  }

  internal companion object {
    const val DONE = 0
    const val FAILED = 1
    const val WRONG = 2
    const val INTERRUPTED = 130
  }
}

/** What a script says of itself without being run. */
public class ScriptDescription internal constructor(
  /** In the order of their declaration; empty if the script is wrong. */
  public val params: List<Param<*>>,
  public val diagnostics: List<Diagnostic>,
) {
  public val isOk: Boolean get() = diagnostics.none { it.severity == Diagnostic.Severity.ERROR }
}

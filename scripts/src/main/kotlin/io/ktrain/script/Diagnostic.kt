package io.ktrain.script

/** Something to tell the person who wrote a script, at a place in it: `file:line:col: error: message`. */
public data class Diagnostic(
  public val severity: Severity,
  public val message: String,
  /** As the script was named by whoever asked. */
  public val file: String? = null,
  /** Counted from 1. */
  public val line: Int? = null,
  /** Counted from 1. */
  public val column: Int? = null,
  /** Further lines: the calls that led there, where a layer was declared. */
  public val details: List<String> = emptyList(),
) {
  public enum class Severity { ERROR, WARNING, NOTE }

  override fun toString(): String = buildString {
    listOfNotNull(file, line, column).forEach { append(it).append(':') }
    if (isNotEmpty()) append(' ')
    append(severity.name.lowercase()).append(": ").append(message)
    details.forEach { append("\n  ").append(it) }
  }

  internal companion object {
    fun error(message: String): Diagnostic = Diagnostic(Severity.ERROR, message)
  }
}

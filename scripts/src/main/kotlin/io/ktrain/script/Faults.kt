package io.ktrain.script

import io.ktrain.nn.Module
import io.ktrain.tensor.Check
import io.ktrain.tensor.KtrainException
import java.lang.classfile.Attributes
import java.lang.classfile.ClassFile
import java.nio.file.Path

/**
 * Turns what a script threw into a [Diagnostic] with the script's own lines and nothing of ktrain's stack. [shown] says
 * how a source file is named to the reader.
 */
internal class Faults(private val script: CompiledScript, private val shown: (Path) -> String) {
  internal class Source(val shown: String, val lines: List<String>)

  private val sources = script.sources.entries.associate { (path, text) ->
    path.fileName.toString() to Source(shown(path), text.lines())
  }

  /** A line of the script or of one of its imports. */
  class Place internal constructor(private val source: Source, val line: Int) {
    private val text = source.lines.getOrElse(line - 1) { "" }
    val file: String get() = source.shown
    val column: Int get() = text.indexOfFirst { !it.isWhitespace() }.coerceAtLeast(0) + 1

    override fun toString(): String = "$file:$line".padEnd(file.length + 5) + "  " + text.trim()

    override fun equals(other: Any?): Boolean = other is Place && other.line == line && other.file == file

    override fun hashCode(): Int = file.hashCode() * 31 + line
  }

  fun of(error: Throwable, severity: Diagnostic.Severity = Diagnostic.Severity.ERROR, prefix: String = ""): Diagnostic {
    val places = places(error)
    val details = ArrayList<String>()
    places.forEachIndexed { i, place -> details += (if (i == 0) "called at  " else "      from ") + place }
    declared(error)?.let { details += it }
    causes(error).forEach { cause ->
      places(cause).firstOrNull()?.takeIf { it !in places }?.let { details += "because of $it   (${message(cause)})" }
    }
    val at = places.firstOrNull()
    val file = at?.file ?: shown(script.sources.keys.first())
    return Diagnostic(severity, prefix + message(error), file, at?.line, at?.column, details)
  }

  /** Where a frame of the script stands in its source; null for a frame of anything else. */
  fun place(frame: StackTraceElement): Place? = sources[frame.fileName]?.let { Place(it, line(frame, it)) }

  private fun places(error: Throwable) = error.stackTrace.mapNotNull(::place).distinct()

  private fun causes(error: Throwable) = generateSequence(error.cause) { it.cause }.take(3)

  private fun message(error: Throwable): String = when (error) {
    is KtrainException, is Check.Stopped -> error.message.orEmpty()
    else -> error.javaClass.simpleName + (error.message?.let { ": $it" } ?: "")
  }

  /** The line the innermost layer was declared at, with its path from the outermost one. */
  private fun declared(error: Throwable): String? {
    val layers = (error as? KtrainException)?.layers().orEmpty().filterIsInstance<Module>()
    val place = layers.firstOrNull()?.declaredAt()?.let(::place) ?: return null
    val path = layers.mapNotNull { it.name() }.asReversed().joinToString(".")
    return "declared at $place" + if (path.isEmpty()) "" else "   ($path)"
  }

  /** Code inlined from elsewhere has lines past the source's end; the class file's KotlinDebug table has the call's. */
  private fun line(frame: StackTraceElement, source: Source): Int {
    if (frame.lineNumber <= source.lines.size) return frame.lineNumber
    val bytes = script.classes[frame.className.replace('.', '/') + ".class"] ?: return frame.lineNumber
    val map = ClassFile.of().parse(bytes).findAttribute(Attributes.sourceDebugExtension())
    val text = map.map { String(it.contents()) }.orElse("")
    val table = text.substringAfter("*S KotlinDebug", "").lines().dropWhile { it != "*L" }.drop(1)
    for (entry in table.takeWhile { !it.startsWith("*") }) {
      val (from, count, first, step) = ENTRY.matchEntire(entry)?.destructured ?: continue
      val width = maxOf(step.toIntOrNull() ?: 1, 1)
      val offset = frame.lineNumber - first.toInt()
      if (offset in 0..<(count.toIntOrNull() ?: 1) * width) return from.toInt() + if (step == "0") 0 else offset / width
    }
    return frame.lineNumber
  }

  private companion object {
    /** `from#file,count:first,step` of a source map; file, count and step may be missing. */
    val ENTRY = Regex("""(\d+)(?:#\d+)?(?:,(\d+))?:(\d+)(?:,(\d+))?""")
  }
}

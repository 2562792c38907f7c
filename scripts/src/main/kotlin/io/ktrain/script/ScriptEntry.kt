package io.ktrain.script

import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.util.zip.CRC32
import java.util.zip.ZipEntry
import java.util.zip.ZipFile
import java.util.zip.ZipOutputStream

/** A compilation as a file: a jar of class files with what they were made from and what the compiler said. */
internal class ScriptEntry(
  /** Everything but the texts that decided what came out; see [ScriptCache]. */
  val identity: String,
  /** Null: it did not compile. */
  val script: CompiledScript?,
  /** The script's libraries, each with its state at that time. */
  val libraries: Map<Path, String>,
  val diagnostics: List<Diagnostic> = emptyList(),
) {
  fun write(file: Path) = ZipOutputStream(Files.newOutputStream(file).buffered()).use { zip ->
    zip.setMethod(ZipOutputStream.STORED)
    fun put(name: String, bytes: ByteArray) {
      zip.putNextEntry(ZipEntry(name).apply { size = bytes.size.toLong(); crc = CRC32().apply { update(bytes) }.value })
      zip.write(bytes)
    }
    put(HEAD, head().toByteArray())
    script?.sources?.values?.forEachIndexed { i, text -> put("$SOURCE$i", text.toByteArray()) }
    script?.classes?.forEach { (name, bytes) -> put(name, bytes) }
  }

  /** Lines `word value`. */
  private fun head(): String = buildString {
    identity.lines().forEach { appendLine("identity $it") }
    for (d in diagnostics) {
      append("diagnostic ${d.severity} ${d.line ?: 0} ${d.column ?: 0} ")
      appendLine("${escape(d.file.orEmpty())} ${escape(d.message)}")
    }
    if (script == null) return@buildString
    appendLine("main ${script.mainClass}")
    script.resultField?.let { appendLine("result $it") }
    script.sources.keys.forEach { appendLine("source $it") }
    libraries.forEach { (path, stamp) -> appendLine("library $stamp $path") }
  }

  companion object {
    private const val HEAD = "META-INF/ktrain/head"
    private const val SOURCE = "META-INF/ktrain/source"

    /** @throws IOException when the file is not a whole entry */
    fun read(file: Path): ScriptEntry = ZipFile(file.toFile()).use { zip ->
      fun bytes(name: String): ByteArray {
        val entry = zip.getEntry(name) ?: throw IOException("$file holds no $name")
        return zip.getInputStream(entry).use { it.readAllBytes() }
      }
      val lines = String(bytes(HEAD)).lines()
      fun all(word: String) = lines.filter { it.startsWith("$word ") }.map { it.substring(word.length + 1) }
      val libraries = all("library").associate { Path.of(it.substringAfter(' ')) to it.substringBefore(' ') }
      val script = all("main").firstOrNull()?.let { main ->
        CompiledScript(
          main,
          all("result").firstOrNull(),
          all("source").withIndex().associate { (i, path) -> Path.of(path) to String(bytes("$SOURCE$i")) },
          libraries.keys.toList(),
          zip.entries().asSequence().map { it.name }.filter { it.endsWith(".class") }.associateWith(::bytes),
        )
      }
      ScriptEntry(all("identity").joinToString("\n"), script, libraries, all("diagnostic").map(::diagnostic))
    }

    private fun diagnostic(line: String): Diagnostic {
      val (severity, row, column, file, message) = line.split(' ', limit = 5)
      return Diagnostic(
        Diagnostic.Severity.valueOf(severity), unescape(message), unescape(file).ifEmpty { null },
        row.toInt().takeIf { it > 0 }, column.toInt().takeIf { it > 0 },
      )
    }

    private fun escape(text: String) =
      text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace(" ", "\\s")

    private fun unescape(text: String) = Regex("""\\(.)""").replace(text) {
      when (it.groupValues[1]) { "n" -> "\n"; "r" -> "\r"; "s" -> " "; else -> "\\" }
    }
  }
}

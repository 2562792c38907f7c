package io.ktrain.script

import java.io.File
import java.nio.file.Files
import java.nio.file.Path

/**
 * Compiles in a JVM of its own, so that the one that trains never holds the compiler's classes and heap, and so that
 * the compiler gets the flags that suit its few seconds: quick compilation only, and a small heap.
 */
internal class CompilerProcess : ScriptCompiler {
  override fun compile(script: Path): Compilation {
    val result = Files.createTempFile("ktrain", ".jar")
    try {
      val process = ProcessBuilder(command(script, result)).redirectErrorStream(true).start()
      process.outputStream.close()
      val said = String(process.inputStream.readAllBytes())
      if (process.waitFor() != 0) return Compilation(null, listOf(Diagnostic.error("the Kotlin compiler failed: ${said.trim()}")))
      val entry = ScriptEntry.read(result)
      return Compilation(entry.script, entry.diagnostics)
    } finally {
      Files.delete(result)
    }
  }

  private fun command(script: Path, result: Path): List<String> =
    listOf(Path.of(System.getProperty("java.home"), "bin", "java").toString()) + FLAGS +
      listOf("-cp", classPath(), CompilerProcess::class.java.name, script.toString(), result.toString())

  /** This process's, and in an installation the folder beside ktrain's jars that only compiling needs. */
  private fun classPath(): String {
    val own = Path.of(CompilerProcess::class.java.protectionDomain.codeSource.location.toURI())
    val compiler = own.resolveSibling("compiler").toFile().listFiles { file -> file.name.endsWith(".jar") }.orEmpty().sorted()
    return (listOf(System.getProperty("java.class.path")) + compiler).joinToString(File.pathSeparator)
  }

  companion object {
    private val FLAGS = listOf(
      "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx1g", "-Xshare:auto",
      "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
    )

    /** The other side: a script's path, and where to write the [ScriptEntry]. */
    @JvmStatic
    fun main(arguments: Array<String>) {
      val compiled = KotlinCompiler().compile(Path.of(arguments[0]))
      val libraries = compiled.script?.libraries.orEmpty().associateWith { "-" }
      ScriptEntry("", compiled.script, libraries, compiled.diagnostics).write(Path.of(arguments[1]))
    }
  }
}

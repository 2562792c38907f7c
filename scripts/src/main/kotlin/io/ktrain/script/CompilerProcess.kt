package io.ktrain.script

import java.io.File
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption
import kotlin.io.path.exists

/**
 * Compiles in a JVM of its own, so that the one that trains never holds the compiler's classes and heap, and so that
 * the compiler gets what suits its few seconds: quick compilation only, a small heap, and, where the installation has
 * one, an archive of its classes and profiles ([prepare]).
 */
internal class CompilerProcess : ScriptCompiler {
  private val archive: Path? = System.getProperty("ktrain.compiler.archive")?.let(Path::of)

  override fun compile(script: Path): Compilation {
    val result = Files.createTempFile("ktrain", ".jar")
    try {
      val said = start(listOfNotNull(archive?.takeIf { it.exists() }?.let { "-XX:AOTCache=$it" }), script, result)
      if (said != null) return Compilation(null, listOf(Diagnostic.error("the Kotlin compiler failed: $said")))
      val entry = ScriptEntry.read(result)
      return Compilation(entry.script, entry.diagnostics)
    } finally {
      Files.delete(result)
    }
  }

  /** Makes the archive by compiling [script]: a dozen seconds. The JVM ignores one that no longer fits its jars. */
  private fun prepare(script: Path) {
    val archive = requireNotNull(archive) { "-Dktrain.compiler.archive=FILE says where to" }
    val part = archive.resolveSibling("${archive.fileName}.${ProcessHandle.current().pid()}")
    val result = Files.createTempFile("ktrain", ".jar")
    try {
      start(listOf("-XX:AOTCacheOutput=$part"), script, result)
      if (part.exists()) Files.move(part, archive, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE)
    } finally {
      Files.delete(result)
      Files.deleteIfExists(part)
    }
  }

  /** Null when the other JVM wrote [result]; else what it said. */
  private fun start(flags: List<String>, script: Path, result: Path): String? {
    val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
    val main = listOf("-cp", classPath(), CompilerProcess::class.java.name, "$script", "$result")
    val process = ProcessBuilder(listOf(java) + FLAGS + flags + main).redirectErrorStream(true).start()
    process.outputStream.close()
    val said = String(process.inputStream.readAllBytes())
    return said.trim().takeIf { process.waitFor() != 0 }
  }

  /** This process's, and in an installation the folder beside ktrain's jars that only compiling needs. */
  private fun classPath(): String {
    val own = Path.of(CompilerProcess::class.java.protectionDomain.codeSource.location.toURI())
    val compiler = own.resolveSibling("compiler").toFile().listFiles { file -> file.name.endsWith(".jar") }.orEmpty()
    return (listOf(System.getProperty("java.class.path")) + compiler.sorted()).joinToString(File.pathSeparator)
  }

  companion object {
    private val FLAGS = listOf(
      "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx1g", "-Xlog:disable", "-Xlog:all=error:stderr",
      "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
    )

    /** The other side: a script, and where to write its [ScriptEntry]. With a script alone, makes the archive. */
    @JvmStatic
    fun main(arguments: Array<String>) {
      val script = Path.of(arguments[0]).toAbsolutePath().normalize()
      if (arguments.size == 1) return CompilerProcess().prepare(script)
      val compiled = KotlinCompiler().compile(script)
      val libraries = compiled.script?.libraries.orEmpty().associateWith { "-" }
      ScriptEntry("", compiled.script, libraries, compiled.diagnostics).write(Path.of(arguments[1]))
    }
  }
}

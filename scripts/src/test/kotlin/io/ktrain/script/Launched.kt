package io.ktrain.script

import java.nio.file.Path
import kotlin.io.path.readText

/** The real process in a workbench's folder. */
internal class Launched(private val bench: Workbench) {
  class Ended(val code: Int, val out: String, val err: String) {
    override fun toString() = "$code $out$err"
  }

  /** Where the last process's standard error went. */
  val errors: Path = bench.folder.resolve("errors")

  fun start(
    arguments: List<String>,
    flags: List<String> = emptyList(),
    environment: Map<String, String> = emptyMap(),
  ): Process {
    val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
    val jvm = listOf("--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"))
    val builder = ProcessBuilder(listOf(java) + flags + jvm + Launcher::class.java.name + arguments)
    builder.directory(bench.folder.toFile()).redirectError(errors.toFile())
    builder.environment()["KTRAIN_CACHE"] = "${bench.cacheFolder.parent}"
    builder.environment().remove("JAVA_TOOL_OPTIONS")
    builder.environment() += environment
    return builder.start()
  }

  fun ktrain(
    vararg arguments: String,
    flags: List<String> = emptyList(),
    environment: Map<String, String> = emptyMap(),
  ): Ended {
    val process = start(arguments.toList(), flags, environment)
    process.outputStream.close()
    val out = String(process.inputStream.readAllBytes())
    return Ended(process.waitFor(), out, errors.readText())
  }
}

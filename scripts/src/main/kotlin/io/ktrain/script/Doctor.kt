package io.ktrain.script

import io.ktrain.backend.Backends
import io.ktrain.op.OpMatrix
import io.ktrain.tensor.Devices
import java.nio.file.Files
import java.nio.file.Path

/** What `ktrain doctor` says of this machine and installation: names and values. */
internal object Doctor {
  fun report(): List<Pair<String, String>> = listOf(
    "ktrain" to Version.ktrain,
    "JDK" to "${Runtime.version()} (${System.getProperty("java.vendor")}) in ${System.getProperty("java.home")}",
    "Kotlin" to KotlinVersion.CURRENT.toString(),
    "system" to listOf("os.name", "os.version", "os.arch").joinToString(" ") { System.getProperty(it) },
    "CPU" to "${cpu() ?: "unknown"}, ${Runtime.getRuntime().availableProcessors()} cores for this process",
    "memory" to "${Runtime.getRuntime().maxMemory() shr 20} MiB of Java heap at most",
    "devices" to Devices.report().joinToString("\n" + " ".repeat(15)),
    "default" to "--device auto is ${Devices.named("auto")}, --threads ${Devices.threads()}",
    "cache" to cache(),
  )

  fun operations(): OpMatrix = OpMatrix.of(Backends.all())

  private fun cpu(): String? = Path.of("/proc/cpuinfo").takeIf(Files::isReadable)?.let { file ->
    Files.readAllLines(file).find { it.startsWith("model name") }?.substringAfter(':')?.trim()
  }

  private fun cache(): String {
    val folder = ScriptCache.defaultFolder()
    val existing = generateSequence(folder) { it.parent }.first { Files.exists(it) }
    return "$folder" + if (Files.isWritable(existing)) "" else " (cannot be written: every run compiles its script)"
  }
}

package io.ktrain.train

import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardOpenOption

/** One line an epoch; each is on the disk before the next epoch begins. */
internal class CsvLog(private val file: Path) {
  private var columns: List<String> = emptyList()

  fun write(epoch: Epoch, lr: Double) {
    if (columns.isEmpty()) {
      columns = epoch.values.keys.toList()
      file.toAbsolutePath().parent?.let(Files::createDirectories)
      Files.write(file, listOf((listOf("epoch") + columns + listOf("lr", "samples/s")).joinToString(",", transform = ::cell)))
    }
    // A number that the step logs for the first time in a later epoch has no column.
    val values = columns.map { epoch.values[it] ?: Double.NaN }
    val cells = listOf<Number>(epoch.number) + values + lr + epoch.samplesPerSecond
    Files.write(file, listOf(cells.joinToString(",")), StandardOpenOption.APPEND)
  }

  /** Quoted as RFC 4180 wants where a name would look like several cells. */
  private fun cell(name: String): String =
    if (name.none { it in ",\"\r\n" }) name else "\"" + name.replace("\"", "\"\"") + "\""
}

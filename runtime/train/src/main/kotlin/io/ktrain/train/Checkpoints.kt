package io.ktrain.train

import io.ktrain.format.Safetensors
import io.ktrain.nn.Module
import java.nio.file.Files
import java.nio.file.Path
import java.util.Locale

/** The best models so far and the newest, in one folder. */
internal class Checkpoints(
  private val folder: Path,
  private val best: Monitor,
  private val keep: Int,
  private val model: Module,
) {
  private class Kept(val value: Double, val file: Path)

  private val last: Path = folder.resolve("last.safetensors")
  private val kept = ArrayList<Kept>() // best first

  /** The best models of earlier runs in this folder, which stay. */
  val earlier: List<Path> =
    if (Files.isDirectory(folder)) Files.newDirectoryStream(folder, "epoch-*.safetensors").use { it.sorted() } else emptyList()

  fun epochEnded(epoch: Epoch) {
    write(last, epoch.number, epoch.values)
    val value = epoch[best]
    val place = kept.indexOfFirst { best.isBetter(value, it.value) }.let { if (it < 0) kept.size else it }
    if (value.isNaN() || place >= keep) return
    val name = "epoch-%03d-%s-%.5f.safetensors".format(Locale.ROOT, epoch.number, best.key.replace('/', '-'), value)
    val file = folder.resolve(name)
    write(file, epoch.number, epoch.values)
    kept.add(place, Kept(value, file))
    if (kept.size > keep) Files.deleteIfExists(kept.removeLast().file)
  }

  /** Saves what became of the model after the last epoch. */
  fun finished(epoch: Epoch) = write(last, epoch.number, emptyMap())

  /** Saves the model as it is in the middle of [epoch]; gives the files there are, the best first. */
  fun interrupted(epoch: Int): List<Path> {
    write(last, epoch, emptyMap())
    return kept.map { it.file } + listOf(last) // a Path alone would be added part by part
  }

  private fun write(file: Path, epoch: Int, values: Map<String, Double>) {
    Files.createDirectories(folder)
    Safetensors.write(file, model.stateDict(), values.mapValues { it.value.toString() } + ("epoch" to epoch.toString()))
  }
}

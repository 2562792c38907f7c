@file:JvmName("Saving")

package io.ktrain.train

import io.ktrain.format.Bundle
import io.ktrain.format.StateDictFile
import io.ktrain.nn.IncompatibleKeys
import io.ktrain.nn.Module
import io.ktrain.tensor.Check
import io.ktrain.tensor.Context
import java.nio.file.Files
import java.nio.file.Path
import kotlin.reflect.KClass

/**
 * Writes the model's parameters and buffers, whole or not at all; missing folders are made. The ending says how: as
 * `.safetensors`; as `.pt` or `.pth`, which `load_state_dict(torch.load(...))` takes; or as `.ktrain`, with the
 * architecture, which [loadModel] makes again without this code. In `ktrain check` nothing is written, but [load] of
 * the same file knows the shapes.
 */
public fun Module.save(file: Path) {
  if (!Check.active()) file.toAbsolutePath().parent?.let(Files::createDirectories)
  if (file.toString().endsWith(".ktrain")) Bundle.write(file, this) else StateDictFile.write(file, stateDict())
}

/**
 * Makes the model that `model.save(file)` wrote as a `.ktrain` bundle. Nothing in a file runs: modules of classes that
 * are not ktrain's are made only of those in [own], as `loadModel(file, ResBlock::class)`.
 */
public fun loadModel(file: Path, vararg own: KClass<out Module>): Module =
  Bundle.read(file, *own.map { it.java }.toTypedArray())

/**
 * Reads parameters and buffers from a `.safetensors` file, a `.ktrain` bundle or a file of PyTorch's, told apart by what
 * they hold. Of a checkpoint, [key] says which of its dicts: `model.load(file, "model_state_dict")`. StateDictError
 * lists every name that is missing, unexpected or of another shape, and nothing is changed unless all fit; without
 * [strict] names may be missing or unexpected, and the result tells which were. Layers whose size was still open take
 * the file's. In `ktrain check` a file that does not exist is taken to fit.
 */
@JvmOverloads
public fun Module.load(file: Path, key: String? = null, strict: Boolean = true): IncompatibleKeys {
  val promised = Check.current()?.written
  if (promised != null && file.toAbsolutePath().normalize() !in promised && Files.notExists(file)) {
    return IncompatibleKeys(emptyList(), emptyList())
  }
  return Context.current().scoped("load") { load(StateDictFile.read(file, key), strict) }
}

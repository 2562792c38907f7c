@file:JvmName("Saving")

package io.ktrain.train

import io.ktrain.format.Safetensors
import io.ktrain.nn.IncompatibleKeys
import io.ktrain.nn.Module
import io.ktrain.tensor.Check
import io.ktrain.tensor.Context
import java.nio.file.Files
import java.nio.file.Path

/**
 * Writes the model's parameters and buffers to a `.safetensors` file, whole or not at all; missing folders are made. In
 * `ktrain check` nothing is written, but [load] of the same file knows the shapes.
 */
public fun Module.save(file: Path) {
  if (!Check.active()) file.toAbsolutePath().parent?.let(Files::createDirectories)
  Safetensors.write(file, stateDict())
}

/**
 * Reads parameters and buffers from a `.safetensors` file. StateDictError lists every name that is missing, unexpected
 * or of another shape, and nothing is changed unless all fit; without [strict] names may be missing or unexpected, and
 * the result tells which were. Layers whose size was still open take the file's. In `ktrain check` a file that does not
 * exist is taken to fit.
 */
@JvmOverloads
public fun Module.load(file: Path, strict: Boolean = true): IncompatibleKeys {
  val promised = Check.current()?.written
  if (promised != null && file.toAbsolutePath().normalize() !in promised && Files.notExists(file)) {
    return IncompatibleKeys(emptyList(), emptyList())
  }
  return Context.current().scoped("load") { load(Safetensors.read(file), strict) }
}

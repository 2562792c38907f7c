@file:JvmName("Saving")

package io.ktrain.train

import io.ktrain.format.StateDict
import io.ktrain.nn.Module
import io.ktrain.tensor.Check
import io.ktrain.tensor.Context
import java.nio.file.Files
import java.nio.file.Path

/**
 * Writes the model's parameters and buffers, whole or not at all; missing folders are made. The ending says how: as
 * `.safetensors`, or as `.pt` or `.pth`, which `load_state_dict(torch.load(...))` takes. In `ktrain check` nothing is
 * written, but [load] of the same file knows the shapes.
 */
public fun Module.save(file: Path) {
  if (!Check.active()) file.toAbsolutePath().parent?.let(Files::createDirectories)
  StateDict.write(file, stateDict())
}

/**
 * Reads parameters and buffers from a `.safetensors` file or one of PyTorch's, told apart by what they hold. Of a
 * checkpoint, [key] says which of its dicts: `model.load(file, "model_state_dict")`. StateDictError lists every name
 * that is missing, unexpected or of another shape, and nothing is changed unless all fit. Layers whose size was still
 * open take the file's. In `ktrain check` a file that does not exist is taken to fit.
 */
@JvmOverloads
public fun Module.load(file: Path, key: String? = null) {
  val promised = Check.current()?.written
  if (promised != null && file.toAbsolutePath().normalize() !in promised && Files.notExists(file)) return
  Context.current().scoped("load") { load(StateDict.read(file, key)) }
}

package io.ktrain.script

import io.ktrain.tensor.Device

/** What `--device` means here. */
internal object Devices {
  fun resolve(name: String): Device = if (name == "auto") Device.CPU else Device.of(name)
}

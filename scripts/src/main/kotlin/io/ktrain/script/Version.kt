package io.ktrain.script

/** Versions as `--version` and `doctor` print them. */
internal object Version {
  /** Written by the build. */
  val ktrain: String by lazy {
    Version::class.java.getResourceAsStream("version.txt")?.use { String(it.readAllBytes()).trim() }
      ?: throw IllegalStateException("the ktrain jar holds no io/ktrain/script/version.txt; it was not built by Maven")
  }
}

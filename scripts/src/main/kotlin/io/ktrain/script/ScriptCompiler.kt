package io.ktrain.script

import java.nio.file.Path

/** The one place that knows a Kotlin compiler. */
internal interface ScriptCompiler {
  fun compile(script: Path): Compilation
}

/** What a compiler made of a script. Where it is wrong, [script] is null and an error is among [diagnostics]. */
internal class Compilation(val script: CompiledScript?, val diagnostics: List<Diagnostic>)

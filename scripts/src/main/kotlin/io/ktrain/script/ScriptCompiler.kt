package io.ktrain.script

import java.nio.file.Path

/** The one place that knows a Kotlin compiler. */
internal interface ScriptCompiler {
  fun compile(script: Path): Compilation
}

/** What a compiler made of a script; [script] is null where it is wrong, and then there is an error among [diagnostics]. */
internal class Compilation(val script: CompiledScript?, val diagnostics: List<Diagnostic>)

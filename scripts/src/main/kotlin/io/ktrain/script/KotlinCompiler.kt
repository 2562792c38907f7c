package io.ktrain.script

import io.ktrain.script.Diagnostic.Severity
import java.io.File
import java.nio.file.Path
import kotlin.script.experimental.api.CompiledScript as Compiled
import kotlin.script.experimental.api.ResultWithDiagnostics
import kotlin.script.experimental.api.ScriptCompilationConfiguration
import kotlin.script.experimental.api.ScriptDiagnostic
import kotlin.script.experimental.api.dependencies
import kotlin.script.experimental.api.fileExtension
import kotlin.script.experimental.api.importScripts
import kotlin.script.experimental.api.valueOrNull
import kotlin.script.experimental.jvm.JvmDependency
import kotlin.script.experimental.jvm.impl.KJvmCompiledModuleInMemory
import kotlin.script.experimental.jvm.impl.KJvmCompiledScript
import kotlin.script.experimental.jvmhost.BasicJvmScriptingHost
import kotlin.script.experimental.jvmhost.createJvmCompilationConfigurationFromTemplate
import kotlinx.coroutines.runBlocking

/** Compiles in this process with Kotlin's scripting host. The first script pays the compiler's warm-up: seconds. */
internal class KotlinCompiler : ScriptCompiler {
  private val host = BasicJvmScriptingHost()

  // The host's extension is plain kts, so that scripts and imports of any name get the definition.
  private val configuration = createJvmCompilationConfigurationFromTemplate<KtrainScript> { fileExtension("kts") }

  @Synchronized
  override fun compile(script: Path): Compilation {
    val main = ScriptText(script.toFile())
    val result = runBlocking { host.compiler(main, configuration) }
    val diagnostics = result.reports.filter { it.severity >= ScriptDiagnostic.Severity.WARNING }.map(::diagnostic)
    val compiled = when (result) {
      is ResultWithDiagnostics.Success -> result.value as KJvmCompiledScript
      is ResultWithDiagnostics.Failure -> return Compilation(null, diagnostics)
    }
    val parts = parts(compiled)
    val given = jars(configuration).toSet()
    val imports = parts.flatMap { it.compilationConfiguration[ScriptCompilationConfiguration.importScripts].orEmpty() }
    return Compilation(
      CompiledScript(
        compiled.scriptClassFQName,
        compiled.resultField?.first,
        (listOf(main) + imports.filterIsInstance<ScriptText>()).associate { it.path to it.text },
        (parts.flatMap { jars(it.compilationConfiguration) }.distinct() - given).map { it.toPath().toAbsolutePath() },
        (compiled.getCompiledModule() as KJvmCompiledModuleInMemory).compilerOutputFiles,
      ),
      diagnostics,
    )
  }

  private fun parts(script: Compiled): List<Compiled> = listOf(script) + script.otherScripts.flatMap(::parts)

  private fun jars(configuration: ScriptCompilationConfiguration): List<File> =
    configuration[ScriptCompilationConfiguration.dependencies].orEmpty().filterIsInstance<JvmDependency>()
      .flatMap { it.classpath }

  private fun diagnostic(report: ScriptDiagnostic): Diagnostic = Diagnostic(
    if (report.severity == ScriptDiagnostic.Severity.WARNING) Severity.WARNING else Severity.ERROR,
    report.message,
    report.sourcePath,
    report.location?.start?.line,
    report.location?.start?.col,
  )
}

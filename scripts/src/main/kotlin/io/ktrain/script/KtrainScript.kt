package io.ktrain.script

import java.io.File
import java.nio.file.Path
import kotlin.script.experimental.annotations.KotlinScript
import kotlin.script.experimental.api.ResultWithDiagnostics
import kotlin.script.experimental.api.ScriptAcceptedLocation
import kotlin.script.experimental.api.ScriptCollectedData
import kotlin.script.experimental.api.ScriptCompilationConfiguration
import kotlin.script.experimental.api.ScriptConfigurationRefinementContext
import kotlin.script.experimental.api.ScriptEvaluationConfiguration
import kotlin.script.experimental.api.acceptedLocations
import kotlin.script.experimental.api.asSuccess
import kotlin.script.experimental.api.collectedAnnotations
import kotlin.script.experimental.api.compilerOptions
import kotlin.script.experimental.api.defaultImports
import kotlin.script.experimental.api.dependencies
import kotlin.script.experimental.api.ide
import kotlin.script.experimental.api.implicitReceivers
import kotlin.script.experimental.api.importScripts
import kotlin.script.experimental.api.makeFailureResult
import kotlin.script.experimental.api.onSuccess
import kotlin.script.experimental.api.refineConfiguration
import kotlin.script.experimental.api.with
import kotlin.script.experimental.dependencies.CompoundDependenciesResolver
import kotlin.script.experimental.dependencies.DependsOn
import kotlin.script.experimental.dependencies.FileSystemDependenciesResolver
import kotlin.script.experimental.dependencies.Repository
import kotlin.script.experimental.dependencies.maven.MavenDependenciesResolver
import kotlin.script.experimental.dependencies.resolveFromScriptSourceAnnotations
import kotlin.script.experimental.host.FileBasedScriptSource
import kotlin.script.experimental.host.FileScriptSource
import kotlin.script.experimental.jvm.JvmDependency
import kotlin.script.experimental.jvm.dependenciesFromClassContext
import kotlin.script.experimental.jvm.jvm
import kotlin.script.experimental.jvm.jvmTarget
import kotlinx.coroutines.runBlocking

/**
 * What every `*.ktrain.kts` is. Empty on purpose: what a script sees of its run is its implicit receiver,
 * [ScriptContext]. IDEs find this class by the marker file under `META-INF/kotlin/script/templates`.
 */
@KotlinScript(
  displayName = "ktrain script",
  fileExtension = "ktrain.kts",
  compilationConfiguration = KtrainCompilation::class,
  evaluationConfiguration = KtrainEvaluation::class,
)
public abstract class KtrainScript

/** `@file:Import("layers.ktrain.kts")`: the public names of another script, its path counted from this one. */
@Target(AnnotationTarget.FILE)
@Repeatable
@Retention(AnnotationRetention.SOURCE)
public annotation class Import(vararg val paths: String)

internal object KtrainCompilation : ScriptCompilationConfiguration({
  defaultImports(
    "io.ktrain.tensor.*",
    "io.ktrain.nn.*",
    "io.ktrain.nn.Module", // by name, since java.lang has a Module too
    "io.ktrain.optim.*",
    "io.ktrain.data.*",
    "io.ktrain.train.*",
    "io.ktrain.dsl.*",
    "io.ktrain.models.*",
    "io.ktrain.script.*",
    "java.nio.file.Path",
    "kotlin.io.path.Path",
  )
  defaultImports(DependsOn::class, Repository::class)
  implicitReceivers(ScriptContext::class)
  compilerOptions(scriptCompilerOptions)
  jvm {
    jvmTarget("25")
    dependenciesFromClassContext(KtrainScript::class, wholeClasspath = true)
  }
  refineConfiguration {
    onAnnotations(DependsOn::class, Repository::class, Import::class, handler = ::readAnnotations)
  }
  ide { acceptedLocations(ScriptAcceptedLocation.Everywhere) }
}) {
  private fun readResolve(): Any = KtrainCompilation
}

internal object KtrainEvaluation : ScriptEvaluationConfiguration({}) {
  private fun readResolve(): Any = KtrainEvaluation
}

/** Lambdas as classes: a script's first lines run sooner than with java.lang.invoke. */
internal val scriptCompilerOptions =
  listOf("-jvm-target", "25", "-Xlambdas=class", "-Xsam-conversions=class", "-Xstring-concat=inline")

/** `@file:DependsOn`, `@file:Repository` and `@file:Import`, relative to the script that says them. */
private fun readAnnotations(
  context: ScriptConfigurationRefinementContext,
): ResultWithDiagnostics<ScriptCompilationConfiguration> {
  val annotations = context.collectedData?.get(ScriptCollectedData.collectedAnnotations).orEmpty()
  if (annotations.isEmpty()) return context.compilationConfiguration.asSuccess()
  val folder = (context.script as? FileBasedScriptSource)?.file?.absoluteFile?.parentFile ?: File(".").absoluteFile
  val imports = ArrayList<File>()
  for (found in annotations) {
    for (path in (found.annotation as? Import)?.paths.orEmpty()) {
      val file = folder.resolve(path)
      if (!file.isFile) return makeFailureResult("import: there is no file $file", found.location)
      imports += file
    }
  }
  val resolver = CompoundDependenciesResolver(FileSystemDependenciesResolver(folder), MavenDependenciesResolver())
  val resolved = runBlocking {
    resolver.resolveFromScriptSourceAnnotations(annotations.filter { it.annotation !is Import })
  }
  return resolved.onSuccess { jars ->
    context.compilationConfiguration.with {
      if (jars.isNotEmpty()) dependencies.append(JvmDependency(jars))
      if (imports.isNotEmpty()) importScripts.append(imports.map { ScriptText(it) })
    }.asSuccess()
  }
}

/** A script whose text is read once, so that what is compiled is what the cache remembers. */
internal class ScriptText(file: File) : FileScriptSource(file.absoluteFile.normalize(), file.readText()) {
  val path: Path get() = file.toPath()
}

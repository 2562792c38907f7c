package io.ktrain.script

import io.ktrain.tensor.Check
import io.ktrain.tensor.Device
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.ScriptError
import io.ktrain.train.Interrupted
import io.ktrain.train.Run
import io.ktrain.train.unusedParameters
import java.io.IOException
import java.io.OutputStream
import java.io.PrintStream
import java.nio.file.Path
import kotlin.io.path.exists
import kotlin.io.path.isRegularFile
import kotlin.io.path.name

/**
 * Compiles and runs scripts in this process: the command line goes through it, and so can a service. It never exits and
 * leaves `System.out` alone: what a script itself prints goes there, what `fit` reports goes to [run]'s `out`.
 * Compiled scripts are kept in the cache folder, so that only the first run of a text pays the compiler.
 */
public class ScriptHost internal constructor(
  private val run: Run,
  private val cache: ScriptCache,
  /** Made only when a script is not in the cache. */
  private val compiler: () -> ScriptCompiler,
) {
  /** [run] says on what device, from what seed and how loud; by default on the CPU, from 0, and silent. */
  @JvmOverloads
  public constructor(run: Run = silentRun()) : this(run, ScriptCache(), { sharedCompiler })

  /**
   * Runs the script from top to bottom. [params] are texts as on the command line, by name: `"batchSize" to "64"`.
   * A script that is wrong or that fails is a result, not an exception.
   */
  @JvmOverloads
  public fun run(script: Path, params: Map<String, String> = emptyMap()): ScriptResult =
    opened(script, params) { opened, arguments -> run(opened, arguments) }

  /**
   * Runs the script on shapes alone: no data is opened, no kernel runs, nothing is written by ktrain. The first shape,
   * dtype or device that does not fit is an error with the lines of the call and of the layer. Where values, which are
   * unknown here, decide what the script does, a note says how far it went.
   */
  @JvmOverloads
  public fun check(script: Path, params: Map<String, String> = emptyMap()): ScriptResult =
    opened(script, params) { opened, arguments -> check(opened, arguments, Check()) }

  /** The script's params. Its body runs as in [check], but no further than the last of them. */
  public fun describe(script: Path): ScriptDescription {
    val result = opened(script, emptyMap()) { opened, _ -> describe(opened) }
    return ScriptDescription(result.params, result.diagnostics)
  }

  internal fun run(opened: OpenScript, arguments: Map<String, Any>): ScriptResult =
    evaluate(opened, ScriptContext(opened.script.params.keys, arguments)) { error ->
      val code = when (error) {
        is Interrupted -> ScriptResult.INTERRUPTED
        is ScriptError -> ScriptResult.WRONG
        else -> ScriptResult.FAILED
      }
      code to listOf(if (error is Interrupted) note(error.message.orEmpty()) else opened.faults.of(error))
    }

  internal fun check(opened: OpenScript, arguments: Map<String, Any>, check: Check): ScriptResult {
    val result = checking(check) {
      evaluate(opened, ScriptContext(opened.script.params.keys, arguments)) { error ->
        if (error is Check.Stopped || error !is KtrainException && check.valuesRead()) {
          ScriptResult.DONE to listOf(opened.faults.of(error, Diagnostic.Severity.NOTE, "stopped here: "))
        } else {
          val read = check.firstRead()?.let { unknownSize(opened, it) }
          ScriptResult.WRONG to listOfNotNull(opened.faults.of(error), read)
        }
      }
    }
    if (result.error != null) return result
    val models = Models(check, result.names.associateWith { result[it] }).called()
    val unused = models.mapNotNull { unusedParameters(it, check.trained()) }.map(::note)
    val read = note("it reads values, which are unknown here: branches on them were taken one way")
    return result.with(unused + if (check.valuesRead()) listOf(read) else emptyList())
  }

  internal fun describe(opened: OpenScript): ScriptResult {
    val names = opened.script.params.keys
    if (names.isEmpty()) return ScriptResult(ScriptResult.DONE, opened.diagnostics)
    return checking(Check()) {
      evaluate(opened, ScriptContext(names, describing = true)) { error ->
        if (error is ScriptContext.Described) ScriptResult.DONE to emptyList()
        else ScriptResult.WRONG to listOf(opened.faults.of(error))
      }
    }
  }

  /** From the cache, else compiled. Null where the script is wrong; then [wrong] is told why. */
  internal fun open(script: Path, onCompile: () -> Unit = {}, wrong: (List<Diagnostic>) -> Unit): OpenScript? {
    val unfit = when {
      !script.exists() -> "there is no script $script"
      !script.isRegularFile() -> "$script is not a file"
      !script.name.endsWith(".kts") -> "$script is no Kotlin script. Fix: a name that ends in .kts, best in .ktrain.kts"
      else -> null
    }
    if (unfit != null) {
      wrong(listOf(Diagnostic.error(unfit)))
      return null
    }
    val source = script.toAbsolutePath().normalize()
    val shown = { path: Path -> if (path == source) script.toString() else shown(path, like = script) }
    cache.find(source)?.let { return OpenScript(it, shown, emptyList()) }
    onCompile()
    val compiled = compiler().compile(source)
    val diagnostics = ArrayList(compiled.diagnostics.map { d -> d.copy(file = d.file?.let { shown(Path.of(it)) }) })
    if (compiled.script == null) {
      wrong(diagnostics)
      return null
    }
    try {
      cache.store(compiled.script)
    } catch (e: IOException) {
      val unkept = "the compiled script is not kept: $e. Fix: KTRAIN_CACHE=a folder to write to"
      diagnostics += Diagnostic(Diagnostic.Severity.WARNING, unkept)
    }
    return OpenScript(compiled.script, shown, diagnostics)
  }

  private fun opened(
    script: Path,
    params: Map<String, String>,
    body: (OpenScript, Map<String, Any>) -> ScriptResult,
  ): ScriptResult {
    var diagnostics = emptyList<Diagnostic>()
    val opened = open(script) { diagnostics = it } ?: return ScriptResult(ScriptResult.WRONG, diagnostics)
    val arguments = try {
      Arguments(opened.script.params).read(params)
    } catch (e: ScriptError) {
      return ScriptResult(ScriptResult.WRONG, opened.diagnostics + Diagnostic.error(e.message.orEmpty()))
    }
    return body(opened, arguments)
  }

  private fun evaluate(
    opened: OpenScript,
    context: ScriptContext,
    failed: (Throwable) -> Pair<Int, List<Diagnostic>>,
  ): ScriptResult = try {
    val instance = Run.with(run) { opened.script.newInstance(context) }
    val script = opened.script
    val value = script.result(instance)
    ScriptResult(ScriptResult.DONE, opened.diagnostics, context.params, value, script.values(instance))
  } catch (e: Throwable) { // all of them: it is the script's, and it is reported
    val (code, diagnostics) = failed(e)
    ScriptResult(code, opened.diagnostics + diagnostics, context.params, error = e)
  }

  private fun unknownSize(opened: OpenScript, read: StackTraceElement): Diagnostic? = opened.faults.place(read)?.let {
    note("a value, unknown here, was read; was a size made from it?")
      .copy(file = it.file, line = it.line, column = it.column)
  }

  private fun ScriptResult.with(more: List<Diagnostic>) =
    ScriptResult(exitCode, diagnostics + more, params, value, names.associateWith { this[it] }, error)

  private companion object {
    /** One for the process, since warming a compiler takes most of its time; it takes one script at a time. */
    val sharedCompiler: ScriptCompiler by lazy { KotlinCompiler() }

    fun silentRun(): Run = Run(
      Device.of("cpu"), 0, Runtime.getRuntime().availableProcessors(), null, Run.Output.QUIET,
      PrintStream(OutputStream.nullOutputStream()), { 80 },
    )

    fun note(message: String) = Diagnostic(Diagnostic.Severity.NOTE, message)

    fun <T> checking(check: Check, body: () -> T): T {
      val result = ArrayList<T>(1)
      Check.run(check) { result += body() }
      return result.single()
    }

    /** An import is shown as its script is: from the working folder, or in full. */
    fun shown(path: Path, like: Path): String =
      (if (like.isAbsolute) path else Path.of("").toAbsolutePath().relativize(path)).toString()
  }
}

/** A script that is ready to run, with what its compilation had to say. */
internal class OpenScript(compiled: CompiledScript, shown: (Path) -> String, val diagnostics: List<Diagnostic>) {
  val script = LoadedScript(compiled, OpenScript::class.java.classLoader)
  val faults = Faults(compiled, shown)
}

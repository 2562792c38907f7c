package io.ktrain.script

import io.ktrain.tensor.Check
import io.ktrain.tensor.DeviceError
import io.ktrain.tensor.Devices
import io.ktrain.tensor.ScriptError
import io.ktrain.train.Run
import java.io.OutputStream
import java.io.PrintStream

/** `ktrain run`, `check` and `summary` of a script: the public [ScriptHost] with a terminal around it. */
internal class ScriptCommand(private val request: Request, private val out: PrintStream, private val err: PrintStream) {
  /** The process's exit code. */
  fun execute(): Int {
    val run = try {
      runOf(request)
    } catch (e: ScriptError) {
      return wrong(e.message)
    } catch (e: DeviceError) {
      return wrong(e.message)
    }
    val host = ScriptHost(run, ScriptCache(), ::CompilerProcess)
    val opened = host.open(request.script, onCompile = ::sayCompiling, wrong = ::print) ?: return ScriptResult.WRONG
    if (request.has(OwnFlag.HELP)) return help(host, opened)
    val arguments = try {
      Arguments(opened.script.params).parse(request.params)
    } catch (e: ScriptError) {
      return wrong(e.message, "  ktrain ${request.command} ${request.script} --help tells more")
    }
    return when (request.command) {
      "check" -> check(host, opened, arguments)
      "summary" -> summary(host, opened, arguments)
      else -> {
        sayWhyNoGpu()
        Interrupts.handling(run, err) { report(host.run(opened, arguments)) }
      }
    }
  }

  private fun check(host: ScriptHost, opened: OpenScript, arguments: Map<String, Any>): Int {
    val result = silently { host.check(opened, arguments, Check()) }
    val notes = result.diagnostics.filter { it.severity == Diagnostic.Severity.NOTE }
    if (!result.isOk) return report(result)
    print(result.diagnostics - notes.toSet())
    out.println(if (result.error == null) "check: ok" else "check: nothing wrong as far as it could go")
    notes.forEach(out::println)
    return result.exitCode
  }

  private fun summary(host: ScriptHost, opened: OpenScript, arguments: Map<String, Any>): Int {
    val check = Check()
    val result = silently { host.check(opened, arguments, check) }
    if (!result.isOk) return report(result)
    val tables = Models(check, result.names.associateWith { result[it] }).tables()
    if (tables.isEmpty()) return wrong("${request.script} calls no model and has none at its top level.")
    tables.forEach(out::println)
    return result.exitCode
  }

  private fun help(host: ScriptHost, opened: OpenScript): Int {
    val result = silently { host.describe(opened) }
    if (!result.isOk) return report(result)
    out.println("Usage: ktrain ${request.command} ${request.script} [--PARAM VALUE]... [OPTION]...")
    table("Params of this script:", result.params.map { param ->
      val type = ParamType.of(param.type)?.name.orEmpty()
      val about = listOfNotNull(
        param.help.ifEmpty { null }, "default ${param.default}", param.search?.let { "tuned over $it" },
      )
      listOf(param.flag, type, about.joinToString("; "))
    })
    table("Options:", OwnFlag.entries.map { listOf(it.flag, it.value.orEmpty(), it.help) })
    return result.exitCode
  }

  private fun table(title: String, rows: List<List<String>>) {
    if (rows.isEmpty()) return
    out.println("\n$title")
    val widths = rows.first().indices.map { column -> rows.maxOf { it[column].length } }
    for (row in rows) {
      val cells = row.zip(widths) { cell, width -> cell.padEnd(width) }
      out.println("  " + cells.joinToString("  ").trimEnd())
    }
  }

  private fun report(result: ScriptResult): Int {
    // An interrupted fit has said so itself, unless it was to be quiet.
    val isSaid = result.exitCode == ScriptResult.INTERRUPTED && !request.has(OwnFlag.QUIET)
    print(if (isSaid) result.diagnostics.filter { it.severity != Diagnostic.Severity.NOTE } else result.diagnostics)
    if (request.has(OwnFlag.STACKTRACE)) result.error?.printStackTrace(err)
    return result.exitCode
  }

  private fun wrong(message: String?, vararg more: String): Int {
    err.println("error: $message")
    more.forEach(err::println)
    return ScriptResult.WRONG
  }

  private fun print(diagnostics: List<Diagnostic>) = diagnostics.forEach(err::println)

  /** Where the device was left to ktrain, it being the CPU should surprise nobody. */
  private fun sayWhyNoGpu() {
    if ((request[OwnFlag.DEVICE] ?: AUTO) != AUTO || request.has(OwnFlag.QUIET)) return
    val reason: String? = Devices.whyNoGpu()
    if (reason != null) err.println("ktrain: on the CPU: $reason")
  }

  private fun sayCompiling() {
    if (Terminal.isLive && !request.has(OwnFlag.QUIET)) err.println("compiling ${request.script} ...")
  }

  /** Of the process, and so for the command line alone. */
  private fun <T> silently(body: () -> T): T {
    val before = System.out
    System.setOut(PrintStream(OutputStream.nullOutputStream()))
    try {
      return body()
    } finally {
      System.setOut(before)
    }
  }

  private fun runOf(request: Request): Run = Run(
    device = Devices.named(request[OwnFlag.DEVICE] ?: AUTO),
    seed = request.number(OwnFlag.SEED) ?: 0,
    threads = request.number(OwnFlag.THREADS, 1..1024L)?.toInt() ?: Runtime.getRuntime().availableProcessors(),
    directory = request.path(OwnFlag.RUN_DIR),
    output = when {
      request.has(OwnFlag.QUIET) -> Run.Output.QUIET
      request.has(OwnFlag.PLAIN) || !Terminal.isLive -> Run.Output.PLAIN
      else -> Run.Output.LIVE
    },
    out = out,
    width = Terminal::width,
  )

  private companion object {
    const val AUTO = "auto"
  }
}

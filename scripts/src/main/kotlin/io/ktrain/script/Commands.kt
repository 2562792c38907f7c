package io.ktrain.script

import com.github.ajalt.clikt.completion.CompletionCommand
import com.github.ajalt.clikt.core.CliktCommand
import com.github.ajalt.clikt.core.CliktError
import com.github.ajalt.clikt.core.Context
import com.github.ajalt.clikt.core.UsageError
import com.github.ajalt.clikt.core.parse
import com.github.ajalt.clikt.core.subcommands
import com.github.ajalt.clikt.parameters.arguments.argument
import com.github.ajalt.clikt.parameters.options.flag
import com.github.ajalt.clikt.parameters.options.option
import com.github.ajalt.clikt.parameters.options.versionOption
import java.io.PrintStream

/** Everything of the command line that is not a script: help, versions, usage errors, completion, `inspect`, `convert`, `doctor`. */
internal object Commands {
  fun execute(arguments: List<String>, out: PrintStream, err: PrintStream): Int {
    val root = Root().subcommands(
      OfScript("run", "Run a script: train with it."),
      OfScript("check", "Follow a script's shapes through forward, backward and optimizer; no data, no kernels."),
      OfScript("summary", "Print a script's layers: name, output shape, parameters; totals and memory."),
      InspectCommand(out),
      ConvertCommand(out),
      DoctorCommand(out),
      CompletionCommand(name = "completion", help = "Print a completion script for bash, zsh or fish."),
    )
    root.versionOption(Version.ktrain, message = { "ktrain $it" })
    val names = root.registeredSubcommandNames()
    arguments.firstOrNull()?.takeIf { !it.startsWith("-") && it !in names }?.let { word ->
      val near = nearest(word, names)?.let { "Did you mean $it?" } ?: "There are ${names.joinToString()}."
      err.println("error: ktrain has no command $word. $near")
      return ScriptResult.WRONG
    }
    try {
      root.parse(arguments)
      return ScriptResult.DONE
    } catch (e: CliktError) {
      root.getFormattedHelp(e)?.let { (if (e.printError) err else out).println(it) }
      return if (e is UsageError) ScriptResult.WRONG else e.statusCode
    }
  }

  private class Root : CliktCommand("ktrain") {
    override val printHelpOnEmptyArgs: Boolean = true

    override fun help(context: Context): String = "Train neural networks with Kotlin scripts."

    override fun run() = Unit
  }

  /** Says what there is to say without a script; with one, [Request] has taken the arguments already. */
  private class OfScript(name: String, private val about: String) : CliktCommand(name) {
    init {
      for (own in OwnFlag.entries - OwnFlag.HELP) {
        val option = option(own.flag, help = own.help, metavar = own.value)
        registerOption(if (own.value == null) option.flag() else option)
      }
    }

    val script by argument(help = "a Kotlin script (.kts); its own params follow it, see ktrain run SCRIPT --help")

    override fun help(context: Context): String = about

    override fun run() = Unit
  }

  private class DoctorCommand(private val out: PrintStream) : CliktCommand("doctor") {
    val ops by option("--ops", help = "instead, how each operation runs where; exit code 1 if one does not").flag()

    override fun help(context: Context): String = "Say what ktrain found here: JDK, CPU, native math, devices, folders."

    override fun run() {
      if (!ops) return Doctor.report().forEach { (name, value) -> out.println("${name.padEnd(14)} $value") }
      val matrix = Doctor.operations()
      out.print(matrix)
      val holes = matrix.holes()
      if (holes.isNotEmpty()) throw CliktError("without a kernel: ${holes.joinToString()}", statusCode = 1)
    }
  }
}

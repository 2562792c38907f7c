package io.ktrain.script

import io.ktrain.tensor.ScriptError
import java.io.IOException
import java.io.PrintStream

/** The `ktrain` command. A script in the cache runs from here without the compiler or the command-line library. */
internal object CommandLine {
  @JvmStatic
  fun main(arguments: Array<String>): Int {
    val code = execute(arguments.toList(), System.out, System.err)
    if (code != ScriptResult.DONE || arguments.firstOrNull() != "run" || !System.out.checkError()) return code
    System.err.println("error: not all that was printed could be written: a closed pipe or a full disk.")
    return ScriptResult.FAILED
  }

  fun execute(arguments: List<String>, out: PrintStream, err: PrintStream): Int {
    if (arguments.firstOrNull() in Request.COMMANDS) {
      try {
        Request.of(arguments)?.let { return ScriptCommand(it, out, err).execute() }
      } catch (e: ScriptError) {
        err.println("error: ${e.message}")
        return ScriptResult.WRONG
      } catch (e: IOException) { // not the script's: the folder of temporary files, the JDK's own files
        err.println("error: $e")
        return ScriptResult.WRONG
      }
    }
    return Commands.execute(arguments, out, err)
  }
}

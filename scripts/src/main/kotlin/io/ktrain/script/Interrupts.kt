package io.ktrain.script

import io.ktrain.train.Run
import java.io.PrintStream
import sun.misc.Signal

/** Ctrl-C: the first asks `fit` to save and stop; where none is under way, and at the second, the process ends. */
internal object Interrupts {
  fun handling(run: Run, err: PrintStream, body: () -> Int): Int {
    val signal = Signal("INT")
    val before = Signal.handle(signal) {
      if (run.stopRequested || !run.isFitting) Runtime.getRuntime().halt(ScriptResult.INTERRUPTED)
      err.println("\nstopping: fit saves what it was asked to keep (Ctrl-C again: stop at once)")
      run.requestStop()
    }
    try {
      val code = body()
      return if (code == 0 && run.stopRequested) ScriptResult.INTERRUPTED else code // also where the script caught it
    } finally {
      Signal.handle(signal, before)
    }
  }
}

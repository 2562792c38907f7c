package io.ktrain.script

import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path

/** The terminal the process was started from. */
internal object Terminal {
  /** True when a person reads the output as it comes. Linux says so by a link, which spares loading a console. */
  val isLive: Boolean by lazy {
    try {
      val output = Files.readSymbolicLink(Path.of("/proc/self/fd/1"))
      output.startsWith("/dev/pts") || "$output".startsWith("/dev/tty")
    } catch (_: IOException) {
      System.console()?.isTerminal == true
    }
  }

  /** Columns now; 80 where there is no terminal. */
  fun width(): Int = if (isLive) Mordant.width() else 80

  /** Apart, so that the library is loaded only once a bar is drawn. */
  private object Mordant {
    private val terminal = com.github.ajalt.mordant.terminal.Terminal()

    fun width(): Int = terminal.updateSize().width
  }
}

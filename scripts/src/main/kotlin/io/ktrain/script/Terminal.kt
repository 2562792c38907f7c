package io.ktrain.script

/** The terminal the process was started from. */
internal object Terminal {
  /** True when a person looks on: both input and output are a terminal. */
  val isLive: Boolean by lazy { System.console()?.isTerminal == true }

  /** Columns now; 80 where there is no terminal. */
  fun width(): Int = if (isLive) Mordant.width() else 80

  /** Apart, so that the library is loaded only once a bar is drawn. */
  private object Mordant {
    private val terminal = com.github.ajalt.mordant.terminal.Terminal()

    fun width(): Int = terminal.updateSize().width
  }
}

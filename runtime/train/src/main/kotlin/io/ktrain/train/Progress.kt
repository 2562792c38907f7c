package io.ktrain.train

import io.ktrain.tensor.KtrainException
import java.util.Locale

/** How far an epoch is, for the live bar. [seconds]: since the phase began; [numbers]: computed only when shown. */
internal class Place(
  val epoch: Int,
  val isTraining: Boolean,
  val done: Int,
  val batches: Int,
  val samples: Long,
  val seconds: Double,
  val numbers: () -> String,
)

/** What `fit` shows of itself. On a terminal one line is written over and over; elsewhere whole lines only. */
internal class Progress(private val run: Run, private val epochs: Int, checking: Boolean) {
  private val quiet = checking || run.output == Run.Output.QUIET
  private val live = !quiet && run.output == Run.Output.LIVE
  private var shown = 0
  private var next = 0L

  fun batchEnded(place: () -> Place) {
    if (!live) return
    val now = System.nanoTime()
    if (shown > 0 && now - next < 0) return
    next = now + REFRESH_NANOS
    show(bar(place()))
  }

  fun epochEnded(epoch: Epoch) {
    line("$epoch | Samples/s: %.0f".format(Locale.ROOT, epoch.samplesPerSecond))
  }

  /** A whole line, in the bar's place. */
  fun line(text: String) {
    if (quiet) return
    clear()
    run.out.println(text)
    if (run.out.checkError()) {
      throw KtrainException(
        "fit: what it prints can no longer be written: a closed pipe or a full disk. What was asked to be saved is " +
          "saved. Fix: --quiet, or another place for the output.",
      )
    }
  }

  /** Leaves no half-written bar behind. */
  fun clear() {
    if (shown == 0) return
    run.out.print("\r" + " ".repeat(shown) + "\r")
    run.out.flush()
    shown = 0
  }

  private fun show(text: String) {
    val cut = text.take(maxOf(run.width() - 1, 1))
    run.out.print("\r" + cut + " ".repeat(maxOf(shown - cut.length, 0)))
    run.out.flush()
    shown = cut.length
  }

  /** As long a bar as the terminal has room for beside the numbers. */
  private fun bar(at: Place): String {
    val part = at.done.toDouble() / maxOf(at.batches, at.done, 1)
    val eta = (at.seconds / at.done * (at.batches - at.done)).toLong().coerceAtLeast(0)
    val phase = if (at.isTraining) "" else " valid"
    val head = "Epoch %d/%d%s %3.0f%% ".format(Locale.ROOT, at.epoch, epochs, phase, part * 100)
    val speed = at.samples / at.seconds
    val tail = "%s | %.0f samples/s | ETA %d:%02d".format(Locale.ROOT, at.numbers(), speed, eta / 60, eta % 60)
    val cells = minOf(CELLS, run.width() - 1 - head.length - tail.length - "[] ".length)
    if (cells < FEWEST_CELLS) return head + tail
    val filled = (part * cells).toInt()
    return head + "[" + ("=".repeat(filled) + ">").take(cells).padEnd(cells) + "] " + tail
  }

  private companion object {
    const val CELLS = 20
    const val FEWEST_CELLS = 5
    const val REFRESH_NANOS = 100_000_000L
  }
}

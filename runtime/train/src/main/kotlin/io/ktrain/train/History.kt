package io.ktrain.train

import io.ktrain.tensor.KtrainException
import java.util.Locale

/**
 * One epoch's numbers.
 *
 * @param number counted from 1
 * @param values by key: `train/loss`, `train/acc`, `valid/loss`, ...
 * @param samplesPerSecond training samples over the time training took, validation left out
 */
public class Epoch internal constructor(
  public val number: Int,
  public val values: Map<String, Double>,
  public val samplesPerSecond: Double,
) {
  /** The value of a loss or metric. */
  public operator fun get(monitor: Monitor): Double = values[monitor.key]
    ?: throw KtrainException("history: epoch $number has no value of $monitor; recorded: ${values.keys.joinToString()}.")

  /** `Epoch 001: | Loss: 0.12345 | Acc: 0.987 | Valid loss: 0.23456 | Valid acc: 0.976`. */
  override fun toString(): String =
    "Epoch %03d: | ".format(Locale.ROOT, number) + values.entries.joinToString(" | ") { shown(it.key, it.value) }

  internal companion object {
    /** Losses with five digits, everything else with three. */
    fun shown(key: String, value: Double): String {
      val name = key.substringAfter('/')
      val label = (if (key.startsWith("valid/")) "valid $name" else name).replaceFirstChar(Char::uppercase)
      return "$label: " + (if (name == "loss") "%.5f" else "%.3f").format(Locale.ROOT, value)
    }
  }
}

/** What `fit` did, epoch by epoch. */
public class History internal constructor(public val epochs: List<Epoch>) {
  /** The epoch in which it was best; of equals the earliest. NaN is never best unless there is nothing else. */
  public fun best(monitor: Monitor): Epoch =
    epochs.reduceOrNull { best, e -> if (monitor.isBetter(e[monitor], best[monitor])) e else best }
      ?: throw KtrainException("best: there was no epoch.")

  override fun toString(): String = epochs.joinToString("\n")
}

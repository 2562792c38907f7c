package io.ktrain.script

import io.ktrain.tensor.ScriptError

/** Where a tuner may look for a param's value. It does not limit what the command line may ask for. */
public sealed interface Search<out T>

/** Every value between [low] and [high] alike. */
public data class Uniform(public val low: Double, public val high: Double) : Search<Double> {
  override fun toString(): String = "uniform($low, $high)"
}

/** Every order of magnitude between [low] and [high] alike; for learning rates and weight decays. */
public data class LogUniform(public val low: Double, public val high: Double) : Search<Double> {
  override fun toString(): String = "logUniform($low, $high)"
}

/** Every whole number from [low] to [high], both included, alike. */
public data class IntUniform(public val low: Int, public val high: Int) : Search<Int> {
  override fun toString(): String = "uniform($low, $high)"
}

/** One of [options]. */
public data class Choice<out T>(public val options: List<T>) : Search<T> {
  override fun toString(): String = "choice(${options.joinToString()})"
}

public fun uniform(low: Double, high: Double): Search<Double> {
  if (!(low < high)) throw ScriptError("uniform: low $low is not below high $high.")
  return Uniform(low, high)
}

/** Both ends included. */
public fun uniform(low: Int, high: Int): Search<Int> {
  if (low >= high) throw ScriptError("uniform: low $low is not below high $high.")
  return IntUniform(low, high)
}

public fun logUniform(low: Double, high: Double): Search<Double> {
  if (!(0.0 < low && low < high)) {
    throw ScriptError("logUniform: needs 0 < low < high, got low $low and high $high. Fix: logUniform(1e-4, 1e-1).")
  }
  return LogUniform(low, high)
}

public fun <T> choice(vararg options: T): Search<T> {
  if (options.isEmpty()) throw ScriptError("choice: needs at least one option. Fix: choice(16, 32, 64).")
  return Choice(options.toList())
}

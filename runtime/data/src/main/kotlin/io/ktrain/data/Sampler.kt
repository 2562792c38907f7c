package io.ktrain.data

import io.ktrain.random.Generator
import io.ktrain.random.Philox
import io.ktrain.tensor.Context
import io.ktrain.tensor.KtrainException
import kotlin.math.ln

/**
 * The order in which a loader takes samples; any `Iterable<Int>` serves as one. It is iterated once an epoch, with
 * random numbers that are a function of the loader's seed and the epoch.
 */
public abstract class Sampler : Iterable<Int> {
  /** How many indices an iteration gives. */
  public abstract val size: Int
}

/** [count] of the indices 0 until [of] at random, each at most once unless there is [replacement]. */
public class RandomSampler @JvmOverloads constructor(
  private val of: Int,
  count: Int = of,
  private val replacement: Boolean = false,
) : Sampler() {
  override val size: Int = count

  init {
    if (of < 0 || count < 0) throw KtrainException("RandomSampler: $count of $of samples; neither can be negative.")
    requireEnough("RandomSampler", count, of, replacement)
  }

  override fun iterator(): Iterator<Int> {
    val draw = Context.current().generator().next()
    if (!replacement) return Generator.permutation(of, draw).copyOf(size).iterator()
    return uniforms(draw, size).map { (it * of).toInt() }.iterator()
  }
}

/** [count] indices, i with a probability in proportion to `weights[i]`; with [replacement] unless told. */
public class WeightedRandomSampler @JvmOverloads constructor(
  weights: List<Number>,
  count: Int,
  private val replacement: Boolean = true,
) : Sampler() {
  private val weights = DoubleArray(weights.size) { weights[it].toDouble() }
  override val size: Int = count

  init {
    val bad = this.weights.indexOfFirst { !(it >= 0 && it.isFinite()) }
    if (bad >= 0) {
      throw KtrainException("WeightedRandomSampler: weight $bad is ${weights[bad]}; expected finite numbers from 0 on.")
    }
    if (count < 0) throw KtrainException("WeightedRandomSampler: count is $count; it cannot be negative.")
    requireEnough("WeightedRandomSampler", count, this.weights.count { it > 0 }, replacement)
  }

  override fun iterator(): Iterator<Int> {
    val draw = Context.current().generator().next()
    if (!replacement) {
      // The largest of u^(1/w) are a weighted draw without replacement (Efraimidis and Spirakis, 2006).
      val keys = uniforms(draw, weights.size).mapIndexed { i, u ->
        if (weights[i] > 0) ln(u) / weights[i] else Double.NEGATIVE_INFINITY
      }.toList()
      return weights.indices.sortedByDescending { keys[it] }.take(size).iterator()
    }
    val sums = DoubleArray(weights.size)
    weights.foldIndexed(0.0) { i, sum, w -> (sum + w).also { sums[i] = it } }
    return uniforms(draw, size).map { u -> firstAbove(sums, u * sums.last()) }.iterator()
  }

  private fun firstAbove(sums: DoubleArray, at: Double): Int {
    val found = sums.binarySearch(at)
    var i = if (found >= 0) found + 1 else -found - 1
    while (i < sums.lastIndex && weights[i] == 0.0) i++
    return i
  }
}

private fun requireEnough(what: String, count: Int, of: Int, replacement: Boolean) {
  if (count > 0 && (of == 0 || !replacement && count > of)) {
    throw KtrainException("$what: cannot take $count of $of samples${if (replacement) "" else " without replacement"}.")
  }
}

private fun uniforms(draw: Generator.Draw, count: Int): Sequence<Double> {
  val words = IntArray(4)
  return (0 until count).asSequence().map { i ->
    Philox.block(draw.key, draw.stream, i.toLong(), words)
    Philox.uniform(words[0], words[1])
  }
}

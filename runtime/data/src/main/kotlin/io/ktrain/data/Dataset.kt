@file:JvmName("Data")
@file:JvmMultifileClass

package io.ktrain.data

import io.ktrain.random.Generator
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor

/**
 * A number of samples, each had by its index. One object serves all workers of all loaders at the same time, so [get]
 * must be safe to call from several threads.
 *
 * Random numbers drawn inside [get] (`rand`, random transforms) are a function of the loader's seed, the epoch and the
 * index alone: they do not depend on the number of workers.
 */
public interface Dataset<out S> {
  public val size: Int

  public operator fun get(index: Int): S

  /**
   * What one element looks like, for `ktrain check`: a source that knows says so and is then never opened. Null means:
   * look at element 0.
   */
  public val sample: (() -> S)? get() = null

  /**
   * Whether every call of [get] makes new tensors that nobody else holds on to. A loader that collates by itself then
   * takes the memory of single samples back at once instead of leaving it to the garbage collector.
   */
  public val fresh: Boolean get() = false
}

/** One sample: x, and a target that is a tensor or a number. Whole numbers are class labels and collate to i64. */
public class Example private constructor(public val x: Tensor, public val y: Any) {
  public constructor(x: Tensor, y: Tensor) : this(x, y as Any)
  public constructor(x: Tensor, y: Int) : this(x, y as Any)
  public constructor(x: Tensor, y: Long) : this(x, y as Any)
  public constructor(x: Tensor, y: Float) : this(x, y as Any)
  public constructor(x: Tensor, y: Double) : this(x, y as Any)

  public operator fun component1(): Tensor = x

  public operator fun component2(): Any = y

  override fun toString(): String = "Example(x=${x.describe()}, y=${(y as? Tensor)?.describe() ?: y})"

  internal companion object {
    fun of(x: Tensor, y: Any): Example = Example(x, y)
  }
}

/** Examples as tensors: x[i] belongs to y[i]. */
public data class Batch(public val x: Tensor, public val y: Tensor)

/**
 * A data set of [items], each loaded by [load] when it is asked for and not before.
 *
 * @param sample what [load] gives, for `ktrain check`; without it the first item is loaded there
 * @param fresh see [Dataset.fresh]
 */
@JvmOverloads
public fun <T, S> dataset(
  items: List<T>,
  sample: (() -> S)? = null,
  fresh: Boolean = false,
  load: (T) -> S,
): Dataset<S> = Loaded(items.size, sample, fresh) { load(items[it]) }

/** Row i of [x] with row i of [y], as PyTorch's TensorDataset. Batches are cut out of the tensors in one go. */
public fun dataset(x: Tensor, y: Tensor): Dataset<Example> {
  if (x.ndim == 0 || y.ndim == 0 || x.size(0) != y.size(0)) {
    throw ShapeError("dataset: x and y need the same number of rows, got ${x.describe()} and ${y.describe()}.")
  }
  val targets = y.detach()
  return Rows(x.detach(), targets) { targets.select(0, it) }
}

/**
 * Cuts the data set into parts of the given sizes, at random by [seed], as PyTorch's random_split. The same seed gives
 * the same parts. Sizes may leave some samples over.
 */
public fun <S> Dataset<S>.split(vararg sizes: Int, seed: Long = 0): List<Dataset<S>> {
  if (sizes.any { it < 0 }) throw KtrainException("split: a size is negative: ${sizes.toList()}.")
  val sum = sizes.sumOf { it.toLong() }
  if (sum > size) {
    throw KtrainException(
      "split: sizes ${sizes.toList()} are $sum samples together, but the dataset has $size. Fix: smaller sizes.",
    )
  }
  val order = Generator.permutation(size, Generator(seed).stream("split").next())
  var from = 0
  return sizes.map { n -> Subset(this, order.copyOfRange(from, from + n)).also { from += n } }
}

private class Loaded<S>(
  override val size: Int,
  override val sample: (() -> S)?,
  override val fresh: Boolean,
  private val at: (Int) -> S,
) : Dataset<S> {
  override fun get(index: Int): S = at(index)
}

private class Subset<S>(val of: Dataset<S>, val order: IntArray) : Dataset<S> {
  override val size: Int get() = order.size
  override val sample: (() -> S)? get() = of.sample
  override val fresh: Boolean get() = of.fresh

  override fun get(index: Int): S = of[order[index]]
}

/** A source that can make a whole batch faster than sample by sample, with the same values. */
internal interface Gathers : Dataset<Example> {
  /** False where each sample needs its own call, for random transforms say. */
  val gathers: Boolean

  fun gather(indices: IntArray): Batch
}

/** The batch of the samples at [indices] in one go, or null where the source cannot do that. */
internal fun gather(dataset: Dataset<*>, indices: IntArray): Batch? = when (dataset) {
  is Subset -> gather(dataset.of, IntArray(indices.size) { dataset.order[indices[it]] })
  is Gathers -> if (dataset.gathers) dataset.gather(indices) else null
  else -> null
}

internal fun gathers(dataset: Dataset<*>): Boolean = when (dataset) {
  is Subset -> gathers(dataset.of)
  is Gathers -> dataset.gathers
  else -> false
}

/** Samples that stand as rows of two tensors. */
internal class Rows(private val x: Tensor, private val y: Tensor, private val target: (Int) -> Any) : Gathers {
  override val size: Int get() = x.size(0)
  override val gathers: Boolean get() = true

  override fun get(index: Int): Example = Example.of(x.select(0, index), target(index))

  override fun gather(indices: IntArray): Batch {
    val index = Tensor.of(LongArray(indices.size) { indices[it].toLong() })
    return Batch(x.indexSelect(0, index.to(x.device)), y.indexSelect(0, index.to(y.device)))
  }
}

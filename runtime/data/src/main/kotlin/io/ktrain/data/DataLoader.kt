package io.ktrain.data

import io.ktrain.random.Generator
import io.ktrain.tensor.Check
import io.ktrain.tensor.Context
import io.ktrain.tensor.KtrainException
import java.lang.ref.Cleaner
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withContext

/**
 * The batches of a data set, made by `batches(...)`. Every iterator is one epoch; each takes the next epoch's order
 * and augmentation, which are functions of [seed] and the epoch alone, whatever the number of workers.
 *
 * Tensors are made on the CPU, outside of any step. The memory of a batch that the library collated itself is taken
 * back when the next one is asked for, if a `step {}` ended in between on the same thread; `keep()` prevents it.
 *
 * In `ktrain check` an epoch is one full batch and the short last one, both of [Dataset.sample].
 */
public class DataLoader<out B> internal constructor(
  private val assembly: Assembly<*, B>,
  private val options: LoaderOptions,
) : Iterable<B> {
  /** What order and augmentation are made of, besides the epoch. */
  public val seed: Long = options.seed ?: Context.current().generator().stream("loader").next().generator().seed()

  private val epochs = AtomicInteger()

  /** The number of the epoch that the next iterator will give, from 0; set it to go on where a run stopped. */
  public var epoch: Int
    get() = epochs.get()
    set(value) = epochs.set(value)

  /** Batches in an epoch. */
  public val size: Int
    get() = options.batchSampler?.let { count(it) } ?: batches(options.sampler?.let { count(it) } ?: assembly.samples)

  private fun batches(samples: Int) =
    samples / options.size + if (options.dropLast || samples % options.size == 0) 0 else 1

  private fun count(order: Iterable<*>) = when (order) {
    is Sampler -> order.size
    is Collection<*> -> order.size
    else -> order.count()
  }

  override fun iterator(): CloseableIterator<B> = iterator(0)

  /** The next epoch from batch [from] on; what comes before is not loaded. */
  public fun iterator(from: Int): CloseableIterator<B> = BatchIterator(feed(from))

  /** The next epoch, for coroutines. Its batches are left to the garbage collector, since a flow may hold several. */
  public fun asFlow(): Flow<B> = flow {
    val feed = feed(0)
    try {
      while (feed.hasNext) emit(feed.take().batch)
    } finally {
      withContext(NonCancellable) { feed.closeAndJoin() }
    }
  }

  internal fun feed(from: Int): Feed<B> {
    if (Check.active()) return checked()
    val draws = EpochDraws(seed, epochs.getAndIncrement())
    val base = loading(draws.sampler)
    val plan = base.run { plan(draws) }
    if (options.workers == 0) return Serial(from, plan.size) { assembly.assemble(it, plan[it], draws, base) {} }
    return Prefetch(from, plan.size, options.crew(), options.ahead, options.timeout) { number, next ->
      assembly.assemble(number, plan[number], draws, base, next)
    }
  }

  /** The indices of every batch of an epoch. */
  private fun plan(draws: EpochDraws): Plan {
    options.batchSampler?.let { batches ->
      val all = batches.mapIndexed { number, batch ->
        if (batch.isEmpty()) throw KtrainException("batches: batch $number of the batch sampler is empty. Fix: leave it out.")
        IntArray(batch.size) { assembly.requireIndex(batch[it]) }
      }
      return Plan(all.size) { all[it] }
    }
    val order = when {
      options.sampler != null -> options.sampler.map(assembly::requireIndex).toIntArray()
      options.shuffle -> Generator.permutation(assembly.samples, draws.order)
      else -> IntArray(assembly.samples) { it }
    }
    return Plan(batches(order.size)) {
      val from = it * options.size
      order.copyOfRange(from, from + minOf(order.size - from, options.size))
    }
  }

  private class Plan(val size: Int, private val batch: (Int) -> IntArray) {
    operator fun get(number: Int): IntArray = batch(number)
  }

  private fun checked(): Feed<B> {
    val own = options.batchSampler?.map { it.size }
    val samples = options.sampler?.let { count(it) } ?: assembly.samples
    val sizes = if (own != null) {
      listOfNotNull(own.firstOrNull(), own.lastOrNull()).distinct()
    } else {
      listOf(minOf(options.size, samples), samples % options.size)
        .filter { it == options.size || it > 0 && !options.dropLast }.distinct()
    }
    val base = loading(Generator(seed))
    return Serial(0, sizes.size) { assembly.assemble(sizes[it], base) }
  }
}

/** An iterator over an epoch. Closing it, or letting go of it, stops the workers; so does the last batch. */
public interface CloseableIterator<out T> : Iterator<T>, AutoCloseable {
  override fun close()
}

private val abandoned: Cleaner = Cleaner.create()

internal class BatchIterator<B>(private val feed: Feed<B>) : CloseableIterator<B> {
  private val cleaning = abandoned.register(this, feed::close)
  private var handed: Assembled<B>? = null
  private var context: Context? = null
  private var steps = 0L

  override fun hasNext(): Boolean {
    if (!feed.hasNext) reclaim()
    return feed.hasNext
  }

  override fun next(): B {
    reclaim()
    if (!feed.hasNext) throw NoSuchElementException("batches: the epoch is over")
    val current = Context.current()
    return feed.takeBlocking().also {
      handed = it
      context = current
      steps = current.stepsDone()
    }.batch
  }

  /** The batch before is over where a step was made with it: what should live on was kept. */
  private fun reclaim() {
    val current = Context.current()
    if (current === context && current.stepsDone() != steps) handed?.free()
    handed = null
    context = null
  }

  override fun close(): Unit = cleaning.clean()
}

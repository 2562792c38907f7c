package io.ktrain.data

import io.ktrain.memory.Storage
import io.ktrain.random.Generator
import io.ktrain.tensor.Check
import io.ktrain.tensor.Context
import io.ktrain.tensor.Device
import io.ktrain.tensor.KtrainException

/** Where the random numbers of one epoch come from: each a function of (seed, epoch) and what it is for. */
internal class EpochDraws(private val seed: Long, private val epoch: Int) {
  private val samples = draw("samples")
  private val collations = draw("collate")

  val order: Generator.Draw get() = draw("order")

  val sampler: Generator get() = draw("sampler").generator()

  fun sample(index: Int): Long = samples.at(index.toLong()).generator().seed()

  fun collate(batch: Int): Long = collations.at(batch.toLong()).generator().seed()

  private fun draw(purpose: String) = Generator(seed).stream(purpose).next().at(epoch.toLong())
}

/** What a thread that loads is in the middle of: the caller's modes, no step, the host's memory. */
internal fun loading(generator: Generator): Context = Context.current().fork(generator).apply {
  setDevice(Device.CPU)
  setStep(null)
}

/** A batch and the memory that the loader may take back when the next one is asked for. */
internal class Assembled<out B>(val batch: B, private val owned: List<Storage>) {
  fun free() {
    for (s in owned) if (!s.isKept && !s.isShared) s.free("its batch")
  }
}

/** Thrown where a sample is loaded; the reader of the batch makes the error, whose trace has the reader's line. */
internal class SampleFailed(val index: Int, override val cause: Exception) : Exception(null, cause, false, false)

/**
 * Makes batches of a data set's samples.
 *
 * @param pins whether in page-locked memory, from which a GPU copies while the host goes on
 */
internal class Assembly<S, out B>(
  private val dataset: Dataset<S>, private val collation: Collation<S, B>, private val pins: Boolean,
) {
  val samples: Int get() = dataset.size

  /**
   * Loads the samples at [indices] as batch [number] of an epoch.
   *
   * @param next is told each index before its sample is loaded
   */
  fun assemble(number: Int, indices: IntArray, draws: EpochDraws, base: Context, next: (Int) -> Unit): Assembled<B> {
    val generator = Generator(0)
    val context = base.fork(generator)
    val before = context.enter()
    // Where every tensor made here is known to be ours, the temporaries go back at once.
    val exact = collation.ours && (dataset.fresh || gathers(dataset))
    val scope = if (exact) context.open("the loading of its batch") else null
    try {
      val made = gathered(indices, next) ?: collated(number, indices, draws, generator, next)
      val batch = if (pins) withEach(made) { it.pinMemory() } else made
      val owned = if (collation.ours) storagesOf(batch) else emptyList()
      if (pins && collation.ours) Assembled(made, storagesOf(made) - owned.toSet()).free()
      scope?.let { owned.forEach(it::release) }
      return Assembled(batch, owned)
    } finally {
      scope?.let(context::close)
      before.enter()
    }
  }

  private fun storagesOf(batch: B) = tensorsOf(batch).filter { it.hasStorage() }.map { it.storage() }

  @Suppress("UNCHECKED_CAST")
  private fun gathered(indices: IntArray, next: (Int) -> Unit): B? {
    if (!collation.ours || !gathers(dataset)) return null
    next(indices[0])
    return gather(dataset, indices) as B?
  }

  private fun collated(
    number: Int, indices: IntArray, draws: EpochDraws, generator: Generator, next: (Int) -> Unit,
  ): B {
    val all = indices.map { index ->
      next(index)
      generator.seed(draws.sample(index))
      try {
        dataset[index]
      } catch (e: Exception) {
        throw SampleFailed(index, e)
      }
    }
    generator.seed(draws.collate(number))
    return collation.collate(all)
  }

  /** A batch of [size] while checking: one sample, many times. */
  fun assemble(size: Int, base: Context): Assembled<B> = base.run {
    check(Check.active())
    val one = (dataset.sample ?: { dataset[0] })()
    Assembled(collation.collate(List(size) { one }), emptyList())
  }

  fun requireIndex(index: Int): Int {
    if (index !in 0 until dataset.size) {
      throw KtrainException("batches: the sampler gave index $index, but the dataset has ${dataset.size} samples.")
    }
    return index
  }
}

/** Sources make their tensors on the host, also where the script's default device is another. */
internal fun <T> onCpu(body: () -> T): T = loading(Context.current().generator()).run(body)

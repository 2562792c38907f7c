package io.ktrain.data

import io.ktrain.tensor.Devices
import io.ktrain.tensor.KtrainException
import java.util.concurrent.atomic.AtomicBoolean

/** What `batches` was told, checked. Texts and rules follow PyTorch's DataLoader. */
@PublishedApi
internal class LoaderOptions(
  size: Int?,
  val shuffle: Boolean,
  val workers: Int,
  prefetch: Int?,
  val dropLast: Boolean,
  val sampler: Iterable<Int>?,
  val batchSampler: Iterable<List<Int>>?,
  pinMemory: Boolean,
  val timeout: Double,
  val seed: Long?,
  private val workerInit: ((Int) -> Unit)?,
  persistentWorkers: Boolean,
) {
  val size: Int = size ?: 1

  /** How many batches may be loaded or loading and not handed out yet. */
  val ahead: Int = workers * (prefetch ?: 2)

  private val noGpu: String? = if (pinMemory) Devices.whyNoGpu() else null

  /** Whether batches go to page-locked memory, which needs a GPU to lock it. */
  val pins: Boolean = pinMemory && noGpu == null

  init {
    if (this.size < 1) wrong("size = $size; a batch has at least 1 sample.")
    if (workers < 0) wrong("workers = $workers; expected 0 (load in the calling thread) or more.")
    if (shuffle && sampler != null) {
      wrong("shuffle and sampler exclude each other: the sampler gives the order. Fix: leave one out.")
    }
    if (batchSampler != null) {
      val also = listOfNotNull(
        size?.let { "size = $it" },
        "shuffle".takeIf { shuffle },
        "sampler".takeIf { sampler != null },
        "dropLast".takeIf { dropLast },
      )
      if (also.isNotEmpty()) {
        wrong(
          "batchSampler gives whole batches and excludes size, shuffle, sampler and dropLast; " +
            "got ${also.joinToString()} too. Fix: leave that out.",
        )
      }
    }
    if (prefetch != null && workers == 0) {
      wrong("prefetch = $prefetch needs workers, and workers is 0. Fix: workers = 2, or leave prefetch out.")
    }
    if (prefetch != null && prefetch < 1) wrong("prefetch = $prefetch; each worker loads at least 1 batch ahead.")
    if (!(timeout >= 0)) wrong("timeout = $timeout; expected seconds to wait for a batch, 0 for as long as it takes.")
    if (timeout > 0 && workers == 0) {
      wrong("timeout = $timeout needs workers to wait for, and workers is 0. Fix: workers = 1, or leave timeout out.")
    }
    if (persistentWorkers && workers == 0) {
      wrong("persistentWorkers needs workers to keep, and workers is 0. Fix: workers = 1, or leave it out.")
    }
    if (pinMemory && noGpu != null && noted.compareAndSet(false, true)) {
      System.err.println("ktrain: pinMemory has no effect: $noGpu")
    }
  }

  private val kept: Workers? = if (persistentWorkers) Workers(workers, workerInit) else null

  /** The workers of one epoch: new ones, unless they are kept. */
  fun crew(): Workers = kept ?: Workers(workers, workerInit)

  private fun wrong(what: String): Nothing = throw KtrainException("batches: $what")

  private companion object {
    val noted = AtomicBoolean()
  }
}

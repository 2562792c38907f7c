package io.ktrain.data

import io.ktrain.tensor.KtrainException
import java.util.concurrent.atomic.AtomicReference
import kotlinx.coroutines.CompletableJob
import kotlinx.coroutines.CoroutineName
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull

/** The batches of one epoch, in order, each had once. For one reader at a time. */
internal interface Feed<out B> : AutoCloseable {
  val hasNext: Boolean

  /** The next batch, waiting in a coroutine. */
  suspend fun take(): Assembled<B>

  /** The next batch, waiting with the thread. */
  fun takeBlocking(): Assembled<B>

  /** Lets the samples finish that are being loaded right now, and nothing more. */
  override fun close()

  suspend fun closeAndJoin() = close()
}

/** Loads in the reader's own thread. */
internal class Serial<B>(
  private var next: Int,
  private var end: Int,
  private val load: (Int) -> Assembled<B>,
) : Feed<B> {
  override val hasNext: Boolean get() = next < end

  override suspend fun take(): Assembled<B> = takeBlocking()

  override fun takeBlocking(): Assembled<B> = try {
    load(next++)
  } catch (e: Throwable) {
    close()
    throw if (e is SampleFailed) e.told() else e
  }

  override fun close() {
    end = next
  }
}

/**
 * Loads in coroutines, one a batch: as many run at a time as there are [workers], and at most [limit] batches are loaded or loading
 * that the reader does not have yet. Holds no reference to its reader, so that one who walks away can be noticed.
 */
internal class Prefetch<B>(
  private var next: Int,
  private var end: Int,
  private val workers: Workers,
  private val limit: Int,
  private val timeout: Double,
  private val load: (Int, (Int) -> Unit) -> Assembled<B>,
) : Feed<B> {
  val job: CompletableJob = SupervisorJob()
  private val scope = CoroutineScope(workers.dispatcher + job + CoroutineName("ktrain loader"))
  private val pending = ArrayDeque<Pending<B>>()

  init {
    fill()
  }

  override val hasNext: Boolean get() = pending.isNotEmpty()

  override suspend fun take(): Assembled<B> {
    val first = pending.first()
    return received(first, first.job.isCompleted || arrives(first))
  }

  override fun takeBlocking(): Assembled<B> {
    val first = pending.first()
    return received(first, first.job.isCompleted || runBlocking { arrives(first) })
  }

  private suspend fun arrives(batch: Pending<B>): Boolean {
    if (timeout == 0.0) {
      batch.job.join()
      return true
    }
    return withTimeoutOrNull((timeout * 1000).toLong().coerceAtLeast(1)) { batch.job.join() } != null
  }

  private fun received(batch: Pending<B>, arrived: Boolean): Assembled<B> {
    if (!arrived) {
      val index = batch.interrupt()
      close()
      throw KtrainException(
        "batches: batch ${batch.number} was not ready within timeout = $timeout s; it was loading sample $index. " +
          "Fix: a longer timeout, more workers, or a faster sample.",
      )
    }
    val outcome = batch.outcome.getAndSet(null) ?: throw KtrainException("batches: the iterator is closed.")
    return outcome.fold(
      onSuccess = {
        pending.removeFirst()
        fill()
        it
      },
      onFailure = {
        close()
        // What a worker threw has only the worker's frames: the reader's own line comes after them.
        throw if (it is SampleFailed) it.told() else it.apply { stackTrace += Throwable().stackTrace }
      },
    )
  }

  private fun fill() {
    while (pending.size < limit && next < end) pending.addLast(start(next++))
    if (pending.isEmpty()) job.complete()
  }

  private fun start(number: Int): Pending<B> {
    val batch = Pending<B>(number)
    batch.job = scope.launch {
      batch.running {
        workers.begin()
        load(number) { index ->
          ensureActive()
          batch.index = index
        }
      }
    }
    return batch
  }

  override fun close() {
    end = next
    job.cancel()
    for (batch in pending) batch.job.invokeOnCompletion { batch.outcome.getAndSet(null)?.getOrNull()?.free() }
    pending.clear()
  }

  override suspend fun closeAndJoin() {
    close()
    job.join()
  }
}

/** A batch on its way. */
private class Pending<B>(val number: Int) {
  lateinit var job: Job
  val outcome = AtomicReference<Result<Assembled<B>>?>()

  /** The sample being loaded. */
  @Volatile var index = -1

  private var thread: Thread? = null

  fun running(load: () -> Assembled<B>) {
    synchronized(this) { thread = Thread.currentThread() }
    // As a value: coroutines that throw would copy the exception and hide the user's own trace.
    outcome.set(runCatching(load))
    synchronized(this) {
      thread = null
      Thread.interrupted()
    }
  }

  /** Wakes a sample that took too long, so that its thread does not stay behind; gives its index. */
  @Synchronized
  fun interrupt(): Int {
    thread?.interrupt()
    return index
  }
}

/** The error for the reader of the batch. Made where it is read, so that its trace shows the reader's own line. */
private fun SampleFailed.told(): KtrainException =
  KtrainException(
    "batches: sample $index could not be loaded: ${if (cause is KtrainException) cause.message else cause}", cause,
  )

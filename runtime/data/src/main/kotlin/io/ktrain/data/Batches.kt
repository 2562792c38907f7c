@file:JvmName("Data")
@file:JvmMultifileClass

package io.ktrain.data

import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Tensor

/**
 * Batches of your own type: [collate] makes one of a list of samples. What it makes is left to the garbage collector.
 *
 * @param size samples in a batch; 1 unless told
 * @param shuffle a new random order every epoch, a function of [seed] and the epoch alone
 * @param workers coroutines that load ahead; 0 loads in the calling thread. Batches are the same for any number
 * @param prefetch batches loaded ahead for each worker, 2 unless told
 * @param dropLast leaves out the last batch where it is not full
 * @param sampler the order of samples; excludes [shuffle]. See [RandomSampler]
 * @param batchSampler the samples of each batch; excludes [size], [shuffle], [sampler] and [dropLast]
 * @param pinMemory makes batches in page-locked memory, from which they go to a GPU while the host goes on; without a
 *   GPU it has no effect
 * @param timeout seconds to wait for a batch of the workers before it is an error; 0 waits as long as it takes
 * @param seed of order and augmentation; unless told it comes from the current generator, so `manualSeed` fixes it
 * @param workerInit called once for each worker with its number, 0 until [workers], before an epoch's first sample is
 *   loaded: worker_init_fn. Workers share one process, so what it sets up is there for all of them
 * @param persistentWorkers keeps the workers from one epoch to the next, so that [workerInit] is not called again
 */
public fun <S, B> Dataset<S>.batches(
  size: Int? = null, shuffle: Boolean = false, workers: Int = 0, prefetch: Int? = null, dropLast: Boolean = false,
  sampler: Iterable<Int>? = null, batchSampler: Iterable<List<Int>>? = null, pinMemory: Boolean = false,
  timeout: Double = 0.0, seed: Long? = null, workerInit: ((Int) -> Unit)? = null, persistentWorkers: Boolean = false,
  collate: (List<S>) -> B,
): DataLoader<B> = loader(
  LoaderOptions(
    size, shuffle, workers, prefetch, dropLast, sampler, batchSampler, pinMemory, timeout, seed, workerInit,
    persistentWorkers,
  ),
  Collation(false, collate),
)

/** Batches of examples: x stacks; y stacks where it is a tensor, whole numbers become i64, other numbers f32. */
@JvmOverloads
public fun Dataset<Example>.batches(
  size: Int? = null, shuffle: Boolean = false, workers: Int = 0, prefetch: Int? = null, dropLast: Boolean = false,
  sampler: Iterable<Int>? = null, batchSampler: Iterable<List<Int>>? = null, pinMemory: Boolean = false,
  timeout: Double = 0.0, seed: Long? = null, workerInit: ((Int) -> Unit)? = null, persistentWorkers: Boolean = false,
): DataLoader<Batch> = loader(
  LoaderOptions(
    size, shuffle, workers, prefetch, dropLast, sampler, batchSampler, pinMemory, timeout, seed, workerInit,
    persistentWorkers,
  ),
  Collation(true, ::collateExamples),
)

/** Batches of tensors of one shape, stacked. */
@JvmName("batchesOfTensors")
public fun Dataset<Tensor>.batches(
  size: Int? = null, shuffle: Boolean = false, workers: Int = 0, prefetch: Int? = null, dropLast: Boolean = false,
  sampler: Iterable<Int>? = null, batchSampler: Iterable<List<Int>>? = null, pinMemory: Boolean = false,
  timeout: Double = 0.0, seed: Long? = null, workerInit: ((Int) -> Unit)? = null, persistentWorkers: Boolean = false,
): DataLoader<Tensor> = loader(
  LoaderOptions(
    size, shuffle, workers, prefetch, dropLast, sampler, batchSampler, pinMemory, timeout, seed, workerInit,
    persistentWorkers,
  ),
  Collation(true, ::stack),
)

/** Batches of numbers: i64 where all of a batch are whole, else f32. */
@JvmName("batchesOfNumbers")
public fun Dataset<Number>.batches(
  size: Int? = null, shuffle: Boolean = false, workers: Int = 0, prefetch: Int? = null, dropLast: Boolean = false,
  sampler: Iterable<Int>? = null, batchSampler: Iterable<List<Int>>? = null, pinMemory: Boolean = false,
  timeout: Double = 0.0, seed: Long? = null, workerInit: ((Int) -> Unit)? = null, persistentWorkers: Boolean = false,
): DataLoader<Tensor> = loader(
  LoaderOptions(
    size, shuffle, workers, prefetch, dropLast, sampler, batchSampler, pinMemory, timeout, seed, workerInit,
    persistentWorkers,
  ),
  Collation(true, ::numbers),
)

/** Batches of texts, as lists. */
@JvmName("batchesOfStrings")
public fun Dataset<String>.batches(
  size: Int? = null, shuffle: Boolean = false, workers: Int = 0, prefetch: Int? = null, dropLast: Boolean = false,
  sampler: Iterable<Int>? = null, batchSampler: Iterable<List<Int>>? = null, pinMemory: Boolean = false,
  timeout: Double = 0.0, seed: Long? = null, workerInit: ((Int) -> Unit)? = null, persistentWorkers: Boolean = false,
): DataLoader<List<String>> = loader(
  LoaderOptions(
    size, shuffle, workers, prefetch, dropLast, sampler, batchSampler, pinMemory, timeout, seed, workerInit,
    persistentWorkers,
  ),
  Collation(true) { it },
)

/** Batches of pairs of tensors, each side stacked. */
@JvmName("batchesOfTensorPairs")
public fun Dataset<Pair<Tensor, Tensor>>.batches(
  size: Int? = null, shuffle: Boolean = false, workers: Int = 0, prefetch: Int? = null, dropLast: Boolean = false,
  sampler: Iterable<Int>? = null, batchSampler: Iterable<List<Int>>? = null, pinMemory: Boolean = false,
  timeout: Double = 0.0, seed: Long? = null, workerInit: ((Int) -> Unit)? = null, persistentWorkers: Boolean = false,
): DataLoader<Pair<Tensor, Tensor>> = loader(
  LoaderOptions(
    size, shuffle, workers, prefetch, dropLast, sampler, batchSampler, pinMemory, timeout, seed, workerInit,
    persistentWorkers,
  ),
  Collation(true) { all -> stack(all.map { it.first }) to stack(all.map { it.second }) },
)

/** Batches of tensors with a number each: the tensors stacked, the numbers as a tensor. */
@JvmName("batchesOfLabelled")
public fun Dataset<Pair<Tensor, Number>>.batches(
  size: Int? = null, shuffle: Boolean = false, workers: Int = 0, prefetch: Int? = null, dropLast: Boolean = false,
  sampler: Iterable<Int>? = null, batchSampler: Iterable<List<Int>>? = null, pinMemory: Boolean = false,
  timeout: Double = 0.0, seed: Long? = null, workerInit: ((Int) -> Unit)? = null, persistentWorkers: Boolean = false,
): DataLoader<Pair<Tensor, Tensor>> = loader(
  LoaderOptions(
    size, shuffle, workers, prefetch, dropLast, sampler, batchSampler, pinMemory, timeout, seed, workerInit,
    persistentWorkers,
  ),
  Collation(true) { all -> stack(all.map { it.first }) to numbers(all.map { it.second }) },
)

/**
 * Any other mixture of Example, Pair, Triple, Map and List by the default collation. The compiler cannot work out what
 * it collates to, so say it: `batches<Map<String, Tensor>>(32)`.
 */
@JvmName("batchesOf")
public inline fun <reified B> Dataset<*>.batches(
  size: Int? = null, shuffle: Boolean = false, workers: Int = 0, prefetch: Int? = null, dropLast: Boolean = false,
  sampler: Iterable<Int>? = null, batchSampler: Iterable<List<Int>>? = null, pinMemory: Boolean = false,
  timeout: Double = 0.0, seed: Long? = null, noinline workerInit: ((Int) -> Unit)? = null,
  persistentWorkers: Boolean = false,
): DataLoader<B> = untyped(
  LoaderOptions(
    size, shuffle, workers, prefetch, dropLast, sampler, batchSampler, pinMemory, timeout, seed, workerInit,
    persistentWorkers,
  ),
  { it as? B ?: throw mistyped(it, B::class.simpleName) },
)

@PublishedApi
internal fun <B> Dataset<*>.untyped(options: LoaderOptions, typed: (Any) -> B): DataLoader<B> =
  loader(options, Collation(true) { typed(collate(it)) })

@PublishedApi
internal fun mistyped(batch: Any, wanted: String?): KtrainException = KtrainException(
  "batches: the samples collate to a ${batch::class.simpleName}, not to a $wanted. " +
    "Fix: batches<${batch::class.simpleName}>(...), or your own collate.",
)

private fun <S, B> Dataset<S>.loader(options: LoaderOptions, collation: Collation<S, B>): DataLoader<B> =
  DataLoader(Assembly(this, collation, options.pins), options)

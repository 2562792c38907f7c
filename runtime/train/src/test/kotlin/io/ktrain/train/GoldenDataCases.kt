package io.ktrain.train

import io.ktrain.data.batches
import io.ktrain.data.dataset
import io.ktrain.tensor.Tensor

/** How what loaders made is replayed, by operation. */
internal val DATA_CASES: Map<String, Replay> = mapOf(
  "DataLoader(collate_fn)" to replay {
    val loader = lines(int("n")).batches(int("batch_size")) { lines ->
      val width = lines.maxOf { it.size(0) }
      val padded = lines.map { it.pad(intArrayOf(0, width - it.size(0)), 0.0) }
      Tensor.stack(padded, 0) to Tensor.stack(lines.map { it[0] }, 0)
    }
    val all = loader.toList()
    Replayed(mapOf("X" to all.map { it.first }, "y" to all.map { it.second }))
  },
  "DataLoader default collate" to replay {
    val flowers = listOf(
      doubleArrayOf(5.1, 3.5, 1.4, .2), doubleArrayOf(4.9, 3.0, 1.4, .2),
      doubleArrayOf(4.7, 3.2, 1.3, .2), doubleArrayOf(4.6, 3.1, 1.5, .2),
    )
    val labelled = dataset(flowers) { Tensor.of(it) to (0 as Number) }
    val (x, y) = labelled.batches(int("batch_size"), shuffle = flag("shuffle")).first()
    Replayed(mapOf("X" to x, "y" to y))
  },
)

/** Sample i is i + 1 times the number i. */
private fun lines(n: Int) = dataset((0 until n).toList()) { i -> Tensor.of(FloatArray(i + 1) { i.toFloat() }) }

internal val LOADER_ERRORS: Map<String, Refused> = mapOf(
  "stack_ragged_default_collate" to Refused("all tensors must have one shape, got f32[1] and f32[2]") {
    lines(4).batches(2).first()
  },
  "shuffle_with_sampler" to Refused("shuffle and sampler exclude each other") {
    lines(2).batches(shuffle = true, sampler = listOf(0, 1))
  },
  "batch_sampler_with_batch_size" to Refused("excludes size, shuffle, sampler and dropLast") {
    lines(2).batches(2, batchSampler = listOf(listOf(0, 1)))
  },
  "timeout_negative" to Refused("timeout = -1.0") { lines(1).batches(timeout = -1.0) },
  "persistent_without_workers" to Refused("persistentWorkers needs workers") {
    lines(1).batches(persistentWorkers = true)
  },
  "prefetch_without_workers" to Refused("needs workers") { lines(1).batches(prefetch = 4) },
)

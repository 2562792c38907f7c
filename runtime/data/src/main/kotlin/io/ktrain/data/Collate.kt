@file:JvmName("Data")
@file:JvmMultifileClass

package io.ktrain.data

import io.ktrain.tensor.Device
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Tensor

/**
 * How samples become a batch.
 *
 * @param ours made by this library, so that every tensor of the batch is new and a loader may take its memory back
 */
internal class Collation<in S, out B>(val ours: Boolean, val collate: (List<S>) -> B)

/**
 * The default collation, for use inside one's own: tensors stack, whole numbers become an i64 tensor, other numbers
 * f32, booleans bool; [Example], Pair, Triple, Map and List recurse; everything else stays a list.
 */
public fun collate(samples: List<Any?>): Any = when (val first = first(samples)) {
  is Tensor -> stack(samples)
  is Number -> numbers(samples)
  is Boolean -> Tensor.of(samples.same<Boolean>("a Boolean").toBooleanArray())
  is Example -> collateExamples(samples.same<Example>("an Example"))
  is Pair<*, *> -> samples.same<Pair<*, *>>("a Pair").let { all ->
    collate(all.map { it.first }) to collate(all.map { it.second })
  }
  is Triple<*, *, *> -> samples.same<Triple<*, *, *>>("a Triple").let { all ->
    Triple(collate(all.map { it.first }), collate(all.map { it.second }), collate(all.map { it.third }))
  }
  is Map<*, *> -> collateMaps(first, samples.same<Map<*, *>>("a Map"))
  is List<*> -> collateLists(first, samples.same<List<*>>("a List"))
  else -> samples
}

internal fun collateExamples(samples: List<Example>): Batch =
  Batch(stack(samples.map { it.x }), collate(samples.map { it.y }) as Tensor)

internal fun stack(samples: List<Any?>): Tensor = Tensor.stack(samples.same<Tensor>("a tensor"), 0)

internal fun numbers(samples: List<Any?>): Tensor {
  val all = samples.same<Number>("a number")
  val whole = all.all { it is Int || it is Long || it is Short || it is Byte }
  return if (whole) {
    Tensor.of(LongArray(all.size) { all[it].toLong() })
  } else {
    Tensor.of(FloatArray(all.size) { all[it].toFloat() })
  }
}

private fun collateMaps(first: Map<*, *>, all: List<Map<*, *>>): Map<Any?, Any> {
  all.forEachIndexed { i, m ->
    if (m.keys != first.keys) {
      throw KtrainException(
        "collate: sample 0 has the keys ${first.keys}, sample $i has ${m.keys}. " +
          "Fix: the same keys, or your own collate.",
      )
    }
  }
  return first.keys.associateWith { key -> collate(all.map { it[key] }) }
}

private fun collateLists(first: List<*>, all: List<List<*>>): List<Any> {
  all.forEachIndexed { i, l ->
    if (l.size != first.size) {
      throw KtrainException(
        "collate: sample 0 is a list of ${first.size}, sample $i a list of ${l.size}. " +
          "Fix: one length, or your own collate.",
      )
    }
  }
  return first.indices.map { at -> collate(all.map { it[at] }) }
}

private fun first(samples: List<Any?>): Any? =
  if (samples.isEmpty()) throw KtrainException("collate: needs at least one sample.") else samples[0]

private inline fun <reified T> List<Any?>.same(what: String): List<T> = mapIndexed { i, s ->
  s as? T ?: throw KtrainException(
    "collate: sample 0 is $what, sample $i is ${if (s == null) "null" else "a ${s::class.simpleName}"}. " +
      "Fix: samples of one type, or your own collate.",
  )
}

/** The tensors of a batch of the default collation. */
internal fun tensorsOf(batch: Any?): List<Tensor> = when (batch) {
  is Tensor -> listOf(batch)
  is Batch -> listOf(batch.x, batch.y)
  is Pair<*, *> -> tensorsOf(batch.first) + tensorsOf(batch.second)
  is Triple<*, *, *> -> tensorsOf(batch.first) + tensorsOf(batch.second) + tensorsOf(batch.third)
  is Map<*, *> -> batch.values.flatMap(::tensorsOf)
  is List<*> -> batch.flatMap(::tensorsOf)
  else -> emptyList()
}

/** The batch with its tensors on [device], also those inside [Batch], Pair, Triple, Map and List; the rest stays. */
public fun <B> toDevice(batch: B, device: Device): B = withEach(batch) { it.to(device) }

/** The batch with each of its tensors, wherever the default collation puts them, replaced. */
@Suppress("UNCHECKED_CAST")
internal fun <B> withEach(batch: B, replace: (Tensor) -> Tensor): B = when (batch) {
  is Tensor -> replace(batch)
  is Batch -> Batch(replace(batch.x), replace(batch.y))
  is Pair<*, *> -> Pair(withEach(batch.first, replace), withEach(batch.second, replace))
  is Triple<*, *, *> ->
    Triple(withEach(batch.first, replace), withEach(batch.second, replace), withEach(batch.third, replace))
  is Map<*, *> -> batch.mapValues { withEach(it.value, replace) }
  is List<*> -> batch.map { withEach(it, replace) }
  else -> batch
} as B

package io.ktrain.train

import io.ktrain.data.Batch
import io.ktrain.data.Example
import io.ktrain.memory.Scope
import io.ktrain.nn.AttentionOutput
import io.ktrain.nn.LstmState
import io.ktrain.nn.Module
import io.ktrain.nn.RecurrentOutput
import io.ktrain.tensor.Device
import io.ktrain.tensor.Tensor

/** Where a model's parameters are; null for one without any. */
internal fun Module.device(): Device? = parameters().firstOrNull()?.device

/** Tensors that a batch, or a result, is made of: through the containers that collation makes, and no further. */
internal fun tensorsOf(value: Any?): Sequence<Tensor> = when (value) {
  is RecurrentOutput<*> -> sequenceOf(value) + tensorsOf(value.state)
  is Tensor -> sequenceOf(value)
  is LstmState -> sequenceOf(value.hidden, value.cell)
  is AttentionOutput -> sequenceOf(value.output) + tensorsOf(value.weights)
  is Batch -> sequenceOf(value.x, value.y)
  is Example -> tensorsOf(value.x) + tensorsOf(value.y)
  is Pair<*, *> -> tensorsOf(value.first) + tensorsOf(value.second)
  is Triple<*, *, *> -> tensorsOf(value.first) + tensorsOf(value.second) + tensorsOf(value.third)
  is Map<*, *> -> value.values.asSequence().flatMap(::tensorsOf)
  is Collection<*> -> value.asSequence().flatMap(::tensorsOf)
  else -> emptySequence()
}

/** How many samples a batch counts as: dim 0 of its first tensor; 1 where there is none to look at. */
internal fun samplesIn(batch: Any?): Int {
  val first = tensorsOf(batch).firstOrNull() ?: batch?.let(::tensorInside)
  return first?.let { if (it.ndim == 0) 1 else it.size(0) } ?: (batch as? Collection<*>)?.size ?: 1
}

/** The first tensor that an object of the user's own class holds. */
private fun tensorInside(batch: Any): Tensor? =
  batch.javaClass.declaredFields.firstNotNullOfOrNull { if (it.trySetAccessible()) it.get(batch) as? Tensor else null }

/** Lets the tensors of [result] outlive the scope they were made in. */
internal fun Scope.release(result: Any?) {
  for (t in tensorsOf(result)) if (t.hasStorage()) release(t.storage())
}

package io.ktrain.dsl

import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor

/**
 * The elements of a range along dim 0: `t[1..<3]`, `t[0..8 step 2]`, `t[5 downTo 0]`, `t[-3..-1]`. Both ends count from the
 * same side.
 */
public operator fun Tensor.get(range: IntProgression): Tensor = ranged(0, range)

/**
 * One index a dim: a number selects and drops its dim, a range cuts, null takes it whole, and tensors of indices or
 * masks pick elements together, as PyTorch's advanced indexing: `t[0, 1..<3]`, `t[null, index]`, `t[0..<2, mask]`.
 */
public operator fun Tensor.get(first: Any?, vararg rest: Any?): Tensor {
  val (part, indices) = cut("get", listOf(first, *rest))
  return if (indices.all { it == null }) part else part.index(*indices.toTypedArray())
}

/** Writes [value] where the mask holds, or over the rows that an index names: `t[mask] = 0`, `t[index] = rows`. */
public operator fun Tensor.set(maskOrIndex: Tensor, value: Any): Unit = write(listOf(maskOrIndex), value)

/** Writes [value], a number or a tensor that broadcasts, over the elements of a range: `t[1..<3] = 0`. */
public operator fun Tensor.set(range: IntProgression, value: Any): Unit = write(listOf(range), value)

/** As above, over one place of dim 0. */
public operator fun Tensor.set(index: Int, value: Any): Unit = write(listOf(index), value)

/** As above, over what [get] would read: `t[i, j] = 1`, `t[null, 0..<2] = v`, `t[rows, columns] = v`. */
public operator fun Tensor.set(first: Any?, second: Any?, value: Any): Unit = write(listOf(first, second), value)

/** As above. */
public operator fun Tensor.set(first: Any?, second: Any?, third: Any?, value: Any): Unit =
  write(listOf(first, second, third), value)

/** As above. */
public operator fun Tensor.set(first: Any?, second: Any?, third: Any?, fourth: Any?, value: Any): Unit =
  write(listOf(first, second, third, fourth), value)

private fun Tensor.write(places: List<Any?>, value: Any) {
  val values = when (value) {
    is Tensor -> value
    is Number -> Tensor.constant(value)
    is Boolean -> Tensor.constant(if (value) 1 else 0)
    else -> throw KtrainException("set: a value is a number or a tensor, got $value (${value.javaClass.simpleName}).")
  }
  val (part, indices) = cut("set", places)
  when {
    indices.any { it != null } -> part.indexPut_(indices.toTypedArray(), if (value is Tensor) values.to(dtype) else values)
    value is Tensor -> part.copy_(values)
    else -> part.fill_(values.constantValue())
  }
}

/** What numbers and ranges leave, a view, and the index tensors for its dims; null for one that is taken whole. */
private fun Tensor.cut(op: String, places: List<Any?>): Pair<Tensor, List<Tensor?>> {
  var at = this
  var dim = 0
  val indices = ArrayList<Tensor?>()
  for (place in places) {
    when (place) {
      is Int -> at = at.select(dim, place)
      is IntProgression -> {
        // Elements in reverse are a copy, which to write would change nothing.
        if (op == "set" && place.step < 0) {
          throw KtrainException("set: $place goes down. Fix: a range that goes up, and value.flip(0).")
        }
        at = at.ranged(dim++, place)
        indices += null
      }
      null -> {
        dim++
        indices += null
      }
      is Tensor -> {
        dim += if (place.dtype == bool) place.ndim else 1
        indices += place
      }
      else -> throw KtrainException(
        "$op: an index is an Int, a range, a tensor or null, got $place (${place.javaClass.simpleName})." +
          " Fix: t[0, 1..<3].",
      )
    }
  }
  return at to indices
}

/** Kotlin's ranges are inclusive and know their last element; negative places count from the end. */
private fun Tensor.ranged(dim: Int, range: IntProgression): Tensor {
  if (range.isEmpty()) {
    // 0..<0 is 0..-1 to Kotlin, so an end that counts from behind cannot go with a start that does not.
    if (range.step > 0 && range.first >= 0 && range.last < 0 && range.last != range.first - 1) {
      throw ShapeError(
        "get: $range begins at the front of dim $dim of ${describe()} and ends before it. Fix: count both places from " +
          "one side, as ${range.first}..<${size(dim)} or ${range.first - size(dim)}..-1.",
      )
    }
    return narrow(dim, 0, 0)
  }
  val size = size(dim)
  val ascending = if (range.step > 0) range else range.reversed()
  val start = if (ascending.first < 0) ascending.first + size else ascending.first
  val last = if (ascending.last < 0) ascending.last + size else ascending.last
  if (start < 0 || last >= size || last < start) {
    throw ShapeError("get: $range is outside dim $dim of ${describe()}. Fix: 0..<$size, or places from -$size.")
  }
  val cut = slice(dim, start, (last - start) / ascending.step + 1, ascending.step)
  return if (range.step > 0) cut else cut.flip(dim)
}

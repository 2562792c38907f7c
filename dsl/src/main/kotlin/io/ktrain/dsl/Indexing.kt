package io.ktrain.dsl

import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor

/** The elements of a range along dim 0: `t[1..<3]`, `t[0..8 step 2]`, `t[5 downTo 0]`, `t[-3..-1]`. */
public operator fun Tensor.get(range: IntProgression): Tensor = ranged(0, range)

/** One index a dim: a number selects and drops its dim, a range cuts: `t[0, 1..<3]`, `t[0..<2, -1]`. */
public operator fun Tensor.get(first: Any, vararg rest: Any): Tensor {
  var at = this
  var dim = 0
  for (index in arrayOf(first, *rest)) {
    when (index) {
      is Int -> at = at.select(dim, index)
      is IntProgression -> at = at.ranged(dim++, index)
      else -> throw KtrainException(
        "get: an index is an Int or a range, got $index (${index.javaClass.simpleName}). Fix: t[0, 1..<3].",
      )
    }
  }
  return at
}

/** Kotlin's ranges are inclusive and know their last element; negative places count from the end. */
private fun Tensor.ranged(dim: Int, range: IntProgression): Tensor {
  if (range.isEmpty()) return narrow(dim, 0, 0)
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

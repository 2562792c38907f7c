package io.ktrain.dsl

import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor

/** max(x, 0), elementwise. */
public fun relu(x: Tensor): Tensor = x.relu()

/** x times the normal distribution function of x, by the error function. */
public fun gelu(x: Tensor): Tensor = x.gelu()

/** x sigmoid(x), also called swish. */
public fun silu(x: Tensor): Tensor = x.silu()

/** The hyperbolic tangent. */
public fun tanh(x: Tensor): Tensor = x.tanh()

/** 1 / (1 + exp(-x)). */
public fun sigmoid(x: Tensor): Tensor = x.sigmoid()

/** Positive numbers along [dim] whose sum is 1. */
public fun softmax(x: Tensor, dim: Int): Tensor = x.softmax(dim)

/** log(softmax(x)), also where softmax(x) would be 0. */
public fun logSoftmax(x: Tensor, dim: Int): Tensor = x.logSoftmax(dim)

/** Zeroes each element with probability [p] and scales the rest by 1 / (1 - p); the identity unless [training]. */
public fun dropout(x: Tensor, p: Double, training: Boolean): Tensor = x.dropout(p, training)

/** Rows of [classes] zeros with a one at each label: i64 `[...]` to i64 `[..., classes]`; -1: the largest label + 1. */
public fun oneHot(labels: Tensor, classes: Int = -1): Tensor = labels.oneHot(classes)

/** Joins tensors along a dim they have. */
public fun cat(tensors: List<Tensor>, dim: Int = 0): Tensor = Tensor.cat(tensors, dim)

/** Joins tensors of one shape along a new dim. */
public fun stack(tensors: List<Tensor>, dim: Int = 0): Tensor = Tensor.stack(tensors, dim)

/** Joins side by side: vectors along dim 0, others along dim 1. */
public fun hstack(tensors: List<Tensor>): Tensor = Tensor.hstack(tensors)

/** Joins one below the other; vectors are rows. */
public fun vstack(tensors: List<Tensor>): Tensor = Tensor.vstack(tensors)

/** Joins along dim 2. */
public fun dstack(tensors: List<Tensor>): Tensor = Tensor.dstack(tensors)

/** Matrices along the diagonal of a larger one of zeros. */
public fun blockDiag(vararg matrices: Tensor): Tensor = Tensor.blockDiag(matrices.toList())

/** Vectors stretched to a grid's coordinates; [indexing] "xy" lets the first two dims change places. */
public fun meshgrid(vararg vectors: Tensor, indexing: String = "ij"): List<Tensor> =
  Tensor.meshgrid(vectors.toList(), indexing)

/** All combinations of the vectors' elements, one a row. */
public fun cartesianProd(vararg vectors: Tensor): Tensor = Tensor.cartesianProd(vectors.toList())

/** All read in the one shape they broadcast to. */
public fun broadcastTensors(vararg tensors: Tensor): List<Tensor> = Tensor.broadcastTensors(tensors.toList())

/** The product of several matrices, in the cheapest order. */
public fun multiDot(vararg matrices: Tensor): Tensor = Tensor.multiDot(matrices.toList())

/** The places where [condition] holds, a vector for each dim. */
public fun where(condition: Tensor): List<Tensor> = Tensor.where(condition)

/** [yes] where [condition] holds, else [no]. */
public fun where(condition: Tensor, yes: Tensor, no: Tensor): Tensor = Tensor.where(condition, yes, no)

/** Sums of products by index letters: `einsum("bij,bkj->bik", a, b)`. */
public fun einsum(equation: String, vararg operands: Tensor): Tensor = Tensor.einsum(equation, *operands)

/** Adds [value] around [x]: pairs of widths before and after, from the last dim on: `pad(t, 0, 1)` adds one column. */
public fun pad(x: Tensor, vararg widths: Int, value: Double = 0.0): Tensor = x.pad(widths, value)

/** Sequences of different lengths (dim 0) as one tensor `[n, longest, ...]`, filled up with [value]: pad_sequence. */
@JvmName("padTensors")
public fun pad(sequences: List<Tensor>, value: Double = 0.0): Tensor {
  if (sequences.isEmpty()) throw ShapeError("pad: there is no sequence.")
  if (sequences.any { it.ndim == 0 }) throw ShapeError("pad: a sequence has at least one dim, got a single value.")
  val longest = sequences.maxOf { it.size(0) }
  return stack(sequences.map { s ->
    val widths = IntArray(2 * s.ndim)
    widths[widths.size - 1] = longest - s.size(0)
    s.pad(widths, value)
  })
}

/** Rows of numbers of different lengths as one tensor i64 `[n, longest]`, filled up with [value]. */
@JvmName("padNumbers")
public fun pad(sequences: List<List<Int>>, value: Int = 0): Tensor {
  if (sequences.isEmpty()) throw ShapeError("pad: there is no sequence.")
  val longest = sequences.maxOf { it.size }
  val all = LongArray(sequences.size * longest) { (sequences[it / longest].getOrNull(it % longest) ?: value).toLong() }
  return Tensor.of(all, sequences.size, longest)
}

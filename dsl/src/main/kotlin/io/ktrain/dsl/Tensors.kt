// Only what Java cannot say: named and default arguments, infix, a number on the left. Where Java has a member of the
// same name, Kotlin uses the member unless the call is infix or names an argument.
@file:Suppress("EXTENSION_SHADOWED_BY_MEMBER")

package io.ktrain.dsl

import io.ktrain.tensor.Device
import io.ktrain.tensor.Extreme
import io.ktrain.tensor.Tensor

/** Number + tensor, elementwise. */
public operator fun Number.plus(t: Tensor): Tensor = Tensor.constant(this).add(t)

/** Number - tensor, elementwise. */
public operator fun Number.minus(t: Tensor): Tensor = Tensor.constant(this).sub(t)

/** Number * tensor, elementwise. */
public operator fun Number.times(t: Tensor): Tensor = Tensor.constant(this).mul(t)

/** Number / tensor, elementwise; floating, as PyTorch's. */
public operator fun Number.div(t: Tensor): Tensor = Tensor.constant(this).div(t)

/** What division leaves, with the divisor's sign, as PyTorch's `%`. */
public operator fun Tensor.rem(other: Tensor): Tensor = remainder(other)

/** What division leaves, with the divisor's sign, as PyTorch's `%`. */
public operator fun Tensor.rem(other: Number): Tensor = remainder(Tensor.constant(other))

/** What division leaves, with the divisor's sign, as PyTorch's `%`. */
public operator fun Number.rem(t: Tensor): Tensor = Tensor.constant(this).remainder(t)

/** Each truth value turned round. */
public operator fun Tensor.not(): Tensor = logicalNot()

/** True where both are; of whole numbers the bits set in both, as PyTorch's `&`. */
public infix fun Tensor.and(other: Tensor): Tensor = bitwiseAnd(other)

/** As above. */
public infix fun Tensor.and(other: Number): Tensor = bitwiseAnd(other)

/** True where either is; of whole numbers the bits set in either, as PyTorch's `|`. */
public infix fun Tensor.or(other: Tensor): Tensor = bitwiseOr(other)

/** As above. */
public infix fun Tensor.or(other: Number): Tensor = bitwiseOr(other)

/** True where one is but not both; of whole numbers the bits set in one, as PyTorch's `^`. */
public infix fun Tensor.xor(other: Tensor): Tensor = bitwiseXor(other)

/** As above. */
public infix fun Tensor.xor(other: Number): Tensor = bitwiseXor(other)

/** Whole numbers times 2 to the power [other]. */
public infix fun Tensor.shl(other: Tensor): Tensor = bitwiseLeftShift(other)

/** As above. */
public infix fun Tensor.shl(other: Number): Tensor = bitwiseLeftShift(other)

/** Whole numbers divided by 2 to the power [other], rounded towards minus infinity. */
public infix fun Tensor.shr(other: Tensor): Tensor = bitwiseRightShift(other)

/** As above. */
public infix fun Tensor.shr(other: Number): Tensor = bitwiseRightShift(other)

/** [base] to the power of each element. */
public fun pow(base: Number, exponent: Tensor): Tensor = Tensor.constant(base).pow(exponent)

/**
 * Matrix product, broadcasting over leading dims. An infix word binds looser than + and *: `x matmul w + b` is
 * `x matmul (w + b)`; write `x.matmul(w) + b`.
 */
public infix fun Tensor.matmul(other: Tensor): Tensor = matmul(other)

/** True where equal; `a == b` would ask whether both are one object. */
public infix fun Tensor.eqTo(other: Tensor): Tensor = eq(other)

/** True where equal. */
public infix fun Tensor.eqTo(other: Number): Tensor = eq(other)

/** True where different. */
public infix fun Tensor.ne(other: Tensor): Tensor = ne(other)

/** True where different. */
public infix fun Tensor.ne(other: Number): Tensor = ne(other)

/** True where greater. */
public infix fun Tensor.gt(other: Tensor): Tensor = gt(other)

/** True where greater. */
public infix fun Tensor.gt(other: Number): Tensor = gt(other)

/** True where greater or equal. */
public infix fun Tensor.ge(other: Tensor): Tensor = ge(other)

/** True where greater or equal. */
public infix fun Tensor.ge(other: Number): Tensor = ge(other)

/** True where less. */
public infix fun Tensor.lt(other: Tensor): Tensor = lt(other)

/** True where less. */
public infix fun Tensor.lt(other: Number): Tensor = lt(other)

/** True where less or equal. */
public infix fun Tensor.le(other: Tensor): Tensor = le(other)

/** True where less or equal. */
public infix fun Tensor.le(other: Number): Tensor = le(other)

/** The sum along [dim]. */
public fun Tensor.sum(dim: Int, keepDim: Boolean = false): Tensor = sum(dim, keepDim)

/** The sum along several dims. */
public fun Tensor.sum(dims: List<Int>, keepDim: Boolean = false): Tensor = sum(dims.toIntArray(), keepDim)

/** The mean along [dim]. */
public fun Tensor.mean(dim: Int, keepDim: Boolean = false): Tensor = mean(dim, keepDim)

/** The mean along several dims. */
public fun Tensor.mean(dims: List<Int>, keepDim: Boolean = false): Tensor = mean(dims.toIntArray(), keepDim)

/** The product along [dim]. */
public fun Tensor.prod(dim: Int, keepDim: Boolean = false): Tensor = prod(dim, keepDim)

/** The largest along [dim] and where they stand. */
public fun Tensor.max(dim: Int, keepDim: Boolean = false): Extreme = max(dim, keepDim)

/** The smallest along [dim] and where they stand. */
public fun Tensor.min(dim: Int, keepDim: Boolean = false): Extreme = min(dim, keepDim)

/** The largest along [dim]. */
public fun Tensor.amax(dim: Int, keepDim: Boolean = false): Tensor = amax(dim, keepDim)

/** The smallest along [dim]. */
public fun Tensor.amin(dim: Int, keepDim: Boolean = false): Tensor = amin(dim, keepDim)

/** Where the largest along [dim] stand, i64. */
public fun Tensor.argmax(dim: Int, keepDim: Boolean = false): Tensor = argmax(dim, keepDim)

/** Where the smallest along [dim] stand, i64. */
public fun Tensor.argmin(dim: Int, keepDim: Boolean = false): Tensor = argmin(dim, keepDim)

/** The variance along [dim], divided by n - 1 unless [unbiased] is off. */
public fun Tensor.variance(dim: Int, unbiased: Boolean = true, keepDim: Boolean = false): Tensor =
  `var`(dim, unbiased, keepDim)

/** The standard deviation along [dim], from the variance divided by n - 1 unless [unbiased] is off. */
public fun Tensor.std(dim: Int, unbiased: Boolean = true, keepDim: Boolean = false): Tensor =
  std(dim, unbiased, keepDim)

/** log(sum(exp(x))) along [dim]. */
public fun Tensor.logsumexp(dim: Int, keepDim: Boolean = false): Tensor = logsumexp(dim, keepDim)

/** Sums of everything up to each place along [dim]. */
public fun Tensor.cumsum(dim: Int): Tensor = cumsum(dim)

/** Sorted along [dim], with where each stood. */
public fun Tensor.sort(dim: Int = -1, descending: Boolean = false): Extreme = sort(dim, descending)

/** The [k] largest, or smallest, along [dim] in their order, with where they stand. */
public fun Tensor.topk(k: Int, dim: Int = -1, largest: Boolean = true): Extreme = topk(k, dim, largest)

/** The lower of the two middle elements along [dim], with where it stands. */
public fun Tensor.median(dim: Int, keepDim: Boolean = false): Extreme = median(dim, keepDim)

/** The elements along [dim] below which a share [q] lies. */
public fun Tensor.quantile(
  q: Double,
  dim: Int,
  keepDim: Boolean = false,
  interpolation: String = "linear",
): Tensor = quantile(q, dim, keepDim, interpolation)

/** The [p]-norm over [dims]; over all of them without. */
public fun Tensor.norm(p: Double = 2.0, dims: List<Int>? = null, keepDim: Boolean = false): Tensor =
  norm(p, dims?.toIntArray(), keepDim)

/** The elements of [dim] in turn, elements that leave at the end coming in at the start. */
public fun Tensor.roll(shifts: Int, dim: Int): Tensor = roll(shifts, dim)

/** Turned by [k] quarters in the plane of two dims. */
public fun Tensor.rot90(k: Int = 1, dims: Pair<Int, Int> = 0 to 1): Tensor = rot90(k, dims.first, dims.second)

/** Parts of [size] along [dim]. */
public fun Tensor.split(size: Int, dim: Int = 0): List<Tensor> = split(size, dim)

/** Parts of these [sizes] along [dim]. */
public fun Tensor.split(sizes: List<Int>, dim: Int = 0): List<Tensor> = split(sizes.toIntArray(), dim)

/** At most [chunks] parts of one size along [dim]. */
public fun Tensor.chunk(chunks: Int, dim: Int = 0): List<Tensor> = chunk(chunks, dim)

/** The slices of [dim]. */
public fun Tensor.unbind(dim: Int = 0): List<Tensor> = unbind(dim)

/** A view of the elements (i, i + [offset]) of two dims, as the last one. */
public fun Tensor.diagonal(offset: Int = 0, dim1: Int = 0, dim2: Int = 1): Tensor = diagonal(offset, dim1, dim2)

/** The cosine of the angle between this and [other] along [dim]. */
public fun Tensor.cosineSimilarity(other: Tensor, dim: Int = 1, eps: Double = 1e-8): Tensor =
  cosineSimilarity(other, dim, eps)

/** The distance of each row from each row of [other]. */
public fun Tensor.cdist(other: Tensor, p: Double = 2.0): Tensor = cdist(other, p)

/** Whether all elements are within [atol] + [rtol] |[other]| of it. */
public fun Tensor.allClose(
  other: Tensor,
  rtol: Double = 1e-5,
  atol: Double = 1e-8,
  equalNan: Boolean = false,
): Boolean = allClose(other, rtol, atol, equalNan)

/** Indices drawn by the weights in the last dim; with [replacement] one may come again. */
public fun Tensor.multinomial(count: Int, replacement: Boolean = false): Tensor = multinomial(count, replacement)

/** Positive numbers along [dim] whose sum is 1. */
public fun Tensor.softmax(dim: Int): Tensor = softmax(dim)

/** log(softmax(x)), also where softmax(x) would be 0. */
public fun Tensor.logSoftmax(dim: Int): Tensor = logSoftmax(dim)

/** Each element held between [min] and [max], of which one may be left out. */
public fun Tensor.clamp(min: Number? = null, max: Number? = null): Tensor = clamp(min, max)

/** Divided by its 2-norm along [dim], or by [eps] where that is smaller. */
public fun Tensor.normalize(dim: Int = 1, eps: Double = 1e-12): Tensor = normalize(dim, eps)

/** x where positive, [negativeSlope] x elsewhere. */
public fun Tensor.leakyRelu(negativeSlope: Double = 0.01): Tensor = leakyRelu(negativeSlope)

/** x where positive, [alpha] (exp(x) - 1) elsewhere. */
public fun Tensor.elu(alpha: Double = 1.0): Tensor = elu(alpha)

/** log(1 + exp([beta] x)) / beta; x itself where beta x is above [threshold]. */
public fun Tensor.softplus(beta: Double = 1.0, threshold: Double = 20.0): Tensor = softplus(beta, threshold)

/** Joins the dims from [startDim] to [endDim]. */
public fun Tensor.flatten(startDim: Int = 0, endDim: Int = -1): Tensor = flatten(startDim, endDim)

/** Without a dim of size 1. */
public fun Tensor.squeeze(dim: Int): Tensor = squeeze(dim)

/** With a new dim of size 1. */
public fun Tensor.unsqueeze(dim: Int): Tensor = unsqueeze(dim)

/** With two dims changing places. */
public fun Tensor.transpose(dim0: Int, dim1: Int): Tensor = transpose(dim0, dim1)

/** The elements at one place of [dim], without that dim. */
public fun Tensor.select(dim: Int, index: Int): Tensor = select(dim, index)

/** [length] elements along [dim], from [start]. */
public fun Tensor.narrow(dim: Int, start: Int, length: Int): Tensor = narrow(dim, start, length)

/** `out[i][j] = this[index[i][j]][j]` for dim 0, and so on. */
public fun Tensor.gather(dim: Int, index: Tensor): Tensor = gather(dim, index)

/** The places along [dim] that [index], a vector, names. */
public fun Tensor.indexSelect(dim: Int, index: Tensor): Tensor = indexSelect(dim, index)

/** [value] where [mask] holds, else this. */
public fun Tensor.maskedFill(mask: Tensor, value: Number): Tensor = maskedFill(mask, value)

/** A matrix without what lies below a diagonal. */
public fun Tensor.triu(diagonal: Int = 0): Tensor = triu(diagonal)

/** A matrix without what lies above a diagonal. */
public fun Tensor.tril(diagonal: Int = 0): Tensor = tril(diagonal)

/** The largest of each window of `[n, channels, h, w]`. */
public fun Tensor.maxPool2d(kernel: Int, stride: Int = kernel, padding: Int = 0, ceilMode: Boolean = false): Tensor =
  maxPool2d(window(kernel, stride, padding, ceilMode))

/** The mean of each window of `[n, channels, h, w]`. */
public fun Tensor.avgPool2d(
  kernel: Int,
  stride: Int = kernel,
  padding: Int = 0,
  ceilMode: Boolean = false,
  countIncludePad: Boolean = true,
): Tensor = avgPool2d(window(kernel, stride, padding, ceilMode, countIncludePad))

/** A 2-D convolution of `[n, in, h, w]` with a weight `[out, in / groups, kh, kw]`. */
public fun Tensor.conv2d(
  weight: Tensor,
  bias: Tensor? = null,
  stride: Int = 1,
  padding: Int = 0,
  dilation: Int = 1,
  groups: Int = 1,
): Tensor = conv2d(weight, bias, moving(stride, padding, dilation, groups))

/** `x W^T + b` over the last dim. */
public fun Tensor.linear(weight: Tensor, bias: Tensor? = null): Tensor = linear(weight, bias)

/**
 * Adds the gradient of this to every leaf's `grad`. [gradient]: what to begin with, needed unless this is one value.
 * [retainGraph] allows another backward pass; [createGraph] makes the gradients differentiable.
 */
public fun Tensor.backward(gradient: Tensor? = null, retainGraph: Boolean = false, createGraph: Boolean = false) {
  backward(gradient, retainGraph, createGraph)
}

/** Moved to a device by name, as "cpu" or "cuda:0"; so that `t.to("cuda")` is not Kotlin's own infix `to`, a Pair. */
public fun Tensor.to(device: String): Tensor = to(Device.of(device))

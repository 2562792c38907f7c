@file:JvmName("Data")
@file:JvmMultifileClass

package io.ktrain.data

import io.ktrain.tensor.DTypeError
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor

/**
 * A transform of one picture that holds on to no tensor it makes, so that a loader may take the memory of its
 * temporaries back at once. Where a transform is expected a lambda serves as well; its temporaries wait for the
 * garbage collector.
 */
public abstract class Transform : (Tensor) -> Tensor {
  /** Each value becomes a function of itself alone, so that a table of all values serves for all pictures. */
  internal open val pointwise: Boolean get() = false
}

/** Nothing changes. */
internal object Unchanged : Transform() {
  override val pointwise: Boolean get() = true

  override fun invoke(x: Tensor): Tensor = x
}

/** (x - mean) / std, the same for all channels. */
public fun normalize(mean: Double, std: Double): Transform {
  requireSpread(listOf(std))
  return object : Transform() {
    override val pointwise: Boolean get() = true

    override fun invoke(x: Tensor): Tensor = requireFloating(x).sub(mean).div(std)
  }
}

/** (x - mean) / std with one mean and std a channel, for pictures [C,H,W] or stacks of them [N,C,H,W]. */
public fun normalize(mean: List<Double>, std: List<Double>): Transform {
  if (mean.isEmpty() || mean.size != std.size) {
    throw ShapeError("normalize: needs one mean and one std a channel, got ${mean.size} and ${std.size}.")
  }
  requireSpread(std)
  return object : Transform() {
    override fun invoke(x: Tensor): Tensor {
      if (x.ndim < 3 || x.size(-3) != mean.size) {
        throw ShapeError(
          "normalize: has ${mean.size} means, expected [..., ${mean.size}, height, width], got ${x.describe()}. " +
            "Fix: a mean a channel.",
        )
      }
      return requireFloating(x).sub(channels(mean, x)).div(channels(std, x))
    }

    private fun channels(values: List<Double>, x: Tensor) =
      Tensor.of(values.toDoubleArray(), values.size, 1, 1).to(x.dtype).to(x.device)
  }
}

/** One transform after another. */
public fun compose(vararg transforms: (Tensor) -> Tensor): (Tensor) -> Tensor {
  val whole = { x: Tensor -> transforms.fold(x) { y, f -> f(y) } }
  if (!transforms.all { it is Transform }) return whole
  val allPointwise = transforms.all { (it as Transform).pointwise }
  return object : Transform() {
    override val pointwise: Boolean get() = allPointwise

    override fun invoke(x: Tensor): Tensor = whole(x)
  }
}

private fun requireFloating(x: Tensor): Tensor {
  if (!x.dtype.isFloating) {
    throw DTypeError("normalize: needs a floating tensor, got ${x.describe()}. Fix: x.to(f32) / 255.")
  }
  return x
}

private fun requireSpread(std: List<Double>) {
  if (std.any { !(it > 0) }) {
    throw KtrainException("normalize: std is ${if (std.size == 1) std[0] else std}; expected numbers above 0.")
  }
}

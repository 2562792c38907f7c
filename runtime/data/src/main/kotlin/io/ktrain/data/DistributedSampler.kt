package io.ktrain.data

import io.ktrain.random.TorchRandom
import io.ktrain.tensor.KtrainException

/**
 * The share of one of several processes that train together: every [numReplicas]-th index from [rank] on. All shares
 * have one size: the first indices come again at the end, or with [dropLast] the last ones are left out. As
 * torch.utils.data.DistributedSampler, whose order it also gives for the same [seed].
 *
 * @param of how many samples the data set has
 * @param shuffle a new order every [epoch], the same in all processes
 */
public class DistributedSampler @JvmOverloads constructor(
  private val of: Int,
  private val numReplicas: Int,
  private val rank: Int,
  private val shuffle: Boolean = true,
  private val seed: Long = 0,
  private val dropLast: Boolean = false,
) : Sampler() {
  /** Which order is next. Set it before each epoch, or every epoch has the same. */
  public var epoch: Int = 0

  init {
    if (of < 0) throw KtrainException("DistributedSampler: a data set cannot have $of samples.")
    if (numReplicas < 1) throw KtrainException("DistributedSampler: numReplicas = $numReplicas; expected 1 or more.")
    if (rank !in 0 until numReplicas) {
      throw KtrainException("DistributedSampler: rank = $rank; expected 0 to ${numReplicas - 1}.")
    }
  }

  override val size: Int = if (dropLast) of / numReplicas else (of + numReplicas - 1) / numReplicas

  override fun iterator(): Iterator<Int> {
    val order = if (shuffle) TorchRandom(seed + epoch).permutation(of) else IntArray(of) { it }
    return (0 until size).asSequence().map { order[(rank + it * numReplicas) % of] }.iterator()
  }
}

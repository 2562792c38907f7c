package io.ktrain.train

/** Looks on while `fit` trains: `callback(object : Callback { override fun onEpochEnd(epoch: Epoch) { ... } })`. */
public interface Callback {
  /** Before the first epoch. */
  public fun onFitStart() {}

  /**
   * After each training batch. On a GPU a callback that wants this makes `fit` wait for every batch's loss.
   *
   * @param epoch counted from 1
   * @param step the batch within the epoch, counted from 0
   * @param loss the batch's own; NaN in `ktrain check`
   */
  public fun onBatchEnd(epoch: Int, step: Int, loss: Double) {}

  /** After an epoch's training and validation. */
  public fun onEpochEnd(epoch: Epoch) {}

  /** After the last epoch, also where early stopping made it the last. */
  public fun onFitEnd(history: History) {}
}

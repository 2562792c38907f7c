package io.ktrain.train

import io.ktrain.tensor.Context
import io.ktrain.tensor.Shape
import io.ktrain.tensor.Tensor

/**
 * The mean over samples of a number that every batch has. On a device numbers are left where they are and read [room]
 * at a time, since to read one is to wait for all that was launched before it. They are added in their order, so the
 * mean has the same bits as if each had been read at once.
 *
 * @param seen is told each batch's number once it is known
 */
internal class Mean(private val room: Int, private val seen: (index: Int, value: Double) -> Unit = { _, _ -> }) {
  private class Batch(val index: Int, val samples: Int)

  private val unread = ArrayList<Batch>()
  private var left: Tensor? = null
  private var sum = 0.0

  /** Samples so far. */
  var count = 0L
    private set

  val value: Double
    get() {
      read()
      return sum / count
    }

  fun add(value: Double, index: Int, samples: Int) {
    read()
    count += samples
    arrived(value, index, samples)
  }

  fun add(value: Tensor, index: Int, samples: Int) {
    if (room == 1 || value.device.type == "cpu") return add(value.item(), index, samples)
    if (left?.dtype != value.dtype || left?.device != value.device) {
      read()
      left = null
    }
    val all = left ?: Tensor.zeros(Shape.of(room), value.dtype).to(value.device).keep().also { left = it }
    Context.current().withGrad(false) { all.select(0, unread.size).copy_(value.detach().reshape()) }
    unread += Batch(index, samples)
    count += samples
    if (unread.size == room) read()
  }

  /** Waits for the batches so far. */
  fun read() {
    val all = left ?: return
    val batches = unread.toList()
    unread.clear()
    if (batches.isEmpty()) return
    val values = all.toDoubleArray()
    batches.forEachIndexed { i, batch -> arrived(values[i], batch.index, batch.samples) }
  }

  private fun arrived(value: Double, index: Int, samples: Int) {
    sum += value * samples
    seen(index, value)
  }
}

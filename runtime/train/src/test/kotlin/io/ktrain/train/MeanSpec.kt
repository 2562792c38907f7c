package io.ktrain.train

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.ktrain.tensor.DType
import io.ktrain.tensor.Device
import io.ktrain.tensor.Shape
import io.ktrain.tensor.Tensor

internal class MeanSpec : FunSpec({
  val far = Device.of("opaque")
  val losses = List(11) { 1 / (it + 3.0) }

  fun on(device: Device, value: Double, dtype: DType = DType.f32) = Tensor.full(Shape.SCALAR, value, dtype).to(device)

  test("numbers left on a device give the bits of numbers read at once, in their order") {
    for (room in listOf(1, 3, 4, 64)) {
      val seen = ArrayList<Int>()
      val now = Mean(1)
      val later = Mean(room) { index, _ -> seen += index }
      losses.forEachIndexed { i, loss ->
        now.add(on(Device.CPU, loss), i, samples = 5 + i)
        later.add(on(far, loss), i, samples = 5 + i)
      }
      later.count shouldBe now.count
      later.value shouldBe now.value
      seen shouldBe losses.indices.toList()
    }
  }
  test("what is left is read when there is no more room, and when the mean is asked for") {
    val seen = ArrayList<Double>()
    val mean = Mean(3) { _, value -> seen += value }
    mean.add(on(far, 1.0), 0, samples = 1)
    mean.add(on(far, 2.0), 1, samples = 1)
    seen shouldBe emptyList()
    mean.add(on(far, 6.0), 2, samples = 1)
    seen shouldBe listOf(1.0, 2.0, 6.0)
    mean.add(on(far, 3.0).reshape(1), 3, samples = 1)
    mean.value shouldBe 3.0
  }
  test("a plain number, another device and another type keep the order") {
    val seen = ArrayList<Double>()
    val mean = Mean(8) { _, value -> seen += value }
    mean.add(on(far, 1.0), 0, samples = 1)
    mean.add(2.0, 1, samples = 1)
    mean.add(on(far, 3.0), 2, samples = 1)
    mean.add(on(Device.CPU, 4.0), 3, samples = 1)
    mean.add(on(far, 5.0), 4, samples = 1)
    mean.add(on(far, 0.1, DType.f64), 5, samples = 1)
    mean.read()
    seen shouldBe listOf(1.0, 2.0, 3.0, 4.0, 5.0, 0.1)
  }
})

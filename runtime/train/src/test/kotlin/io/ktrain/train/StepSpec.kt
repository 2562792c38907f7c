package io.ktrain.train

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.data.Batch
import io.ktrain.data.batches
import io.ktrain.data.dataset
import io.ktrain.nn.Activation
import io.ktrain.nn.BatchNorm1d
import io.ktrain.nn.BatchNorm2d
import io.ktrain.nn.Conv2d
import io.ktrain.nn.Dropout
import io.ktrain.nn.Flatten
import io.ktrain.nn.Linear
import io.ktrain.nn.MaxPool2d
import io.ktrain.nn.Module
import io.ktrain.nn.Parameter
import io.ktrain.nn.Sequential
import io.ktrain.optim.Adam
import io.ktrain.optim.Sgd
import io.ktrain.tensor.Device
import io.ktrain.tensor.Devices
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Tensor

class StepSpec : StringSpec({
  "what a step returns survives it, in any container, and the rest is freed" {
    var lost: Tensor? = null
    val (pair, rest) = step {
      lost = Tensor.ones(3).mul(2)
      (Tensor.ones(1).mul(2) to listOf(Tensor.ones(1).mul(3))) to
        listOf(mapOf("k" to Tensor.ones(1).mul(4)), Triple(Tensor.ones(1).mul(5), 1, "s"), Batch(Tensor.ones(1).mul(6), Tensor.ones(1).mul(7)))
    }
    pair.first.item() shouldBe 2.0
    pair.second[0].item() shouldBe 3.0
    (rest[0] as Map<*, *>).values.forEach { (it as Tensor).item() shouldBe 4.0 }
    ((rest[1] as Triple<*, *, *>).first as Tensor).item() shouldBe 5.0
    (rest[2] as Batch).let { (x, y) -> x.item() + y.item() shouldBe 13.0 }
    shouldThrow<KtrainException> { lost!!.add(1) }.message shouldContain "freed at the end of step"
  }

  "keep() survives, and a returned view keeps what it looks at" {
    var kept: Tensor? = null
    val view = step {
      kept = Tensor.ones(2).mul(2).keep()
      Tensor.ones(4).mul(3).narrow(0, 1, 2)
    }
    kept!!.toFloatArray() shouldBe floatArrayOf(2f, 2f)
    view.toFloatArray() shouldBe floatArrayOf(3f, 3f)
  }

  "an inner step's result belongs to the step around it" {
    var inner: Tensor? = null
    step {
      inner = step { Tensor.ones(1).mul(2) }
      inner!!.item() shouldBe 2.0
    }
    shouldThrow<KtrainException> { inner!!.add(1) }
  }

  "memory comes back after an exception too" {
    val before = Devices.liveBytes(Device.CPU)
    shouldThrow<IllegalStateException> {
      step {
        Tensor.ones(1000)
        error("no")
      }
    }
    Devices.liveBytes(Device.CPU) shouldBe before
    step { Tensor.ones(1).item() } shouldBe 1.0
  }

  fun model() = Sequential(Linear(8, 16), BatchNorm1d(16), Linear(16, 3))
  fun data(n: Int) = dataset(Tensor.rand(n, 8), Tensor.randint(0, 3, n)).batches(8, shuffle = true)

  "parameters, gradients, buffers and optimizer state live on, and 500 steps take no more memory than 50" {
    val model = model()
    val optimizer = Adam(model.parameters(), 0.01)
    val live = ArrayList<Long>()
    collectGarbage()
    for ((x, y) in data(4000)) {
      step {
        val loss = model(x).crossEntropy(y)
        optimizer.zeroGrad()
        loss.backward()
        optimizer.step()
      }
      live += Devices.liveBytes(Device.CPU)
      if (live.size == 50 || live.size == 500) model.parameters().forEach { it.grad!!.toFloatArray() }
    }
    live.size shouldBe 500
    live[499] shouldBe live[49]
    model.stateDict().getValue("1.num_batches_tracked").itemLong() shouldBe 500
  }

  "500 steps of fit take no more memory than 50" {
    quietly {
      val model = model()
      val live = ArrayList<Long>()
      val acc = accuracy()
      val loader = data(4000)
      collectGarbage()
      fit(model, 2, loader, loader, Adam(model.parameters(), 0.01)) {
        metrics(acc)
        gradClip(norm = 1.0)
        step { (x, y) ->
          val logits = model(x)
          acc.update(logits, y)
          logits.crossEntropy(y)
        }
        onBatchEnd { live += Devices.liveBytes(Device.CPU) }
      }
      live.size shouldBe 1000
      live[499] shouldBe live[49]
      live[999] shouldBe live[549]
    }
  }

  fun weights(workers: Int, threads: Int): List<Float> = quietly(seed = 11, threads = threads) {
    val model = mlp(4, 32, 3)
    val data = Iris(16, workers)
    fit(model, 3, data.train, data.valid, Sgd(model.parameters(), 0.05, 0.9)) { step { (x, y) -> model(x).crossEntropy(y) } }
    model.values()
  }

  "two runs end with the same bits, for any number of workers and threads" {
    val one = weights(0, 2)
    weights(0, 2) shouldBe one
    for (workers in listOf(1, 2, 4)) weights(workers, 2) shouldBe one
    for (threads in listOf(1, 3)) weights(0, threads) shouldBe one
  }

  "the same of a convolutional network with dropout, through batches of random pictures" {
    fun pictures(workers: Int, threads: Int): List<Float> = quietly(seed = 5, threads = threads) {
      val model = Sequential(
        Conv2d(1, 8, 3), BatchNorm2d(8), Activation("ReLU", "", Tensor::relu), Conv2d(8, 16, 3), MaxPool2d(2),
        Flatten(), Dropout(0.25), Linear(Parameter.LAZY, 10, true),
      )
      val data = dataset(Tensor.rand(96, 1, 12, 12), Tensor.randint(0, 10, 96)).batches(32, shuffle = true, workers = workers)
      fit(model, 2, data, optimizer = Adam(model.parameters(), 0.01)) {
        step { (x, y) -> model(x).crossEntropy(y) }
        gradClip(norm = 1.0)
      }
      model.values()
    }
    val one = pictures(0, 2)
    pictures(0, 1) shouldBe one
    pictures(2, 3) shouldBe one
  }

  "the same of a hand-written loop" {
    fun loop(workers: Int, threads: Int): List<Float> = quietly(seed = 2, threads = threads) {
      val model: Module = mlp(4, 32, 3)
      val optimizer = Sgd(model.parameters(), 0.05)
      val data = Iris(16, workers)
      repeat(2) {
        for ((x, y) in data.train) step {
          val loss = model(x).crossEntropy(y)
          optimizer.zeroGrad()
          loss.backward()
          optimizer.step()
        }
      }
      model.values()
    }
    loop(2, 1) shouldBe loop(0, 3)
  }
})

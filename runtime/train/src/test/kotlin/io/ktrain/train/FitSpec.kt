package io.ktrain.train

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.doubles.plusOrMinus
import io.kotest.matchers.doubles.shouldBeGreaterThan
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldMatch
import io.ktrain.data.batches
import io.ktrain.data.dataset
import io.ktrain.nn.BatchNorm1d
import io.ktrain.nn.Dropout
import io.ktrain.nn.Linear
import io.ktrain.nn.Sequential
import io.ktrain.optim.Adam
import io.ktrain.optim.AdamW
import io.ktrain.optim.Moment
import io.ktrain.optim.Schedule
import io.ktrain.optim.Sgd
import io.ktrain.tensor.DType
import io.ktrain.tensor.DTypeError
import io.ktrain.tensor.Device
import io.ktrain.tensor.Devices
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor

class FitSpec : StringSpec({
  "xor is learnt" {
    val history = quietly(seed = 3) {
      val model = mlp(2, 8, 1)
      val x = Tensor.of(floatArrayOf(0f, 0f, 0f, 1f, 1f, 0f, 1f, 1f), 4, 2)
      val y = Tensor.of(floatArrayOf(0f, 1f, 1f, 0f), 4, 1)
      val acc = accuracy()
      fit(model, 300, dataset(x, y).batches(4), optimizer = Adam(model.parameters(), 0.05)) {
        metrics(acc)
        step { (x, y) ->
          val logits = model(x)
          acc.update(logits, y)
          logits.bceWithLogits(y)
        }
      }
    }
    history.epochs.last().let { it.values["train/acc"] shouldBe 1.0 }
  }

  "iris is learnt" {
    quietly(seed = 1) {
      val model = mlp(4, 16, 3)
      val data = Iris(16)
      val acc = accuracy()
      val history = fit(model, 60, data.train, data.valid, AdamW(model.parameters(), 0.02), Schedule.cosine(0.05, 0.0)) {
        metrics(acc)
        step { (x, y) ->
          val logits = model(x)
          acc.update(logits, y)
          logits.crossEntropy(y)
        }
      }
      history.best(acc.valid)[acc.valid] shouldBeGreaterThan 0.95
      evaluate(model, data.valid, acc) shouldBe history.epochs.last()[acc.valid]
    }
  }

  "losses and metrics are means over samples, whatever the batches" {
    quietly {
      val model = Sequential(Linear(1, 1))
      val seen = metric("seen", Goal.MIN) { p, _ -> p.mean() }
      val mae = meanAbsoluteError()
      val history = fit(model, 1, counting(10, 4), counting(10, 3), Sgd(model.parameters(), 0.0)) {
        metrics(seen, mae)
        step { (x, y) ->
          seen.update(x, y)
          mae.update(x.add(1), y)
          log("logged", x.mean())
          model(x).mul(0).add(x).mean()
        }
      }
      val epoch = history.epochs.single()
      for (key in listOf("loss", "seen", "logged")) {
        epoch.values["train/$key"] shouldBe (4.5 plusOrMinus 1e-6)
        epoch.values["valid/$key"] shouldBe (4.5 plusOrMinus 1e-6)
      }
      epoch.values["valid/mae"] shouldBe (1.0 plusOrMinus 1e-6)
      epoch[seen.train] shouldBe (4.5 plusOrMinus 1e-6)
    }
  }

  "a batch of the user's own class counts by the tensor it holds" {
    class Own(val x: Tensor)
    quietly {
      val model = Sequential(Linear(1, 1))
      val loader = dataset(List(5) { it.toFloat() }) { it }.batches(4) { all -> Own(Tensor.of(all.toFloatArray(), all.size, 1)) }
      val history = fit(model, 1, loader, optimizer = Sgd(model.parameters(), 0.0)) { step { b -> model(b.x).mul(0).add(b.x).mean() } }
      history.epochs[0].values["train/loss"] shouldBe 2.0
    }
  }

  "validation sees eval mode and no gradients, and training mode comes back" {
    quietly {
      val model = Sequential(Linear(1, 1), Dropout(0.5))
      val seen = ArrayList<Pair<Boolean, Boolean>>()
      fit(model, 2, counting(2, 2), counting(2, 2), Sgd(model.parameters(), 0.1)) {
        step { (x, _) ->
          val y = model(x)
          seen += model.children().getValue("1").isTraining to y.requiresGrad
          isTraining shouldBe seen.last().first
          y.mean()
        }
      }
      seen shouldContainExactly listOf(true to true, false to false, true to true, false to false)
      model.isTraining shouldBe true
    }
  }

  "layers the user put into eval mode stay there after validation" {
    quietly {
      val model = Sequential(Linear(1, 1), Dropout(0.5))
      model.children().getValue("1").setTraining(false)
      evaluate(model, counting(4, 2), meanSquaredError())
      model.isTraining shouldBe true
      model.children().getValue("0").isTraining shouldBe true
      model.children().getValue("1").isTraining shouldBe false
    }
  }

  "batch norms the user put into eval mode stand still in training" {
    quietly {
      val frozen = BatchNorm1d(1).also { it.setTraining(false) }
      val model = Sequential(Linear(1, 1), frozen, BatchNorm1d(1))
      fit(model, 2, counting(4, 2), counting(2, 2), Sgd(model.parameters(), 0.01)) { step { (x, y) -> model(x).mseLoss(y) } }
      val state = model.stateDict()
      state.getValue("1.running_mean").item() shouldBe 0.0
      state.getValue("2.num_batches_tracked").itemLong() shouldBe 4L
      model.setTraining(false)
      fit(model, 1, counting(4, 2), optimizer = Sgd(model.parameters(), 0.01)) { step { (x, y) -> model(x).mseLoss(y) } }
      frozen.isTraining shouldBe true // the whole model was, and fit trains
    }
  }

  "early stopping stops after exactly patience epochs without progress" {
    for ((values, patience, minDelta, expected) in listOf(
      Stopping(listOf(5, 4, 3, 3, 3, 3, 3), 3, 0.0, 6),
      Stopping(listOf(5, 4, 6, 3, 4, 4, 9), 2, 0.0, 6),
      Stopping(listOf(5, 4, 3, 2, 1, 0, -1), 1, 0.0, 7),
      Stopping(listOf(10, 9, 8, 7, 6, 5, 4), 2, 2.0, 3),
      Stopping(listOf(10, 7, 6, 4, 3, 1, 0), 2, 2.0, 7),
    )) {
      quietly {
        val model = Sequential(Linear(1, 1))
        var epoch = 0
        val history = fit(model, 7, counting(2, 2), optimizer = Sgd(model.parameters(), 0.0)) {
          step { (x, _) -> model(x).mul(0).mean().add(values[epoch]) }
          earlyStopping(on = trainLoss, patience = patience, minDelta = minDelta)
          onEpochEnd { epoch++ }
        }
        history.epochs shouldHaveSize expected
      }
    }
  }

  "accumulating batches equals one large batch" {
    fun weights(batch: Int, steps: Int): List<Float> = quietly(seed = 5) {
      val model = Sequential(Linear(1, 1))
      fit(model, 2, counting(8, batch), optimizer = Sgd(model.parameters(), 0.01)) {
        accumulate(steps)
        step { (x, y) -> model(x).mseLoss(y.mul(2)) }
      }
      model.values()
    }
    weights(2, 4).zip(weights(8, 1)).forEach { (a, b) -> a.toDouble() shouldBe (b.toDouble() plusOrMinus 1e-5) }
    weights(3, 3).zip(weights(8, 1)).forEach { (a, b) -> a.toDouble() shouldBe (b.toDouble() plusOrMinus 1e-5) } // 3, 3, 2
  }

  "a batch whose first tensor has no rows counts as one sample" {
    quietly {
      val model = Sequential(Linear(1, 1))
      val loader = dataset(List(4) { it.toFloat() }) { it }
        .batches(2) { all -> Tensor.zeros(0) to Tensor.of(all.toFloatArray(), all.size, 1) }
      fit(model, 1, loader, optimizer = Sgd(model.parameters(), 0.1)) {
        accumulate(2)
        step { (_, x) -> model(x).mean() }
      }
      model.values().all { it.isFinite() } shouldBe true
    }
  }

  "gradients are clipped before the optimizer sees them" {
    fun moved(configure: FitScope<io.ktrain.data.Batch>.() -> Unit): List<Double> = quietly {
      val model = Sequential(Linear(1, 1))
      val before = model.values()
      fit(model, 1, counting(2, 2), optimizer = Sgd(model.parameters(), 1.0)) {
        configure()
        step { (x, _) -> model(x).sum().mul(100) }
      }
      before.zip(model.values()).map { (a, b) -> (a - b).toDouble() }
    }
    moved { gradClip(norm = 1.0) }.sumOf { it * it } shouldBe (1.0 plusOrMinus 1e-4)
    moved { gradClip(value = 0.5) }.forEach { it shouldBe (0.5 plusOrMinus 1e-6) }
    moved { }.forEach { it shouldBeGreaterThan 50.0 }
  }

  "autocast computes the step in lower types and trains f32 weights to the same end" {
    fun weights(dtype: DType?): List<Double> = quietly(seed = 5) {
      val model = Sequential(Linear(1, 1))
      fit(model, 30, counting(8, 4), optimizer = Sgd(model.parameters(), 0.02)) {
        dtype?.let { autocast(it) }
        step { (x, y) ->
          model(x).let {
            it.dtype shouldBe (dtype ?: DType.f32)
            it.mseLoss(y.mul(2))
          }
        }
      }
      model.parameters().forEach { it.dtype shouldBe DType.f32 }
      model.values().map { it.toDouble() }
    }
    val expected = weights(null)
    for (dtype in listOf(DType.bf16, DType.f16)) {
      weights(dtype).zip(expected).forEach { (a, b) -> a shouldBe (b plusOrMinus 0.05) }
    }
    shouldThrow<DTypeError> { weights(DType.f64) }.message shouldBe
      "autocast: takes bf16 or f16, got f64. Fix: autocast(bf16) { ... }."
  }

  "f16 steps whose gradients overflow are left out" {
    quietly {
      val model = Sequential(Linear(1, 1))
      val before = model.values()
      fit(model, 1, counting(2, 2), optimizer = Sgd(model.parameters(), 1.0)) {
        autocast(DType.f16)
        step { (x, _) -> model(x).mul(1e4).sum() }
      }
      model.values() shouldBe before
    }
  }

  "the schedule sets the rate of every step" {
    quietly {
      val model = Sequential(Linear(1, 1))
      val optimizer = Sgd(model.parameters(), 0.1)
      val asked = ArrayList<Moment>()
      val used = ArrayList<Double>()
      val schedule = Schedule { base, at -> asked += at; base / (1 + at.step) }
      fit(model, 2, counting(6, 2), optimizer = optimizer, schedule = schedule) {
        step { (x, _) -> model(x).mean() }
        onBatchEnd { used += optimizer.lr }
      }
      asked shouldContainExactly List(6) { Moment(it, 6, it / 3, 2) }
      used shouldContainExactly List(6) { 0.1 / (1 + it) }
    }
  }

  "callbacks run in order" {
    val calls = ArrayList<String>()
    quietly {
      val model = Sequential(Linear(1, 1))
      fit(model, 2, counting(4, 2), optimizer = Sgd(model.parameters(), 0.1)) {
        step { (x, _) -> model(x).mean() }
        onEpochEnd { calls += "epoch ${it.number}" }
        onBatchEnd { calls += "batch $it" }
        onFitEnd { calls += "end ${it.epochs.size}" }
        callback(object : Callback {
          override fun onFitStart() { calls += "start" }
        })
      }
    }
    calls shouldContainExactly listOf("start", "batch 0", "batch 1", "epoch 1", "batch 0", "batch 1", "epoch 2", "end 2")
  }

  "a loss that is NaN names its step" {
    quietly {
      val model = Sequential(Linear(1, 1))
      val before = model.values()
      val error = shouldThrow<KtrainException> {
        fit(model, 2, counting(8, 2), optimizer = Sgd(model.parameters(), 0.0)) {
          step { (x, _) -> model(x).mean().mul(if (epoch == 2 && index == 2) Double.NaN else 1.0) }
        }
      }
      error.message shouldContain "fit: the loss is NaN at step 3 of epoch 2"
      model.values() shouldBe before
    }
  }

  "what cannot work is refused before the first step" {
    quietly {
      val model = Sequential(Linear(1, 1))
      fun <T : Any> failing(epochs: Int = 1, valid: Boolean = false, configure: FitScope<io.ktrain.data.Batch>.() -> T): String =
        shouldThrow<KtrainException> {
          val loader = counting(2, 2)
          fit(model, epochs, loader, if (valid) loader else null, Sgd(model.parameters(), 0.1)) {
            configure()
          }
        }.message!!
      failing { } shouldContain "what does a step do?"
      failing(epochs = 0) { step { (x, _) -> model(x).mean() } } shouldContain "epochs must be at least 1"
      failing { step { (x, _) -> model(x).mean() }; earlyStopping(validLoss, 1) } shouldContain "Fix: fit(valid = ...)"
      failing(valid = true) { step { (x, _) -> model(x).mean() }; checkpoints("c", best = accuracy().valid) } shouldContain "metrics(...)"
      failing { metrics(accuracy(), accuracy()) } shouldContain "two called \"acc\""
      failing { gradClip() } shouldContain "gradClip(norm = 1.0)"
      failing { step { (x, _) -> log("loss", 1.0); model(x).mean() } } shouldContain "log: loss is recorded already, as the loss"
      val acc = accuracy()
      failing { metrics(acc); step { (x, _) -> log("acc", 1.0); model(x).mean() } } shouldContain "as the metric of that name"
      failing { metrics(acc); step { (x, _) -> model(x).mean() }; earlyStopping(acc.train, 1) } shouldContain
        "fit: train/acc decides, but no step updates it. Fix: acc.update(predictions, y) in the step."
      val none = counting(1, 2, dropLast = true)
      shouldThrow<KtrainException> {
        fit(model, 1, counting(2, 2), none, Sgd(model.parameters(), 0.1)) { step { (x, _) -> model(x).mean() } }
      }.message shouldContain "there is no validation batch"
      shouldThrow<KtrainException> { evaluate(model, none, acc) }.message shouldContain "evaluate: there is no batch"
      failing { step { (x, _) -> model(x) } } shouldContain "step: must give the loss as a single value, got f32[2,1]"
    }
  }

  "a metric says which shapes fit" {
    shouldThrow<ShapeError> { accuracy().update(Tensor.zeros(4, 3), Tensor.zeros(2, 4)) }.message shouldContain "logits f32[4,3]"
    shouldThrow<ShapeError> { meanSquaredError().update(Tensor.zeros(4, 1), Tensor.zeros(4)) }.message shouldContain "squeeze(-1)"
    accuracy().value.isNaN() shouldBe true
  }

  "PLAIN prints one line an epoch" {
    val printed = Printed()
    printed.of {
      val model = Sequential(Linear(1, 2))
      val acc = accuracy()
      fit(model, 2, counting(4, 2), counting(4, 2), Sgd(model.parameters(), 0.0)) {
        metrics(acc)
        step { (x, _) ->
          acc.update(model(x).mul(0).add(Tensor.of(floatArrayOf(1f, 0f))), Tensor.zeros(io.ktrain.tensor.Shape.of(2), io.ktrain.tensor.DType.i64))
          model(x).mul(0).mean().add(0.123454)
        }
      }
    }
    printed.lines shouldHaveSize 2
    printed.lines[1] shouldMatch
      Regex("""Epoch 002: \| Loss: 0\.12345 \| Acc: 1\.000 \| Valid loss: 0\.12345 \| Valid acc: 1\.000 \| Samples/s: \d+""")
  }

  "LIVE rewrites one line within the terminal's width, and leaves the epoch lines" {
    for ((columns, bar) in listOf(100 to true, 60 to false, 20 to false)) {
      val printed = Printed(output = Run.Output.LIVE, columns = columns)
      printed.of {
        val model = Sequential(Linear(1, 1))
        fit(model, 2, counting(4, 2), optimizer = Sgd(model.parameters(), 0.0)) { step { (x, _) -> model(x).mean() } }
      }
      val bars = printed.text.split('\r', '\n').filter { it.startsWith("Epoch 1/2") || it.startsWith("Epoch 2/2") }
      bars.size shouldBeGreaterThan 0
      bars.all { it.length < columns } shouldBe true
      bars.all { ("[" in it) == bar } shouldBe true
      printed.text.split('\n').count { it.substringAfterLast('\r').startsWith("Epoch 00") } shouldBe 2
    }
  }

  "QUIET prints nothing" {
    val printed = Printed(output = Run.Output.QUIET)
    printed.of {
      val model = Sequential(Linear(1, 1))
      fit(model, 2, counting(4, 2), optimizer = Sgd(model.parameters(), 0.0)) {
        step { (x, _) -> model(x).mean() }
        earlyStopping(trainLoss, 1)
      }
    }
    printed.text shouldBe ""
  }

  "Run.with sets seed, device and threads, and puts back what was there" {
    val threads = Devices.threads()
    seeded(9)
    val first = Printed().of(seed = 4, threads = 1) {
      Devices.threads() shouldBe 1
      Tensor.rand(3).toFloatArray().toList()
    }
    Printed().of(seed = 4) { Tensor.rand(3).toFloatArray().toList() } shouldBe first
    Devices.threads() shouldBe threads
    val outside = Tensor.rand(3).toFloatArray().toList()
    seeded(9)
    Tensor.rand(3).toFloatArray().toList() shouldBe outside
    Run.current().device shouldBe Device.CPU
    Run.current().output shouldBe Run.Output.PLAIN
  }
})

private data class Stopping(val values: List<Int>, val patience: Int, val minDelta: Double, val epochs: Int)

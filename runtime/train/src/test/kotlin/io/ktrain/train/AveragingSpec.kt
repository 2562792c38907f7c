package io.ktrain.train

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.StringSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.doubles.plusOrMinus
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.data.Batch
import io.ktrain.format.Safetensors
import io.ktrain.nn.BatchNorm1d
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import io.ktrain.optim.Adam
import io.ktrain.optim.LBFGS
import io.ktrain.optim.Plateau
import io.ktrain.optim.Schedule
import io.ktrain.optim.Sgd
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Tensor
import kotlin.math.pow

/** Weights of a model that is one number times x. */
private class Line : Module() {
  val layer = register("layer", Linear(1, 1, false))
  val weight get() = layer.weight.item()

  override fun forward(x: Tensor): Tensor = layer.invoke(x)
}

class AveragingSpec : StringSpec({
  "an exponential average is validated, saved and left in the model" {
    val folder = tempdir().toPath()
    quietly(directory = folder) {
      val model = Line()
      val raw = ArrayList<Double>()
      val averages = ArrayList<Double>()
      val history = fit(model, 3, counting(6, 2), counting(2, 2), Sgd(model.parameters(), 0.02)) {
        step { (x, y) ->
          if (!isTraining) log("w", model.weight)
          model(x).mseLoss(y.mul(3))
        }
        ema(decay = 0.8)
        checkpoints("kept")
        onBatchEnd {
          raw += model.weight
          averages += if (averages.isEmpty()) raw.last() else 0.8 * averages.last() + 0.2 * raw.last()
        }
      }
      raw.distinct() shouldHaveSize 9
      history.epochs.forEach { epoch ->
        epoch.values.getValue("valid/w") shouldBe (averages[epoch.number * 3 - 1] plusOrMinus 1e-5)
      }
      model.weight shouldBe (averages.last() plusOrMinus 1e-5)
      Safetensors.read(folder.resolve("kept/last.safetensors")).getValue("layer.weight").item() shouldBe model.weight
    }
  }

  "an exponential average is what an interruption saves, also while it is validated" {
    val folder = tempdir().toPath()
    quietly(directory = folder) {
      val model = Line()
      var validated = Double.NaN
      shouldThrow<Interrupted> {
        fit(model, 3, counting(6, 2), counting(2, 2), Sgd(model.parameters(), 0.02)) {
          step { (x, y) ->
            if (!isTraining) {
              validated = model.weight
              Run.current().requestStop()
            }
            model(x).mseLoss(y.mul(3))
          }
          ema(decay = 0.8)
          checkpoints("kept")
        }
      }
      Safetensors.read(folder.resolve("kept/last.safetensors")).getValue("layer.weight").item() shouldBe validated
      (model.weight == validated) shouldBe false // the model has its own weights back
    }
  }

  "a stochastic average is the newest checkpoint, and its pass over the data is no validation" {
    val folder = tempdir().toPath()
    quietly(directory = folder) {
      val model = Sequential(Linear(1, 1, false), BatchNorm1d(1))
      val modes = ArrayList<Boolean>()
      fit(model, 4, counting(6, 3), optimizer = Sgd(model.parameters(), 0.05)) {
        step { (x, y) ->
          modes += isTraining
          model(x).mseLoss(y)
        }
        swa(lr = 0.01, start = 0.5)
        checkpoints("kept")
      }
      modes.distinct() shouldContainExactly listOf(true)
      val saved = Safetensors.read(folder.resolve("kept/last.safetensors"))
      model.stateDict().forEach { (name, value) -> saved.getValue(name).toFloatArray() shouldBe value.toFloatArray() }
    }
  }

  "stochastic averaging takes the ends of the last epochs, at a rate of its own" {
    quietly {
      val model = Line()
      val optimizer = Sgd(model.parameters(), 0.01)
      val ends = ArrayList<Double>()
      val rates = ArrayList<Double>()
      fit(model, 8, counting(4, 2), counting(2, 2), optimizer, Schedule.exponential(0.9)) {
        step { (x, y) -> model(x).mseLoss(y.mul(3)) }
        swa(lr = 0.002, start = 0.5, annealEpochs = 2, linear = true)
        onEpochEnd {
          ends += model.weight
          rates += optimizer.lr
        }
      }
      model.weight shouldBe (ends.takeLast(4).average() plusOrMinus 1e-5)
      val left = 0.01 * 0.9.pow(4)
      val expected = List(4) { 0.01 * 0.9.pow(it) } + listOf(left, (left + 0.002) / 2, 0.002, 0.002)
      rates.zip(expected).forEach { (rate, e) -> rate shouldBe (e plusOrMinus 1e-12) }
    }
  }

  "the batch norms of a stochastic average are measured anew" {
    quietly {
      val model = Sequential(Linear(1, 1, false), BatchNorm1d(1))
      fit(model, 4, counting(6, 3), optimizer = Sgd(model.parameters(), 0.05)) {
        step { (x, y) -> model(x).mseLoss(y) }
        swa(lr = 0.01, start = 0.5)
      }
      val weight = model.parameters().first().item()
      val state = model.stateDict()
      state.getValue("1.num_batches_tracked").itemLong() shouldBe 2L
      state.getValue("1.running_mean").item() shouldBe (weight * 2.5 plusOrMinus 1e-4) // of 0..5
      state.getValue("1.running_var").item() shouldBe (weight * weight plusOrMinus 1e-4) // of three neighbours
    }
  }

  "a loop of one's own measures batch norms too" {
    quietly {
      val model = Sequential(BatchNorm1d(1))
      model.setTraining(false)
      updateBn(counting(6, 3), model)
      model.stateDict().getValue("0.running_mean").item() shouldBe (2.5 plusOrMinus 1e-5)
      model.isTraining shouldBe false
    }
  }

  "a plateau lowers the rate of fit by what it watches" {
    quietly {
      val model = Line()
      val optimizer = Sgd(model.parameters(), 0.1)
      val losses = listOf(5, 4, 4, 4, 3, 4, 4, 4)
      val rates = ArrayList<Double>()
      var epoch = 0
      val plateau = MonitoredPlateau(validLoss, Plateau(true, 0.5, 1, 1e-4, true, 0, 0.0))
      fit(model, 8, counting(2, 2), counting(2, 2), optimizer, plateau) {
        step { (x, _) -> model(x).mul(0).mean().add(if (isTraining) 1 else losses[epoch]) }
        onEpochEnd {
          epoch++
          rates += optimizer.lr
        }
      }
      rates shouldContainExactly listOf(0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025)
      shouldThrow<KtrainException> {
        fit(model, 1, counting(2, 2), optimizer = optimizer, schedule = plateau) { step { (x, _) -> model(x).mean() } }
      }.message shouldContain "plateau: valid/loss is not recorded"
    }
  }

  "a sequence begins each schedule at its milestone, steps and epochs alike" {
    quietly {
      val model = Line()
      val optimizer = Sgd(model.parameters(), 1.0)
      val rates = ArrayList<Double>()
      val schedule = Schedule.sequential(listOf(Schedule.cosine(0.0, 0.0), Schedule.linearWarmup(4, 0.0, 1.0)), 1)
      fit(model, 3, counting(4, 2), optimizer = optimizer, schedule = schedule) {
        step { (x, _) -> model(x).mean().mul(0) }
        onBatchEnd { rates += optimizer.lr }
      }
      rates.zip(listOf(1.0, 0.5, 0.0, 0.25, 0.5, 0.75)).forEach { (rate, e) -> rate shouldBe (e plusOrMinus 1e-12) }
      shouldThrow<KtrainException> { Schedule.sequential(listOf(schedule), 1) }.message shouldContain "sequential: 1 schedules"
    }
  }

  "L-BFGS is for a loop of one's own" {
    quietly(seed = 4) {
      val data = Iris(120)
      val model = mlp(4, 8, 3)
      val optimizer = LBFGS(model.parameters(), 1.0, 20, 25, 1e-7, 1e-9, 10, true)
      shouldThrow<KtrainException> {
        fit(model, 1, data.train, optimizer = optimizer) { step { (x, y) -> model(x).crossEntropy(y) } }
      }.message shouldContain "Fix: a loop of your own with optimizer.step { loss }"
      var loss = 0.0
      repeat(10) {
        for ((x, y) in data.train) step { loss = optimizer.step { model(x).crossEntropy(y) }.item() }
      }
      (loss < 0.05) shouldBe true
    }
  }

  "wrong settings are refused" {
    quietly {
      val model = Line()
      fun failing(configure: FitScope<Batch>.() -> Unit): String = shouldThrow<KtrainException> {
        fit(model, 1, counting(2, 2), optimizer = Adam(model.parameters(), 0.1)) {
          step { (x, _) -> model(x).mean() }
          configure()
        }
      }.message.orEmpty()
      failing { ema(1.5) } shouldContain "ema: decay must lie in 0 up to but not 1, got 1.5"
      failing { swa(lr = 0.1, start = 1.0) } shouldContain "swa: start is a part of the run"
      failing { swa(lr = -0.1) } shouldContain "swa: start, annealEpochs and lr must be at least 0"
      failing { ema(0.9); swa(lr = 0.1) } shouldContain "there are two averages"
      failing { gradClip(norm = 1.0, normType = 0.0) } shouldContain "normType must be positive or infinity"
      shouldThrow<KtrainException> { Plateau(true, 1.0, 1, 0.0, true, 0, 0.0) }.message shouldContain "factor must lie between"
    }
  }
})

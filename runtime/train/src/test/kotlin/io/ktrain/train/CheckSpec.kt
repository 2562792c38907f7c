package io.ktrain.train

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.StringSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.data.Example
import io.ktrain.data.batches
import io.ktrain.data.dataset
import io.ktrain.nn.BatchNorm1d
import io.ktrain.nn.Dropout
import io.ktrain.nn.Linear
import io.ktrain.nn.Parameter
import io.ktrain.nn.Sequential
import io.ktrain.optim.AdamW
import io.ktrain.optim.Schedule
import io.ktrain.optim.Sgd
import io.ktrain.tensor.Check
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.StateDictError
import io.ktrain.tensor.Tensor
import kotlin.io.path.listDirectoryEntries

/** `ktrain check`: shapes are real, values are not, nothing is written. */
class CheckSpec : StringSpec({
  fun data(n: Int) = dataset(List(n) { it }, sample = { Example(Tensor.zeros(4), 0) }) { error("opened") }

  "one epoch of a full and a last batch, through everything, with nothing written" {
    val folder = tempdir().toPath()
    val printed = Printed(directory = folder)
    val calls = ArrayList<String>()
    val check = Check()
    Check.run(check) {
      printed.of {
        val model = Sequential(Linear(Parameter.LAZY, 8, true), BatchNorm1d(8), Dropout(0.5), Linear(8, 3))
        val acc = accuracy()
        val sizes = ArrayList<Int>()
        val history = fit(model, 50, data(20).batches(8), data(20).batches(8), AdamW(model.parameters(), 0.1), Schedule.cosine(0.1, 0.0)) {
          metrics(acc)
          step { (x, y) ->
            sizes += x.size(0)
            val logits = model(x)
            acc.update(logits, y)
            log("logged", logits.mean())
            logits.crossEntropy(y)
          }
          gradClip(norm = 1.0, value = 1.0)
          accumulate(2)
          earlyStopping(on = acc.valid, patience = 1)
          checkpoints("c", best = acc.valid)
          csvLog("a.csv")
          onBatchEnd { calls += "batch" }
          onEpochEnd { calls += "epoch" }
          onFitEnd { calls += "end" }
        }
        sizes shouldContainExactly listOf(8, 4, 8, 4)
        history.epochs shouldHaveSize 1
        history.best(acc.valid)[acc.valid].isNaN() shouldBe true
        evaluate(model, data(20).batches(8), acc).isNaN() shouldBe true
      }
    }
    calls shouldContainExactly listOf("batch", "batch", "epoch", "end")
    printed.text shouldBe ""
    check.valuesRead() shouldBe false
    folder.listDirectoryEntries().shouldBeEmpty()
  }

  "a layer of the wrong width is found" {
    Check.run(Check()) {
      val model = Sequential(Linear(4, 8), Linear(9, 3))
      val error = shouldThrow<ShapeError> {
        fit(model, 1, data(8).batches(8), optimizer = Sgd(model.parameters(), 0.1)) { step { (x, y) -> model(x).crossEntropy(y) } }
      }
      error.message shouldContain "this layer is linear(9, 3)"
      error.layers() shouldHaveSize 2
    }
  }

  "what would have been saved can be loaded by its shapes" {
    val file = tempdir().toPath().resolve("m.safetensors")
    Check.run(Check()) {
      Sequential(Linear(4, 8)).save(file)
      Sequential(Linear(4, 8)).load(file)
      shouldThrow<StateDictError> { Sequential(Linear(5, 8)).load(file) }.message shouldContain "0.weight is f32[8,5] here but f32[8,4] there"
    }
    file.toFile().exists() shouldBe false
    Check.run(Check()) { Sequential(Linear(4, 8)).load(file.resolveSibling("of-another-run.safetensors")) }
  }

  "step { } works on shapes" {
    Check.run(Check()) {
      val model = Sequential(Linear(4, 8))
      val loss = step {
        val loss = model(Tensor.zeros(2, 4)).sum()
        loss.backward()
        loss
      }
      loss.item().isNaN() shouldBe true
    }
  }
})

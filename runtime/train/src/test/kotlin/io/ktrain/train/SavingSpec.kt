package io.ktrain.train

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.StringSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.doubles.plusOrMinus
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.format.Safetensors
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.nn.Parameter
import io.ktrain.nn.Sequential
import io.ktrain.optim.Sgd
import io.ktrain.tensor.StateDictError
import io.ktrain.tensor.Tensor
import java.nio.file.Files
import java.nio.file.Path
import kotlin.concurrent.thread
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name
import kotlin.io.path.readLines

internal class Doubled(private val width: Int) : Module() {
  val fc = register("fc", Linear(width, width))

  override fun arguments(): List<Any> = listOf(width)

  override fun forward(x: Tensor): Tensor = fc(x).mul(2.0)
}

class SavingSpec : StringSpec({
  fun Path.names() = listDirectoryEntries().map { it.name }.sorted()

  /** Trains one weight so that each epoch's loss is what [losses] says. */
  fun Module.lose(losses: List<Double>, configure: FitScope<io.ktrain.data.Batch>.() -> Unit): History {
    var epoch = 0
    val model = this
    return fit(model, losses.size, counting(2, 2), optimizer = Sgd(model.parameters(), 0.1)) {
      step { (x, _) -> model(x).mean().let { it.sub(it.detach()) }.add(losses[epoch]) }
      onEpochEnd { epoch++ }
      configure()
    }
  }

  "a model comes back as it was saved" {
    val file = tempdir().toPath().resolve("m.safetensors")
    val model = mlp(4, 8, 3)
    model.save(file)
    val other = mlp(4, 8, 3)
    other.load(file)
    other.values() shouldBe model.values()
  }

  "a .ktrain bundle is the model itself, and weights for another" {
    val file = tempdir().toPath().resolve("new/m.ktrain")
    val model = mlp(4, 8, 3)
    model.save(file)
    val made = loadModel(file)
    made.toString() shouldBe model.toString()
    made.values() shouldBe model.values()
    mlp(4, 8, 3).also { it.load(file) }.values() shouldBe model.values()
    shouldThrow<io.ktrain.tensor.FormatError> { loadModel(file.resolveSibling("w.safetensors").also(model::save)) }
      .message shouldContain "no architecture"
  }

  "a class of one's own is given to loadModel" {
    val file = tempdir().toPath().resolve("m.ktrain")
    val model = Doubled(3)
    model.save(file)
    shouldThrow<io.ktrain.tensor.FormatError> { loadModel(file) }.message shouldContain "Fix: give the class (in Kotlin Doubled::class)"
    loadModel(file, Doubled::class).values() shouldBe model.values()
  }

  "loading says everything that does not fit, and changes nothing" {
    val file = tempdir().toPath().resolve("m.safetensors")
    Sequential(Linear(4, 8), Linear(8, 3)).save(file)
    val other = Sequential(Linear(4, 9, false), Linear(8, 3))
    val before = other.values()
    val message = shouldThrow<StateDictError> { other.load(file) }.message!!
    message shouldContain "0.weight is f32[9,4] here but f32[8,4] there"
    message shouldContain "unexpected: 0.bias"
    shouldThrow<StateDictError> { Sequential(Linear(4, 8), Linear(8, 3), Linear(3, 1)).load(file) }.message shouldContain
      "missing: 2.weight"
    other.values() shouldBe before
  }

  "layers of open size take the file's" {
    val file = tempdir().toPath().resolve("m.safetensors")
    val model = Sequential(Linear(4, 8))
    model.save(file)
    val open = Sequential(Linear(Parameter.LAZY, 8, true))
    open.load(file)
    open(Tensor.ones(1, 4)).toFloatArray() shouldBe model(Tensor.ones(1, 4)).toFloatArray()
  }

  "the best models are kept under epoch and value, and the newest" {
    val folder = tempdir().toPath()
    quietly(directory = folder) {
      val model = Sequential(Linear(1, 1))
      val weights = ArrayList<List<Float>>()
      val history = model.lose(listOf(5.0, 3.0, 4.0, 1.0, 2.0)) {
        checkpoints("kept", keep = 2)
        onEpochEnd { weights += model.values() }
      }
      folder.resolve("kept").names() shouldContainExactly
        listOf("epoch-004-train-loss-1.00000.safetensors", "epoch-005-train-loss-2.00000.safetensors", "last.safetensors")
      history.best(Monitor.trainLoss).number shouldBe 4
      model.load(folder.resolve("kept/epoch-004-train-loss-1.00000.safetensors"))
      model.values() shouldBe weights[3]
      model.load(folder.resolve("kept/last.safetensors"))
      model.values() shouldBe weights[4]
      Safetensors.metadata(folder.resolve("kept/last.safetensors")) shouldBe mapOf("epoch" to "5", "train/loss" to "2.0")
    }
  }

  "of equal epochs the earlier stays" {
    val folder = tempdir().toPath()
    quietly {
      Sequential(Linear(1, 1)).lose(listOf(2.0, 2.0)) { checkpoints(folder) }
      folder.names() shouldContainExactly listOf("epoch-001-train-loss-2.00000.safetensors", "last.safetensors")
    }
  }

  "a CSV line an epoch" {
    val folder = tempdir().toPath()
    quietly(directory = folder) {
      Sequential(Linear(1, 1)).lose(listOf(2.0, 1.0)) { csvLog("logs/a.csv") }
      val lines = folder.resolve("logs/a.csv").readLines()
      lines[0] shouldBe "epoch,train/loss,lr,samples/s"
      lines.drop(1).map { it.substringBeforeLast(',') } shouldBe listOf("1,2.0,0.1", "2,1.0,0.1")
      val model = Sequential(Linear(1, 1))
      fit(model, 1, counting(2, 2), optimizer = Sgd(model.parameters(), 0.1)) {
        step { (x, _) ->
          log("a, \"b\"", 1.0)
          model(x).mean()
        }
        csvLog("b.csv")
      }
      folder.resolve("b.csv").readLines()[0] shouldBe "epoch,train/loss,\"train/a, \"\"b\"\"\",lr,samples/s"
    }
  }

  "asked to stop, fit saves and says where" {
    val folder = tempdir().toPath()
    val printed = Printed(directory = folder)
    val stopped = printed.of {
      shouldThrow<Interrupted> {
        Sequential(Linear(1, 1)).lose(listOf(3.0, 2.0, 1.0)) {
          checkpoints("c")
          callback(object : Callback {
            override fun onBatchEnd(epoch: Int, step: Int, loss: Double) {
              Run.current().isFitting shouldBe true
              if (epoch == 3) thread { printed.run.requestStop() }.join()
            }
          })
        }
      }
    }
    stopped.saved.map { it.name } shouldContainExactly listOf("epoch-002-train-loss-2.00000.safetensors", "last.safetensors")
    stopped.saved.forEach { Files.exists(it) shouldBe true }
    stopped.message shouldContain "The best model so far is in"
    printed.lines.last() shouldBe stopped.message
    printed.run.isFitting shouldBe false
  }

  "asked to stop without checkpoints, fit says that nothing was saved" {
    val printed = Printed()
    printed.of {
      printed.run.requestStop()
      shouldThrow<Interrupted> { Sequential(Linear(1, 1)).lose(listOf(3.0)) {} }.message shouldContain "Nothing was saved"
    }
  }

  "many threads share one predictor" {
    val file = tempdir().toPath().resolve("m.safetensors")
    val model = mlp(4, 16, 3)
    model.save(file)
    val samples = List(64) { i -> FloatArray(4) { (i * it % 7).toFloat() } }
    val expected = samples.map { model(Tensor.of(it, 1, 4)).argmax(1).itemLong() }
    val predictor = Predictor.load(file, mlp(4, 16, 3), { s: FloatArray -> Tensor.of(s) }, { it.argmax(0).itemLong() })
    val got = arrayOfNulls<Long>(samples.size)
    val failures = java.util.concurrent.ConcurrentLinkedQueue<Throwable>()
    List(4) { t ->
      thread {
        try {
          for (i in samples.indices) if (i % 4 == t) got[i] = predictor.predict(samples[i])
        } catch (e: Throwable) {
          failures += e
        }
      }
    }.forEach { it.join() }
    failures.toList() shouldBe emptyList()
    got.toList() shouldBe expected
    predictor.close()
    shouldThrow<io.ktrain.tensor.KtrainException> { predictor.predict(samples[0]) }.message shouldContain "closed"
  }

  "a predictor may answer with a tensor" {
    val file = tempdir().toPath().resolve("m.safetensors")
    mlp(2, 2).save(file)
    Predictor.load(file, mlp(2, 2), { s: FloatArray -> Tensor.of(s) }, { it.softmax(0) }).use {
      it.predict(floatArrayOf(1f, 2f)).sum().item() shouldBe (1.0 plusOrMinus 1e-6)
    }
  }
})

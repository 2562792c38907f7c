package io.ktrain.dsl

import io.kotest.core.spec.style.StringSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.doubles.plusOrMinus
import io.kotest.matchers.doubles.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import io.ktrain.data.Example
import io.ktrain.data.batches
import io.ktrain.data.dataset
import io.ktrain.data.iris
import io.ktrain.data.split
import io.ktrain.nn.Module
import io.ktrain.optim.Moment
import io.ktrain.optim.Schedule
import io.ktrain.tensor.Device
import io.ktrain.tensor.Tensor
import io.ktrain.train.Callback
import io.ktrain.train.History
import io.ktrain.train.Run
import io.ktrain.train.accuracy
import io.ktrain.train.evaluate
import io.ktrain.train.fit
import io.ktrain.train.load
import io.ktrain.train.save
import io.ktrain.train.step
import io.ktrain.train.summary
import java.io.PrintStream
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name

private fun <T> quietly(directory: java.nio.file.Path? = null, body: () -> T): T =
  Run.with(Run(Device.CPU, 1, 2, directory, Run.Output.QUIET, PrintStream(java.io.OutputStream.nullOutputStream())) { 80 }, body)

class TrainingSpec : StringSpec({
  "a fit with every word" {
    val folder = tempdir().toPath()
    quietly(folder) {
      val (train, valid) = iris().split(120, 30)
      val model = sequential { linear(4, 16); relu(); linear(out = 3) }
      val acc = accuracy()
      var batches = 0
      var ended: History? = null
      val history = fit(
        model, 40,
        train = train.batches(16, shuffle = true, workers = 2),
        valid = valid.batches(30),
        optimizer = AdamW(model.parameters(), lr = 0.02, weightDecay = 0.01),
        schedule = cosine(warmup = 0.05),
      ) {
        metrics(acc)
        step { (x, y) ->
          val logits = model(x)
          acc.update(logits, y)
          log("largest", logits.max().item())
          crossEntropy(logits, y)
        }
        gradClip(norm = 1.0)
        accumulate(1)
        earlyStopping(on = validLoss, patience = 40)
        checkpoints("best", best = acc.valid, keep = 3)
        csvLog("log.csv")
        onBatchEnd { batches++ }
        onEpochEnd { it.values.keys shouldContain "train/largest" }
        onFitEnd { ended = it }
        callback(object : Callback {})
      }
      history.best(acc.valid)[acc.valid] shouldBeGreaterThan 0.95
      batches shouldBe history.epochs.size * 8
      ended shouldBe history
      folder.listDirectoryEntries().map { it.name }.sorted() shouldBe listOf("best", "log.csv")
      folder.resolve("best").listDirectoryEntries().size shouldBe 4
      model.save(folder.resolve("new/model.safetensors"))
      val again = sequential { linear(4, 16); relu(); linear(out = 3) }
      again.load(folder.resolve("new/model.safetensors"))
      evaluate(again, valid.batches(30), acc) shouldBe history.epochs.last()[acc.valid]
    }
  }

  "steps over batches of every kind" {
    class TextBatch(val ids: Tensor)
    quietly {
      val model = sequential { linear(4, 2) }
      fun sgd() = Sgd(model.parameters(), lr = 0.0)
      val ten = List(10) { it }
      val own = dataset(ten) { listOf(it, it, it, it) }.batches(4, collate = { rows -> TextBatch(pad(rows)) })
      fit(model, 1, train = own, optimizer = sgd()) { step { b -> model(b.ids.to(f32)).sum() } }
      val rows = dataset(ten) { Triple(zeros(4), it % 2, "name") }
      fit(model, 1, train = rows.batches(4, collate = { r -> r }), optimizer = sgd()) { step { r -> model(stack(r.map { it.first })).sum() } }
      fit(model, 1, train = rows.batches<Triple<Tensor, Tensor, List<String>>>(4), optimizer = sgd()) {
        step { (x, y, names) -> log(names.first(), 1.0); crossEntropy(model(x), y) }
      }
      val maps = dataset(ten) { mapOf("x" to zeros(4), "y" to it % 2) }.batches<Map<String, Tensor>>(4)
      fit(model, 1, train = maps, optimizer = sgd()) { step { b -> crossEntropy(model(b.getValue("x")), b.getValue("y")) } }
      fit(model, 1, train = dataset(ten) { zeros(4) to it % 2 }.batches(4), optimizer = sgd()) { step { (x, y) -> crossEntropy(model(x), y) } }
      fit(model, 1, train = dataset(ten) { zeros(4) }.batches(4), optimizer = sgd()) { step { model(it).mean() } }
      fit(model, 1, train = dataset(ten) { Example(zeros(4), it % 2) }.batches(4), optimizer = sgd()) {
        step { (x, y) -> crossEntropy(model(x), y) }
      }
    }
  }

  "a loop of one's own" {
    quietly {
      val model = sequential { linear(4, 16); tanh(); linear(16, 3) }
      val (train, test) = iris().split(120, 30)
      val optimizer = Adam(model.parameters(), lr = 0.02)
      for (epoch in 1..20) {
        model.train()
        for ((x, y) in train.batches(16, shuffle = true)) step {
          val loss = crossEntropy(model(x), y)
          optimizer.zeroGrad()
          loss.backward()
          optimizer.step()
        }
        model.eval()
      }
      val correct = noGrad { test.batches(7).sumOf { (x, y) -> (model(x).argmax(1) eqTo y).sum().item() } }
      correct / test.size shouldBeGreaterThan 0.9
    }
  }

  "optimizers by name, with groups" {
    class Two : Module() {
      val backbone by linear(2, 2)
      val head by linear(2, 2)
    }
    val model = Two()
    val grouped = AdamW(model.head.parameters() at 1e-3, model.backbone.parameters() at 1e-5, weightDecay = 0.1)
    grouped.groups.map { it.lr } shouldBe listOf(1e-3, 1e-5)
    Sgd(model.parameters(), 0.1).lr shouldBe 0.1
    Sgd(model.parameters(), lr = 0.1, momentum = 0.9, nesterov = true).lr shouldBe 0.1
    Adam(model.parameters(), betas = 0.8 to 0.99, amsgrad = true).lr shouldBe 1e-3
    Sgd(model.head.parameters() at 0.5, lr = 0.1).groups.single().lr shouldBe 0.5
    AdamW(model.parameters(), 1e-2).lr shouldBe 1e-2
  }

  "schedules by name" {
    fun Schedule.at(step: Int) = lr(1.0, Moment(step, 10, step, 10))
    stepLr(2, gamma = 0.1).at(3) shouldBe (0.1 plusOrMinus 1e-12)
    multiStepLr(listOf(1, 2), gamma = 0.5).at(2) shouldBe 0.25
    exponential(0.5).at(2) shouldBe 0.25
    linearWarmup(4, startFactor = 0.5).at(2) shouldBe 0.75
    constantLr(0.5, totalEpochs = 2).at(2) shouldBe 1.0
    polynomial(4).at(1) shouldBe 0.75
    cosine(etaMin = 0.5).at(10) shouldBe 0.5
    cosineAnnealing(5, etaMin = 0.1).at(5) shouldBe (0.1 plusOrMinus 1e-12)
    cosineRestarts(3, tMult = 2).at(3) shouldBe 1.0
    oneCycle(2.0).at(2) shouldBe (2.0 plusOrMinus 1e-9)
  }

  "a frozen part keeps its bits" {
    quietly {
      class Tuned : Module() {
        val backbone by sequential { linear(4, 8); relu() }.freeze()
        val head by linear(8, 3)
        override fun forward(x: Tensor) = head(backbone(x))
      }
      val model = Tuned()
      fun bits(part: Module) = part.parameters().flatMap { it.toFloatArray().toList() }
      val body = bits(model.backbone)
      val head = bits(model.head)
      fit(model, 1, train = iris().batches(32), optimizer = AdamW(model.parameters(), 0.01)) { step { (x, y) -> crossEntropy(model(x), y) } }
      bits(model.backbone) shouldBe body
      (bits(model.head) == head) shouldBe false
      summary(model, 4).trainableParameters shouldBe 8 * 3 + 3
    }
  }
})

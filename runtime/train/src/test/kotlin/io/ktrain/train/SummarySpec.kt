package io.ktrain.train

import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.doubles.plusOrMinus
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.nn.Activation
import io.ktrain.nn.AdaptiveAvgPool2d
import io.ktrain.nn.BatchNorm1d
import io.ktrain.nn.Conv2d
import io.ktrain.nn.Dropout
import io.ktrain.nn.Embedding
import io.ktrain.nn.Flatten
import io.ktrain.nn.Linear
import io.ktrain.nn.MaxPool2d
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import io.ktrain.tensor.Conv2dOptions
import io.ktrain.tensor.DType
import io.ktrain.tensor.Pool2dOptions
import io.ktrain.tensor.Tensor

class SummarySpec : StringSpec({
  fun relu() = Activation("ReLU", "", Tensor::relu)

  /** VGG16's layers, without the memory: its sizes are what torchsummary's figures are known for. */
  fun vgg16(): Sequential {
    val layers = ArrayList<Module>()
    var channels = 3
    for (width in listOf(64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)) {
      if (width == 0) {
        layers += MaxPool2d(Pool2dOptions.of(2))
      } else {
        layers += listOf(Conv2d(channels, width, 3, 3, Conv2dOptions.of(1, 1), true), relu())
        channels = width
      }
    }
    val classifier = listOf(Linear(25088, 4096), relu(), Dropout(0.5), Linear(4096, 4096), relu(), Dropout(0.5), Linear(4096, 1000))
    return Sequential(Sequential(layers), AdaptiveAvgPool2d(7, 7), Flatten(), Sequential(classifier))
  }

  "VGG16's table has torchsummary's figures" {
    var summary: Summary? = null
    io.ktrain.tensor.Check.run(io.ktrain.tensor.Check()) { summary = summary(vgg16(), 3, 224, 224) }
    val s = summary!!
    s.totalParameters shouldBe 138_357_544
    s.trainableParameters shouldBe 138_357_544
    s.inputMegabytes shouldBe (0.57 plusOrMinus 0.005)
    // torchsummary's 218.78 has no row for flatten, which this model has as a layer.
    s.activationMegabytes shouldBe (218.78 + 2 * 25088 * 4.0 / (1 shl 20) plusOrMinus 0.005)
    s.parameterMegabytes shouldBe (527.79 plusOrMinus 0.005)
    s.rows[0].let { listOf(it.name, it.layer, it.shape, it.parameters) } shouldBe listOf("0.0", "Conv2d", listOf(-1, 64, 224, 224), 1792L)
    s.rows.last().let { listOf(it.name, it.layer, it.shape, it.parameters) } shouldBe listOf("3.6", "Linear", listOf(-1, 1000), 4_097_000L)
    s.rows.size shouldBe 40
    s.toString() shouldContain "138,357,544 (trainable: 138,357,544)"
    s.toString() shouldContain "parameters 527.79 MB"
  }

  "nothing runs and nothing changes" {
    val model = Sequential(Linear(4, 8), BatchNorm1d(8), Linear(8, 3))
    model.children().getValue("0").setRequiresGrad(false)
    val before = model.values()
    summary(model, 4).let {
      it.rows.map { row -> row.layer } shouldContainExactly listOf("Linear", "BatchNorm1d", "Linear")
      it.totalParameters shouldBe 4 * 8 + 8 + 16 + 8 * 3 + 3
      it.trainableParameters shouldBe 16 + 8 * 3 + 3
    }
    model.values() shouldBe before
    model.isTraining shouldBe true
    model(Tensor.zeros(2, 4)) // the hooks are gone: no row is written any more
  }

  "a shared layer counts once, and labels may be the input" {
    class Twice : Module() {
      val table = register("table", Embedding(10, 4))
      val inner = register("inner", Linear(4, 4))

      override fun forward(x: Tensor): Tensor = inner(inner(table(x)))
    }
    val s = summary(Twice(), 7, dtype = DType.i64)
    s.rows.map { it.parameters } shouldContainExactly listOf(40L, 20L, 0L)
    s.rows.map { it.shape } shouldContainExactly List(3) { listOf(-1, 7, 4) }
    s.totalParameters shouldBe 60
  }
})

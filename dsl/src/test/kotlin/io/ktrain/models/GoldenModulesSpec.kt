package io.ktrain.models

import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.doubles.plusOrMinus
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.dsl.*
import io.ktrain.nn.Activation
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.tensor.Check
import io.ktrain.tensor.Shape
import io.ktrain.tensor.Tensor
import io.ktrain.train.Summary
import io.ktrain.train.summary
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.double
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long

private class Fn : Module() {
  val lin by linear(3, 2)
  val blk by sequential { relu(); dropout(0.5) }
  val w by parameter(2, 3) { ones(it) }
  override fun forward(x: Tensor): Tensor = blk(lin(x))
  override fun extraRepr(): String = "name=demo"
}

private fun smallCnn() = sequential {
  conv2d(1, 10, kernel = 5)
  maxPool2d(2)
  relu()
  conv2d(10, 20, kernel = 5)
  dropout2d()
  flatten()
  linear(1280, 50)
  linear(50, 10)
}

private class Attend(width: Int) : Module() {
  val q by linear(width, width)
  val k by linear(width, width)
  val scale by parameter(width)
  operator fun invoke(query: Tensor, memory: Tensor): Tensor = q(query).matmul(k(memory).transpose(-2, -1))
}

/** How modules print, are walked through and are summed up, as PyTorch and torchsummary recorded it. */
class GoldenModulesSpec : StringSpec({
  fun compare(summary: Summary, recorded: JsonObject) {
    fun number(key: String) = recorded.getValue(key).jsonPrimitive.double
    val rows = recorded.getValue("rows").jsonArray.map { row ->
      val (label, shape, parameters) = row.jsonArray
      "${label.jsonPrimitive.content} ${Golden.texts(shape.jsonArray)} ${parameters.jsonPrimitive.content}"
    }
    summary.rows.mapIndexed { i, it -> "${it.layer}-${i + 1} ${it.shape} ${it.parameters}" } shouldContainExactly rows
    summary.totalParameters shouldBe recorded.getValue("total_params").jsonPrimitive.long
    summary.trainableParameters shouldBe recorded.getValue("trainable").jsonPrimitive.long
    summary.inputMegabytes shouldBe (number("input_mb") plusOrMinus 0.005)
    summary.activationMegabytes shouldBe (number("forward_backward_mb") plusOrMinus 0.005)
    summary.parameterMegabytes shouldBe (number("params_mb") plusOrMinus 0.005)
  }

  "the tables of vgg16 and resnet18, without their memory" {
    Check.run(Check()) {
      val table = summary(vgg16(), 3, 224, 224)
      compare(table, Golden.of("vgg16").getValue("summary_3x224x224").jsonObject)
      table.toString().lines().takeLast(9).filter { !it.startsWith("---") } shouldContainExactly listOf(
        "Total params: 138,357,544",
        "Trainable params: 138,357,544",
        "Non-trainable params: 0",
        "Input size (MB): 0.57",
        "Forward/backward pass size (MB): 218.78",
        "Params size (MB): 527.79",
        "Estimated Total Size (MB): 747.15",
      )
      table.toString() shouldContain Regex("features.0 +Conv2d-1 +\\[-1, 64, 224, 224] +1,792\n")
      compare(summary(resnet18(), 3, 224, 224), Golden.of("resnet18").getValue("summary_3x224x224").jsonObject)
    }
  }

  "a small network's table and text" {
    compare(summary(smallCnn(), 1, 28, 28), Golden.of("small_cnn").getValue("summary_1x28x28").jsonObject)
    smallCnn().toString() shouldBe Golden.of("small_cnn").getValue("repr").jsonPrimitive.content
  }

  "text, names and order of a module" {
    val recorded = Golden.of("module_repr")
    fun names(key: String) = Golden.texts(recorded.getValue(key).jsonArray)
    val fn = Fn()
    fn.toString() shouldBe recorded.getValue("repr").jsonPrimitive.content
    fn.namedModules().keys.toList() shouldContainExactly names("named_modules")
    fn.namedParameters().keys.toList() shouldContainExactly names("named_parameters")
    fn.children().keys.toList() shouldContainExactly names("children")
    val visited = ArrayList<String>()
    fn.apply { visited += (it as? Activation)?.type() ?: it.javaClass.simpleName }
    visited shouldContainExactly names("apply_order")
  }

  "a model of several inputs, from their shapes" {
    val model = Attend(8)
    val table = summary(model, zeros(2, 5, 8), zeros(2, 7, 8)) { (query, memory) ->
      model(query, memory).shape shouldBe Shape.of(2, 5, 7)
    }
    table.rows.map { "${it.name} ${it.shape}" } shouldContainExactly listOf("q [-1, 5, 8]", "k [-1, 7, 8]")
    table.totalParameters shouldBe 2 * (64 + 8) + 8
    table.inputMegabytes shouldBe ((5 + 7) * 8 * 4.0 / (1 shl 20) plusOrMinus 1e-12)
  }

  "lists of modules have no row of their own" {
    class Twice : Module() {
      val all by moduleList(2) { Linear(4, 4) }
      override fun forward(x: Tensor): Tensor = all.fold(x) { h, layer -> layer(layer(h)) }
    }
    summary(Twice(), 4).rows.map { "${it.name} ${it.parameters}" } shouldContainExactly
      listOf("all.0 20", "all.0 0", "all.1 20", "all.1 0")
  }
})

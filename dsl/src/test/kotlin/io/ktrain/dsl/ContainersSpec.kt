package io.ktrain.dsl

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.models.resnet18
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Shape
import io.ktrain.tensor.Tensor

private class Mixed : Module() {
  val blocks by moduleList(2) { Linear(4, 4) }
  val others by moduleList { linear(4, 4); relu() }
  val heads by moduleDict { linear(4, 2) named "age"; linear(4, 3, bias = false) named "kind" }
  val typed by moduleDict("left" to Linear(4, 1), "right" to Linear(4, 1))
  val scales by parameterList(2) { ones(4) }
  val shifts by parameterDict("a" to zeros(4))

  override fun forward(x: Tensor): Tensor {
    var h = x
    for (block in blocks) h = block(h)
    for (other in others) h = other(h)
    for (scale in scales) h = h * scale
    h += shifts["a"]
    return heads["age"](h) + typed["left"](h)
  }
}

private class Heads : Module() {
  var fc: Module by linear(4, 10)
  var narrow by linear(4, 2)
  override fun forward(x: Tensor): Tensor = fc(x)
}

class ContainersSpec : StringSpec({
  "keys of lists and dicts are PyTorch's, and everything in them is trained" {
    val model = Mixed()
    model.stateDict().keys.toList() shouldContainExactly listOf(
      "blocks.0.weight", "blocks.0.bias", "blocks.1.weight", "blocks.1.bias", "others.0.weight", "others.0.bias",
      "heads.age.weight", "heads.age.bias", "heads.kind.weight", "typed.left.weight", "typed.left.bias",
      "typed.right.weight", "typed.right.bias", "scales.0", "scales.1", "shifts.a",
    )
    model(ones(3, 4)).shape shouldBe Shape.of(3, 2)
    model.heads.keys() shouldBe setOf("age", "kind")
    model.blocks[-1].weight.shape shouldBe Shape.of(4, 4)
    model.scales.size() shouldBe 2
    shouldThrow<KtrainException> { model.heads["sex"] }.message shouldContain "ModuleDict has age, kind"
    shouldThrow<KtrainException> { model.blocks[2] }.message shouldContain "there is no place 2 among 2"
  }

  "they print as PyTorch's" {
    Mixed().toString() shouldBe """
      Mixed(
        (blocks): ModuleList(
          (0): Linear(in_features=4, out_features=4, bias=True)
          (1): Linear(in_features=4, out_features=4, bias=True)
        )
        (others): ModuleList(
          (0): Linear(in_features=4, out_features=4, bias=True)
          (1): ReLU()
        )
        (heads): ModuleDict(
          (age): Linear(in_features=4, out_features=2, bias=True)
          (kind): Linear(in_features=4, out_features=3, bias=False)
        )
        (typed): ModuleDict(
          (left): Linear(in_features=4, out_features=1, bias=True)
          (right): Linear(in_features=4, out_features=1, bias=True)
        )
        (scales): ParameterList(
            (0): Parameter containing: [f32 of size 4]
            (1): Parameter containing: [f32 of size 4]
        )
        (shifts): ParameterDict(  (a): Parameter containing: [f32 of size 4])
      )
    """.trimIndent()
    class Empty : Module() {
      val none by moduleList { }
    }
    Empty().toString() shouldBe "Empty(\n  (none): ModuleList()\n)"
  }

  "a sequential can be read, replaced, lengthened and shortened" {
    val model = sequential { linear(4, 8); relu(); linear(8, 2) }
    fun types() = model.map { it.toString().substringBefore('(') }
    model[2] = Linear(8, 5)
    model(ones(1, 4)).shape shouldBe Shape.of(1, 5)
    model.append(Linear(5, 1))
    model.insert(1, Sequential { tanh() })
    types() shouldContainExactly listOf("Linear", "Sequential", "ReLU", "Linear", "Linear")
    model.stateDict().keys.toList() shouldContainExactly
      listOf("0.weight", "0.bias", "3.weight", "3.bias", "4.weight", "4.bias")
    model.removeAt(1)
    model.removeAt(-1)
    types() shouldContainExactly listOf("Linear", "ReLU", "Linear")
    model.children().keys.toList() shouldContainExactly listOf("0", "1", "2")
    (model[0] === model.first()) shouldBe true
    model(ones(1, 4)).shape shouldBe Shape.of(1, 5)
    shouldThrow<KtrainException> { model[3] = Linear(1, 1) }.message shouldContain "there is no place 3 among 3"
  }

  "layers of a sequential may have names" {
    val model = sequential { linear(4, 8) named "first"; relu(); +Linear(8, 2) named "last" }
    model.stateDict().keys.toList() shouldContainExactly
      listOf("first.weight", "first.bias", "last.weight", "last.bias")
    model[-1] = Linear(8, 3)
    model.getSubmodule("last").toString() shouldContain "out_features=3"
    model(ones(1, 4)).shape shouldBe Shape.of(1, 3)
    shouldThrow<KtrainException> { sequential { relu() named "a"; tanh() named "a" } }.message shouldContain
      "named \"a\""
  }

  "a child is replaced by its name, by its path or by assignment" {
    val model = Heads()
    model.fc = Sequential { linear(4, 8); relu(); linear(8, 3) }
    model(ones(2, 4)).shape shouldBe Shape.of(2, 3)
    model.stateDict().keys.toList() shouldContainExactly
      listOf("fc.0.weight", "fc.0.bias", "fc.2.weight", "fc.2.bias", "narrow.weight", "narrow.bias")
    model.narrow = Linear(4, 7)
    model.narrow.weight.shape shouldBe Shape.of(7, 4)
    model.setSubmodule("fc.2", Linear(8, 6))
    model(ones(2, 4)).shape shouldBe Shape.of(2, 6)
    shouldThrow<KtrainException> { model.setSubmodule("fd", Linear(1, 1)) }.message shouldContain
      "there is no module \"fd\": Heads has fc, narrow"
  }

  "a child in a plain field or of the zoo is replaced for forward too" {
    class Plain : Module() {
      val head = register("head", Linear(4, 10))
      override fun forward(x: Tensor): Tensor = head(x)
    }
    val plain = Plain()
    plain.setSubmodule("head", Linear(4, 3))
    plain(ones(2, 4)).shape shouldBe Shape.of(2, 3)
    shouldThrow<KtrainException> { plain.setSubmodule("head", Sequential { relu() }) }.message shouldContain
      "Plain.head is a Linear, it cannot hold a Sequential"
    val zoo = resnet18(classes = 10).eval()
    zoo.setSubmodule("fc", Linear(512, 3))
    noGrad { zoo(ones(1, 3, 32, 32)) }.shape shouldBe Shape.of(1, 3)
  }

  "modules, parameters and buffers by path" {
    class Net : Module() {
      val body by sequential { linear(2, 3); batchNorm1d(3) }
      val w by parameter(2)
      val cache by buffer(4, persistent = false)
    }
    val net = Net()
    net.namedModules().keys.toList() shouldContainExactly listOf("", "body", "body.0", "body.1")
    (net.getSubmodule("body.0") === net.body[0]) shouldBe true
    (net.getSubmodule("") === net) shouldBe true
    (net.getParameter("w") === net.w) shouldBe true
    net.getParameter("body.1.weight").shape shouldBe Shape.of(3)
    net.getBuffer("body.1.running_mean").shape shouldBe Shape.of(3)
    net.namedBuffers().keys.toList() shouldContainExactly
      listOf("cache", "body.1.running_mean", "body.1.running_var", "body.1.num_batches_tracked")
    net.stateDict().containsKey("cache") shouldBe false
    shouldThrow<KtrainException> { net.getParameter("body.0.wieght") }.message shouldContain "Linear has weight, bias"
    class Dotted : Module() {
      init {
        register("a.b", Linear(1, 1))
      }
    }
    shouldThrow<KtrainException> { Dotted() }.message shouldContain "without dots"
  }
})

package io.ktrain.dsl

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.nn.Nonlinearity
import io.ktrain.nn.Sequential
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Shape
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor

private class LeNet(classes: Int = 10) : Module() {
  val conv1 by conv2d(1, 32, kernel = 3)
  val conv2 by conv2d(32, 64, kernel = 3)
  val head by sequential {
    flatten()
    dropout(0.25)
    linear(out = 128)
    relu()
    linear(128, classes)
  }

  override fun forward(x: Tensor): Tensor = head(conv2(conv1(x).relu()).relu().maxPool2d(2))
}

private class ResBlock(width: Int) : Module() {
  val body by sequential { linear(width, width); relu(); linear(width, width) }
  override fun forward(x: Tensor) = (x + body(x)).relu()
}

private class Attend(width: Int) : Module() {
  val q by linear(width, width)
  val k by linear(width, width)
  val v by linear(width, width)
  val scale by parameter(width) { ones(it) }
  val seen by buffer(1)
  operator fun invoke(query: Tensor, memory: Tensor): Tensor =
    softmax(q(query) matmul k(memory).transpose(-2, -1), dim = -1).matmul(v(memory)) * scale
}

private class Twice(inner: Sequential) : Module() {
  val inner by inner
  override fun forward(x: Tensor) = inner(inner(x))
}

private class Net(width: Int, depth: Int) : Module() {
  val blocks by sequential { repeat(depth) { +ResBlock(width) } }
  val attend by Attend(width)
  val relu by relu()
  val dropout by dropout(0.1)
  val nested by sequential { sequential { linear(width, width) }; +ResBlock(width) }
  val twice by Twice(Sequential { linear(width, width) })
  val head by linear(out = 3)
  override fun forward(x: Tensor): Tensor {
    val h = twice(nested(dropout(relu(blocks(x)))))
    return head(attend(h, h))
  }
}

private class NeverNamed : Module() {
  @Suppress("unused")
  val fc = linear(2, 2)
  override fun forward(x: Tensor) = x
}

private class LostOwn : Module() {
  val block = ResBlock(2)
  override fun forward(x: Tensor) = block(x)
}

private class LostList : Module() {
  val all = List(3) { Linear(2, 2) }
  override fun forward(x: Tensor) = all.fold(x) { h, l -> l(h) }
}

private class Calling : Module() {
  val fc by linear(2, 2)
  override fun forward(x: Tensor) = relu(fc(x)) // the function, not the factory
}

class ModulesSpec : StringSpec({
  "keys of the state dict are PyTorch's, open sizes included" {
    LeNet().stateDict().keys.toList() shouldContainExactly listOf(
      "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "head.2.weight", "head.2.bias", "head.4.weight", "head.4.bias",
    )
    Net(4, 2).stateDict().keys.toList() shouldContainExactly listOf("0", "1").flatMap { b ->
      listOf("0", "2").flatMap { listOf("blocks.$b.body.$it.weight", "blocks.$b.body.$it.bias") }
    } + listOf("attend.scale", "attend.seen") + listOf("q", "k", "v").flatMap { listOf("attend.$it.weight", "attend.$it.bias") } + listOf(
      "nested.0.0.weight", "nested.0.0.bias", "nested.1.body.0.weight", "nested.1.body.0.bias", "nested.1.body.2.weight",
      "nested.1.body.2.bias", "twice.inner.0.weight", "twice.inner.0.bias", "head.weight", "head.bias",
    )
  }

  "an open size comes from the first input, and training goes on with the same parameters" {
    val model = LeNet()
    val parameters = model.parameters()
    model(zeros(2, 1, 28, 28)).shape shouldBe Shape.of(2, 10)
    model.parameters() shouldBe parameters
    model.stateDict().getValue("head.2.weight").shape shouldBe Shape.of(128, 64 * 12 * 12)
    model(zeros(1, 1, 28, 28)).sum().backward()
    parameters.all { it.grad != null } shouldBe true
  }

  "modules of several inputs, bare parameters and buffers" {
    val net = Net(8, 2)
    net(zeros(4, 8)).shape shouldBe Shape.of(4, 3)
    net.attend.scale.let { it.requiresGrad to it.toFloatArray().toList() } shouldBe (true to List(8) { 1f })
    net.attend.seen.requiresGrad shouldBe false
    net.head.weight.shape shouldBe Shape.of(3, 8)
    net.parameters().none { it === net.attend.seen } shouldBe true
    class Wrong : Module() {
      val p by parameter(3) { ones(4) }
    }
    shouldThrow<ShapeError> { Wrong() }.message shouldContain "its block made f32[4], but it was declared as [3]"
  }

  "layers that would be lost are named" {
    shouldThrow<KtrainException> { NeverNamed()(zeros(1, 2)) }.message shouldContain "declared but never named"
    shouldThrow<KtrainException> { LostOwn()(zeros(1, 2)) }.message shouldContain "LostOwn.block holds a layer that was never registered"
    shouldThrow<KtrainException> { LostList().parameters() }.message shouldContain "LostList.all"
    shouldThrow<KtrainException> { LostOwn().stateDict() }.message shouldContain "Fix: val block by"
  }

  "what gives back its receiver keeps its type" {
    val model: LeNet = LeNet().to("cpu").freeze().eval().apply { m -> if (m is Linear && m.weight.isSized) init.kaimingUniform(m.weight) }
    model.isTraining shouldBe false
    model.parameters().none { it.requiresGrad } shouldBe true
    model.unfreeze().train().conv1.weight.requiresGrad shouldBe true
    model.head.isTraining shouldBe true
  }

  "apply goes children first, as PyTorch's" {
    val seen = ArrayList<String>()
    sequential { linear(1, 1); sequential { relu() } }.apply { m -> seen += m.toString().substringBefore('(') }
    seen shouldContainExactly listOf("Linear", "ReLU", "Sequential", "Sequential")
  }

  "a function of the same name as a layer is the function in forward" {
    Calling()(zeros(1, 2)).shape shouldBe Shape.of(1, 2)
  }

  "the whole vocabulary builds, runs and prints as PyTorch's" {
    val pictures = sequential {
      conv2d(3, 4, kernel = 3, stride = 2, padding = 1, dilation = 1, groups = 1, bias = false)
      batchNorm2d(4)
      relu6()
      maxPool2d(2)
      avgPool2d(2, stride = 1, padding = 1)
      adaptiveAvgPool2d(2)
      adaptiveAvgPool2d(2, 1)
      flatten()
      layerNorm(8)
      batchNorm1d(8)
    }
    pictures(rand(2, 3, 16, 16)).shape shouldBe Shape.of(2, 8)
    pictures[0].toString() shouldBe "Conv2d(3, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), bias=False)"
    val pointwise = sequential {
      relu(); leakyRelu(); elu(); celu(); selu(); gelu(); silu(); mish(); softplus(); hardswish(); hardsigmoid(); hardtanh()
      tanh(); sigmoid(); logSigmoid(); softsign(); tanhshrink(); softmax(1); logSoftmax(dim = 1); glu(); dropout()
    }
    pointwise(rand(2, 4)).shape shouldBe Shape.of(2, 2)
    pointwise[1].toString() shouldBe "LeakyReLU(negative_slope=0.01)"
    sequential { embedding(10, 4, paddingIdx = 0); linear(4, 2, bias = false) }(tensor(listOf(listOf(1, 2)))).shape shouldBe Shape.of(1, 2, 2)
  }

  "initialisers overwrite in place, outside the graph" {
    val fc = Linear(100, 50)
    val weight = fc.weight
    (init.kaimingUniform(weight) === weight) shouldBe true
    weight.requiresGrad shouldBe true
    for (t in listOf(init.kaimingNormal(weight), init.xavierUniform(weight, gain = init.calculateGain(Nonlinearity.RELU)), init.xavierNormal(weight), init.normal(weight, std = 0.1), init.uniform(weight, -0.5, 0.5))) {
      (t.std().item() in 0.05..0.4) shouldBe true
    }
    init.constant(fc.bias!!, 2.0).toFloatArray().toSet() shouldBe setOf(2f)
    init.zeros(fc.bias!!).sum().item() + init.ones(fc.bias!!).sum().item() shouldBe 50.0
  }

  "hooks see and replace outputs" {
    val model = sequential { linear(2, 2) }
    val remove = model.onForward { _, output -> output * 0 + 3 }
    model(ones(1, 2)).toFloatArray().toList() shouldBe listOf(3f, 3f)
    remove.run()
    (model(zeros(1, 2)).toFloatArray().toList() == listOf(3f, 3f)) shouldBe false
  }
})

package io.ktrain.dsl

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.StringSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.nn.IncompatibleKeys
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.tensor.DType
import io.ktrain.tensor.DTypeError
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Shape
import io.ktrain.tensor.StateDictError
import io.ktrain.tensor.Tensor
import io.ktrain.train.load
import io.ktrain.train.save
import io.ktrain.train.summary

private class Block(width: Int) : Module() {
  val fc by linear(width, width)
  val norm by batchNorm1d(width)
  val scale by parameter(width) { ones(it) }
  val all by moduleList { linear(width, width) }
  override fun forward(x: Tensor): Tensor = norm(all[0](fc(x))) * scale
}

/** Two layers that are one, and a parameter that stands in two places. */
private class Tied : Module() {
  val encoder by linear(4, 4)
  val again by encoder
  val weight by parameter(4)
  init {
    register("alias", weight)
  }

  override fun forward(x: Tensor): Tensor = again(encoder(x)) * weight
}

private data class Weighted(val layer: Linear, val weight: Double)

/** Layers in pairs and data classes beside their delegates. */
private class Grouped : Module() {
  val fc by linear(2, 2)
  val pair = Pair(fc, 2.0)
  val triple = Triple("name", pair, fc.weight)
  val weighted = Weighted(fc, 3.0)
  val unused: Lazy<Linear> = lazy { fc }
  override fun forward(x: Tensor): Tensor =
    pair.first(x) * pair.second + triple.second.first(x) + triple.third.sum() + weighted.layer(x) * weighted.weight
}

class ModuleStateSpec : StringSpec({
  fun values(model: Module) = model.stateDict().mapValues { it.value.toDoubleArray().toList() }

  "printed, a state dict is names and shapes" {
    sequential { linear(2, 3); batchNorm1d(3) }.stateDict().toString() shouldBe """
      0.weight               f32[3,2]
      0.bias                 f32[3]
      1.weight               f32[3]
      1.bias                 f32[3]
      1.running_mean         f32[3]
      1.running_var          f32[3]
      1.num_batches_tracked  i64[]
    """.trimIndent()
  }

  "without strict a load takes what fits and tells the rest" {
    val model = sequential { linear(2, 3); linear(3, 1) }
    val state = mapOf("0.weight" to ones(3, 2), "2.weight" to ones(1, 1))
    shouldThrow<StateDictError> { model.load(state) }.message shouldContain "missing: 0.bias"
    model.load(state, false) shouldBe IncompatibleKeys(listOf("0.bias", "1.weight", "1.bias"), listOf("2.weight"))
    (model[0] as Linear).weight.toFloatArray().toSet() shouldBe setOf(1f)
    shouldThrow<StateDictError> { model.load(mapOf("0.weight" to ones(9, 2)), false) }.message shouldContain
      "0.weight is f32[3,2] here but f32[9,2] there"
    val file = tempdir().toPath().resolve("part.safetensors")
    sequential { linear(2, 3) }.save(file)
    model.load(file, strict = false) shouldBe IncompatibleKeys(listOf("1.weight", "1.bias"), emptyList())
  }

  "types of parameters and buffers" {
    val model = Block(4).double()
    model.stateDict().values.map { it.dtype }.toSet() shouldBe setOf(DType.f64, DType.i64)
    model(zeros(2, 4, dtype = f64)).dtype shouldBe DType.f64
    model.half().fc.weight.dtype shouldBe DType.f16
    model.bfloat16().to(f32).float().norm.weight.let { it.dtype to it.requiresGrad } shouldBe (DType.f32 to true)
    shouldThrow<DTypeError> { model.to(i64) }.message shouldContain "cannot become i64"
    val open = sequential { linear(out = 3) }.double()
    open(zeros(2, 4, dtype = f64)).dtype shouldBe DType.f64
  }

  "a copy has its own values" {
    val model = Block(4)
    model.fc.freeze()
    val before = values(model)
    val copy: Block = model.copy()
    values(copy) shouldBe before
    copy.fc.weight.requiresGrad shouldBe false
    copy.scale.requiresGrad shouldBe true
    val x = rand(8, 4)
    copy(x).sum().backward()
    noGrad { copy.parameters().forEach { it.add_(1.0) } }
    values(model) shouldBe before
    model.parameters().none { it.grad != null } shouldBe true
    copy.fc.weight.let { it === copy.getParameter("fc.weight") && it !== model.fc.weight } shouldBe true
    model.eval()
    copy.isTraining shouldBe true
    values(copy).getValue("norm.num_batches_tracked") shouldBe listOf(1.0)
    copy.toString() shouldBe model.toString()
  }

  "a copy's pairs, triples and data classes hold its own layers" {
    val model = Grouped()
    val copy = model.copy()
    (copy.pair.first === copy.fc && copy.weighted.layer === copy.fc && copy.triple.third === copy.fc.weight) shouldBe true
    (copy.triple.second === copy.pair) shouldBe true
    noGrad { copy.parameters().forEach { it.fill_(0.0) } }
    copy(ones(1, 2)).toFloatArray().toList() shouldBe listOf(0f, 0f)
    model(ones(1, 2)).toFloatArray().any { it != 0f } shouldBe true
    model.unused.value
    shouldThrow<KtrainException> { model.copy() }.message shouldContain "holds a layer or a tensor"
  }

  "a copy of a norm without a size gets its own size and type" {
    val model = sequential { batchNorm2d() }
    model.copy()(rand(2, 3, 4, 4)).shape shouldBe Shape.of(2, 3, 4, 4)
    val double = sequential { batchNorm1d() }.double()
    double(rand(4, 3).to(f64)).dtype shouldBe DType.f64
    double.stateDict().values.map { it.dtype }.toSet() shouldBe setOf(DType.f64, DType.i64)
  }

  "a hook of a copy is its own" {
    val model = sequential { linear(2, 2) }
    model.onForward { _, y -> y * 0 }
    val copy = model.copy()
    copy.onForward { _, y -> y + 1 }
    model(ones(1, 2)).toFloatArray().toList() shouldBe listOf(0f, 0f)
    copy(ones(1, 2)).toFloatArray().toList() shouldBe listOf(1f, 1f)
  }

  "what is shared is counted and trained once, and saved under each of its names" {
    val model = Tied()
    model.namedParameters().keys.toList() shouldContainExactly listOf("weight", "encoder.weight", "encoder.bias")
    model.namedModules().keys.toList() shouldContainExactly listOf("", "encoder")
    model.stateDict().keys.toList() shouldContainExactly
      listOf("weight", "alias", "encoder.weight", "encoder.bias", "again.weight", "again.bias")
    summary(model, 4).totalParameters shouldBe 4 + 16 + 4
    val copy = model.copy()
    (copy.encoder === copy.again) shouldBe true
    (copy.getParameter("alias") === copy.weight) shouldBe true
    val file = tempdir().toPath().resolve("tied.safetensors")
    model.save(file)
    noGrad { copy.encoder.weight.fill_(7.0) }
    copy.load(file)
    values(copy) shouldBe values(model)
    Sgd(model.parameters(), lr = 1.0).let {
      val before = model.weight.toFloatArray()
      model(ones(1, 4)).sum().backward()
      val grad = model.weight.grad!!.toFloatArray()
      it.step()
      model.weight.toFloatArray().toList() shouldBe before.indices.map { i -> before[i] - grad[i] }
    }
    model.double().again.weight.dtype shouldBe DType.f64
  }

  "gradients are dropped for all at once" {
    val model = Block(4)
    model(rand(3, 4)).sum().backward()
    model.parameters().all { it.grad != null } shouldBe true
    model.zeroGrad()
    model.parameters().none { it.grad != null } shouldBe true
  }

  "statistics of a frozen part move in train and stand still in eval" {
    val model = sequential { batchNorm1d(3) }.freeze()
    val before = values(model)
    val batch = rand(16, 3) + 5
    model.eval()(batch)
    values(model) shouldBe before
    model.train()(batch)
    val after = values(model)
    after.getValue("0.weight") shouldBe before.getValue("0.weight")
    (after.getValue("0.running_mean") == before.getValue("0.running_mean")) shouldBe false
    after.getValue("0.num_batches_tracked") shouldBe listOf(1.0)
  }
})

package io.ktrain.models

import io.kotest.core.spec.style.StringSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.doubles.plusOrMinus
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.dsl.*
import io.ktrain.nn.Init
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.tensor.Check
import io.ktrain.tensor.Shape
import io.ktrain.tensor.Tensor
import io.ktrain.train.save
import io.ktrain.train.step
import io.ktrain.train.summary
import java.nio.file.Path
import kotlin.math.sqrt
import kotlinx.serialization.json.double
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

private class Cats(weights: Path) : Module() {
  val backbone by vgg16(weights).freeze()
  val head by linear(1000, 1)
  override fun forward(x: Tensor): Tensor = head(backbone(x))
}

private class MyNewNet : Module() {
  val vgg by vgg19()
  val linear_layers by linear(1000, 1)
  override fun forward(x: Tensor): Tensor = linear_layers(vgg(x))
}

/** Networks of the zoo as parts of others: with weights from a file, frozen, with other heads. */
class TransferSpec : StringSpec({
  fun bits(model: Module) = model.parameters().map { it.toFloatArray().contentHashCode() }

  "vgg16 with the weights of a file, frozen under a head of one's own: its bits stay" {
    val file = tempdir().toPath().resolve("vgg16.safetensors")
    Init.skipped { vgg16() }.also { Golden.fill(it) }.save(file)
    val model = Cats(file)
    val before = bits(model.backbone)
    val picture = Golden.picture().to(f32)
    val recorded = Golden.of("vgg16").getValue("forward_check").jsonObject
    val first = recorded.getValue("logits_first8").jsonArray.map { it.jsonPrimitive.double }
    val logits = noGrad { model.backbone.eval()(picture) }[0].toDoubleArray()
    val tolerance = 1e-4 * recorded.getValue("logits_absmax").jsonPrimitive.double
    for (i in first.indices) logits[i] shouldBe (first[i] plusOrMinus tolerance)

    val optimizer = AdamW(model.parameters(), lr = 0.01, weightDecay = 0.1)
    val head = bits(model.head)
    repeat(2) {
      step {
        optimizer.zeroGrad()
        model(picture).sum().backward()
        optimizer.step()
      }
    }
    bits(model.backbone) shouldContainExactly before
    (bits(model.head) == head) shouldBe false
    model.backbone.parameters().none { it.grad != null } shouldBe true
  }

  "vgg19 and a linear layer" {
    Check.run(Check()) {
      val model = MyNewNet()
      model.vgg.freeze()
      val table = summary(model, 3, 224, 224)
      table.totalParameters shouldBe 143_667_240 + 1_001
      table.trainableParameters shouldBe 1_001
      model(zeros(2, 3, 64, 64)).shape shouldBe Shape.of(2, 1)
    }
  }

  "the last layer of a classifier is replaced; a head is assigned" {
    Check.run(Check()) {
      val vgg = vgg16()
      vgg.classifier[6] = Linear(4096, 10)
      vgg(zeros(1, 3, 32, 32)).shape shouldBe Shape.of(1, 10)
      vgg.stateDict().keys shouldBe vgg16(classes = 10).stateDict().keys
      vgg.toString() shouldContain "(6): Linear(in_features=4096, out_features=10, bias=True)"
      val resnet = resnet18()
      resnet.fc = Sequential { linear(512, 64); relu(); linear(64, 3) }
      resnet(zeros(1, 3, 64, 64)).shape shouldBe Shape.of(1, 3)
      resnet50(classes = 10)(zeros(1, 3, 64, 64)).shape shouldBe Shape.of(1, 10)
      densenet121().also { it.classifier = Linear(1024, 2) }(zeros(1, 3, 64, 64)).shape shouldBe Shape.of(1, 2)
    }
  }

  "parts are frozen and trained again" {
    val model = resnet18(classes = 2).freeze()
    model.layer4.unfreeze()
    model.fc.unfreeze()
    val trained = model.namedParameters().filterValues { it.requiresGrad }.keys
    trained.map { it.substringBefore('.') }.toSet() shouldBe setOf("layer4", "fc")
    model(ones(2, 3, 32, 32)).sum().backward()
    model.namedParameters().filterValues { it.grad != null }.keys shouldBe trained
  }

  "first values are torchvision's: their spread says how they were drawn" {
    fun std(t: Tensor) = t.std().item()
    val resnet = resnet18()
    std(resnet.layer4[0].getParameter("conv2.weight")) shouldBe (sqrt(2.0 / (512 * 9)) plusOrMinus 1e-4)
    resnet.getParameter("bn1.weight").toFloatArray().toSet() shouldBe setOf(1f)
    val mobile = mobilenetV2()
    std(mobile.getParameter("classifier.1.weight")) shouldBe (0.01 plusOrMinus 1e-4)
    mobile.getParameter("classifier.1.bias").toFloatArray().toSet() shouldBe setOf(0f)
    val squeeze = squeezenet1_1()
    std(squeeze.getParameter("classifier.1.weight")) shouldBe (0.01 plusOrMinus 1e-4)
    // Uniform within sqrt(6 / fanIn): a standard deviation of sqrt(2 / fanIn).
    val he = sqrt(2.0 / (64 * 9))
    std(squeeze.getParameter("features.12.expand3x3.weight")) shouldBe (he plusOrMinus 5e-4)
    val dense = densenet121()
    std(dense.getParameter("features.conv0.weight")) shouldBe (sqrt(2.0 / (3 * 49)) plusOrMinus 5e-3)
    dense.getParameter("classifier.bias").toFloatArray().toSet() shouldBe setOf(0f)
  }
})

package io.ktrain.models

import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.collections.shouldContainAll
import io.kotest.matchers.doubles.plusOrMinus
import io.kotest.matchers.shouldBe
import io.ktrain.dsl.double
import io.ktrain.dsl.eval
import io.ktrain.dsl.f32
import io.ktrain.dsl.float
import io.ktrain.dsl.noGrad
import io.ktrain.nn.Init
import io.ktrain.nn.Module
import io.ktrain.tensor.Check
import io.ktrain.tensor.Tensor
import kotlin.math.abs
import kotlinx.serialization.json.double
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long

private val networks: Map<String, () -> Module> = mapOf(
  "alexnet" to { alexnet() },
  "vgg16" to { vgg16() },
  "vgg19" to { vgg19() },
  "resnet18" to { resnet18() },
  "resnet50" to { resnet50() },
  "squeezenet1_1" to { squeezenet1_1() },
  "mobilenet_v2" to { mobilenetV2() },
  "densenet121" to { densenet121() },
)

/** Each network holds what torchvision's holds, and computes what it computes. */
class ZooSpec : StringSpec({
  "every recorded network is here" {
    networks.keys shouldContainAll Golden.zoo.keys.filter { "state_dict" in Golden.of(it) }
  }

  for ((name, make) in networks) "$name: names, shapes, order and outputs are torchvision's" {
    val recorded = Golden.of(name)
    val check = recorded.getValue("forward_check").jsonObject
    fun number(key: String) = check.getValue(key).jsonPrimitive.double
    val first = check.getValue("logits_first8").jsonArray.map { it.jsonPrimitive.double }

    fun compare(logits: Tensor, tolerance: Double) {
      val got = logits[0].toDoubleArray()
      val most = number("logits_absmax")
      for (i in first.indices) got[i] shouldBe (first[i] plusOrMinus tolerance * most)
      got.sum() shouldBe (number("logits_sum") plusOrMinus tolerance * most * got.size)
      got.maxOf { abs(it) } shouldBe (most plusOrMinus tolerance * most)
      logits.argmax(1).itemLong().toInt() shouldBe check.getValue("argmax").jsonPrimitive.int
    }

    val model = Init.skipped(make).eval()
    Golden.stateDict(model) shouldBe Golden.stateDict(name)
    model.parameters().sumOf { it.numel() } shouldBe recorded.getValue("params").jsonPrimitive.long
    Golden.fill(model.double())
    val picture = Golden.picture()
    noGrad {
      compare(model(picture), 1e-9)
      compare(model.float()(picture.to(f32)), 1e-4)
    }
  }

  "the sizes of the others" {
    fun parameters(model: Module) = model.parameters().sumOf { it.numel() }
    Check.run(Check()) {
      parameters(vgg11()) shouldBe 132_863_336
      parameters(vgg13()) shouldBe 133_047_848
      parameters(vgg11Bn()) shouldBe 132_868_840
      parameters(vgg13Bn()) shouldBe 133_053_736
      parameters(vgg16Bn()) shouldBe 138_365_992
      parameters(vgg19Bn()) shouldBe 143_678_248
      parameters(resnet34()) shouldBe 21_797_672
      parameters(resnet101()) shouldBe 44_549_160
      parameters(resnet152()) shouldBe 60_192_808
      parameters(squeezenet1_0()) shouldBe 1_248_424
      vgg11Bn().stateDict().keys.take(7) shouldBe listOf(
        "features.0.weight", "features.0.bias", "features.1.weight", "features.1.bias", "features.1.running_mean",
        "features.1.running_var", "features.1.num_batches_tracked",
      )
    }
  }
})

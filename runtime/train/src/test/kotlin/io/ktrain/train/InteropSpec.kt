package io.ktrain.train

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.doubles.plusOrMinus
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.format.PyTorchFile
import io.ktrain.format.StateDictFile
import io.ktrain.format.Tuple
import io.ktrain.nn.Activation
import io.ktrain.nn.BatchNorm2d
import io.ktrain.nn.Conv2d
import io.ktrain.nn.Flatten
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.nn.Parameter
import io.ktrain.optim.Adam
import io.ktrain.optim.Moment
import io.ktrain.optim.Optimizer
import io.ktrain.optim.ParamGroup
import io.ktrain.optim.Schedule
import io.ktrain.optim.Sgd
import io.ktrain.tensor.Device
import io.ktrain.tensor.FormatError
import io.ktrain.tensor.Shape
import io.ktrain.tensor.StateDictError
import io.ktrain.tensor.Tensor
import java.nio.file.Files
import java.nio.file.Path
import kotlin.math.abs
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/** The network whose state dict `state_dict_cnn.pt` is. */
private class Cnn : Module() {
  val conv = register("conv", Conv2d(1, 2, 3))
  val bn = register("bn", BatchNorm2d(2))
  val act = register("act", Activation("ReLU", "", Tensor::relu))
  val flat = register("flat", Flatten())
  val fc = register("fc", Linear(8, 3))

  override fun forward(x: Tensor) = fc(flat(act(bn(conv(x)))))
}

/** Files that PyTorch wrote, with what it says they hold, and files made to harm: each is read as recorded or refused. */
class InteropSpec : FunSpec({
  val recorded = Json.parseToJsonElement(resource("expected.json").decodeToString()).jsonObject
  val files = recorded.getValue("files").jsonObject
  val folder = tempdir().toPath()

  /** A copy in the file system: the original may lie in a jar. */
  fun file(name: String): Path = folder.resolve(name.replace('/', '-')).also { if (Files.notExists(it)) Files.write(it, resource(name)) }

  fun refusal(file: Path) = shouldThrow<FormatError> { if ("safetensors" in file.toString()) StateDictFile.read(file) else PyTorchFile.read(file) }

  val refused = mapOf(
    "numpy_scalar_loss.pt" to "a numpy value at [\"loss\"]",
    "numpy_array.pt" to "a numpy value at [\"mean\"]",
    "whole_module.pt" to "torch.save(model.state_dict()",
    "torchscript.pt" to "torch.save(model.state_dict()",
    "sparse.pt" to "a sparse tensor at [\"s\"]",
    "quantized.pt" to "a quantized tensor at [\"q\"]",
    "cnn.onnx" to "no file of PyTorch's",
  )

  for ((name, expected) in files) {
    if (name == "good.safetensors") continue // its record has another form: below
    test(name) {
      val words = refused[name]
      if (words != null) {
        refusal(file(name)).message shouldContain words
      } else {
        differences(name, expected.jsonObject.getValue("value"), PyTorchFile.read(file(name))).shouldBeEmpty()
      }
    }
  }

  test("good.safetensors") {
    val value = files.getValue("good.safetensors").jsonObject.getValue("value").jsonObject
    val got = StateDictFile.read(file("good.safetensors"))
    got.keys shouldBe value.keys - "__metadata__"
    got.getValue("e").describe() shouldBe "f16[0,3]"
    fun flat(json: JsonElement): List<Double> =
      if (json is JsonArray) json.flatMap(::flat) else listOf(json.jsonPrimitive.number())
    for (name in got.keys - "e") got.getValue(name).toDoubleArray().toList() shouldBe flat(value.getValue(name))
  }

  for ((name, expected) in recorded.getValue("hostile").jsonObject) {
    test("hostile: $name") {
      val file = file("hostile/$name")
      if (expected.jsonObject.getValue("must").jsonPrimitive.content == "load") {
        (PyTorchFile.read(file) as Map<*, *>).mapValues { (it.value as Tensor).toFloatArray().toList() } shouldBe
          mapOf("w" to listOf(1f, 2f, 3f, 4f))
      } else {
        withClue(refusal(file).message) { refusal(file).message!!.let { file.toString() in it && "Fix: " in it } shouldBe true }
      }
    }
  }

  test("tied weights stay tied") {
    val views = StateDictFile.read(file("views_shared_storage.pt"))
    val base = views.getValue("base")
    views.forEach { (name, view) -> withClue(name) { view.sharesStorage(base) shouldBe true } }
    base.fill_(5)
    views.getValue("slice_offset").toFloatArray().toSet() shouldBe setOf(5f)
  }

  for (name in listOf("state_dict_cnn.pt", "synth_torch2x_layout.pt", "synth_deflated.pt", "synth_big_endian.pt")) {
    test("$name computes what it computed in PyTorch") {
      val check = files.getValue("state_dict_cnn.pt").jsonObject.getValue("forward_check").jsonObject
      val model = Cnn().also { it.load(file(name)) }
      model.setTraining(false)
      differences("logits", check.getValue("logits_eval"), model(tensor(check.getValue("input"))), within = 1e-5).shouldBeEmpty()
    }
  }

  test("a model saved for PyTorch comes back the same") {
    val model = Cnn().also { it.load(file("state_dict_cnn.pt")) }
    val saved = folder.resolve("saved/again.pth")
    model.save(saved)
    differences("again", files.getValue("state_dict_cnn.pt").jsonObject.getValue("value"), PyTorchFile.read(saved)).shouldBeEmpty()
    Cnn().also { it.load(saved) }.values() shouldBe model.values()
  }

  /** Two more steps of mean((Linear(3, 2)(X) - Y)^2), from a checkpoint on, as PyTorch took them. */
  fun resumed(name: String, optimizer: (Linear) -> Optimizer, afterStep: (Optimizer, Map<*, *>, Int) -> Unit): Optimizer {
    val check = files.getValue(name).jsonObject.getValue("resume_check").jsonObject
    val (x, y) = listOf("X", "Y").map { tensor(check.getValue(it)) }
    val checkpoint = PyTorchFile.read(file(name)) as Map<*, *>
    val model = Linear(3, 2).also { it.load(file(name), "model_state_dict") }
    val steps = optimizer(model).also { it.loadPyTorch(checkpoint["optimizer_state_dict"] as Map<*, *>) }
    check.getValue("next_losses").jsonArray.forEachIndexed { i, expected ->
      steps.zeroGrad()
      val loss = model(x).sub(y).square().mean()
      loss.backward()
      steps.step()
      afterStep(steps, checkpoint, i)
      loss.item() shouldBe (expected.jsonPrimitive.content.toDouble() plusOrMinus 1e-6)
    }
    differences("final", check.getValue("final"), model.stateDict(), within = 1e-6).shouldBeEmpty()
    return steps
  }

  test("checkpoint_adam.pt goes on as PyTorch did") {
    resumed("checkpoint_adam.pt", { Adam(it.parameters(), 1.0) }) { _, _, _ -> }
  }

  test("checkpoint_sgd_groups_sched.pt goes on as PyTorch did, with its groups and its schedule") {
    val groups = { model: Linear -> listOf(ParamGroup(listOf(model.weight)), ParamGroup(listOf(model.bias!!))) }
    val schedule = Schedule.stepLr(2, 0.1)
    val steps = resumed("checkpoint_sgd_groups_sched.pt", { Sgd(groups(it), 1.0, 0.9, 0.0, 0.0, true, false) }) { s, checkpoint, i ->
      val last = (checkpoint["scheduler_state_dict"] as Map<*, *>)["last_epoch"] as Long
      schedule.apply(s, Moment(0, 0, last.toInt() + i + 1, 0))
    }
    val check = files.getValue("checkpoint_sgd_groups_sched.pt").jsonObject.getValue("resume_check").jsonObject
    steps.groups.zip(check.getValue("lrs_after").jsonArray) { group, lr -> group.lr shouldBe (lr.jsonPrimitive.content.toDouble() plusOrMinus 1e-15) }
  }

  test("an optimizer over other groups is refused, and what is no optimizer's state") {
    val state = (PyTorchFile.read(file("checkpoint_adam.pt")) as Map<*, *>)["optimizer_state_dict"] as Map<*, *>
    val model = Linear(3, 2)
    fun refused(optimizer: Optimizer, from: Map<*, *>) = shouldThrow<StateDictError> { optimizer.loadPyTorch(from) }.message!!
    refused(Adam(model.parameters(), 1.0), mapOf("epoch" to 1L)) shouldContain "has state and param_groups, this has epoch"
    refused(Sgd(listOf(ParamGroup(listOf(model.weight))), 0.1, 0.0, 0.0, 0.0, false, false), state) shouldContain "has parameters [0, 1], this optimizer's [0]"
    val two = listOf(ParamGroup(listOf(model.weight)), ParamGroup(listOf(model.bias!!)))
    refused(Sgd(two, 0.1, 0.0, 0.0, 0.0, false, false), state) shouldContain "has 1 parameter groups, this one has 2"
    refused(Sgd(model.parameters(), 0.1), state) shouldContain "unexpected: state.0.exp_avg"
  }

  test("of a checkpoint the key is asked for") {
    val model = Linear(3, 2)
    shouldThrow<FormatError> { model.load(file("checkpoint_adam.pt")) }.message shouldContain "by its key which of its dicts to load: \"model_state_dict\""
    model.load(file("checkpoint_adam.pt"), "model_state_dict")
    model.weight.size(1) shouldBe 3
  }
})

private fun resource(name: String): ByteArray =
  InteropSpec::class.java.getResourceAsStream("/interop/$name")?.use { it.readAllBytes() } ?: throw AssertionError("no resource $name")

private fun JsonObject.text(key: String) = getValue(key).jsonPrimitive.content

private fun JsonObject.longs(key: String) = getValue(key).jsonArray.map { it.jsonPrimitive.content.toLong() }

internal fun tensor(json: JsonElement): Tensor {
  val values = json.jsonObject.getValue("data").jsonArray.map { it.jsonPrimitive.number().toFloat() }
  return Tensor.of(values.toFloatArray(), *json.jsonObject.longs("shape").map { it.toInt() }.toIntArray())
}

/** Where [got] is not what PyTorch recorded; empty if it is. */
internal fun differences(at: String, expected: JsonElement, got: Any?, within: Double = 0.0): List<String> = when {
  expected is JsonNull -> same(at, null, got)

  expected is JsonArray -> if (got is Tuple) listOf("$at: a tuple, expected a list") else items(at, expected, got as List<*>)

  expected is JsonPrimitive && expected.isString -> when (got) {
    is Double -> same(at, expected.number(), got)
    else -> same(at, expected.content, got)
  }

  expected is JsonPrimitive -> when (got) {
    is Double -> same(at, expected.number(), got)
    else -> same(at, expected.content, got.toString())
  }

  expected !is JsonObject -> error(at)

  "\$tensor" in expected -> tensors(at, expected, got as Tensor, within)

  "\$dict" in expected -> {
    val recorded = expected.getValue("items").jsonArray.associate { it.jsonArray[0].jsonPrimitive.content to it.jsonArray[1] }
    val values = (got as Map<*, *>).mapKeys { it.key.toString() } - "rng" // too long to be recorded
    same("$at, keys", recorded.keys.toList(), values.keys.toList()) +
      recorded.flatMap { (key, value) -> differences("$at.$key", value, values[key], within) }
  }

  "\$tuple" in expected ->
    if (got !is Tuple) listOf("$at: expected a tuple, got $got") else items(at, expected.getValue("\$tuple").jsonArray, got)

  "\$set" in expected -> same(at, expected.longs("\$set").toSet(), got)

  "\$size" in expected -> same(at, Shape.of(*expected.longs("\$size").map { it.toInt() }.toIntArray()), got)

  "\$int" in expected -> same(at, expected.text("\$int"), got.toString())

  "\$bytes_hex" in expected -> same(at, expected.text("\$bytes_hex"), (got as ByteArray).toHexString())

  "\$dtype" in expected -> same(at, dtype(expected.text("\$dtype")), got)

  "\$device" in expected -> same(at, Device.of(expected.text("\$device")), got)

  else -> listOf("$at: nothing is known of ${expected.keys}")
}

private fun same(at: String, expected: Any?, got: Any?) =
  if (expected == got) emptyList() else listOf("$at: expected $expected, got $got")

private fun items(at: String, expected: JsonArray, got: List<*>): List<String> =
  same("$at, size", expected.size, got.size) +
    expected.indices.flatMap { differences("$at[$it]", expected[it], got.getOrNull(it)) }

private fun tensors(at: String, expected: JsonObject, got: Tensor, within: Double): List<String> {
  val complex = expected.text("dtype") == "complex64" // here with a last dim for the two parts
  val pair = if (complex) listOf(2L) else emptyList()
  val data = expected.getValue("data").jsonArray.flatMap { if (it is JsonArray) it else listOf(it) }.map { it.jsonPrimitive }
  val wrong = same("$at, dtype", if (complex) dtype("float32") else dtype(expected.text("dtype")), got.dtype) +
    same("$at, shape", expected.longs("shape") + pair, got.shape.toArray().map { it.toLong() })
  if (wrong.isNotEmpty()) return wrong
  val layout = if (within > 0) {
    emptyList() // computed, not read
  } else {
    same("$at, strides", expected.longs("stride").map { if (complex) 2 * it else it } + pair.map { 1L }, got.layout().strides().toList()) +
      same("$at, offset", expected.text("offset").toLong() * (if (complex) 2 else 1), got.layout().offset()) +
      same("$at, requiresGrad", expected.text("requires_grad").toBoolean(), got.requiresGrad) +
      same("$at, parameter", "parameter" in expected, got is Parameter)
  }
  val elements = when {
    got.dtype.isFloating -> got.toDoubleArray().indices.filter { i ->
      val (a, b) = data[i].number() to got.toDoubleArray()[i]
      a.compareTo(b) != 0 && !(within > 0 && abs(a - b) <= within * maxOf(1.0, abs(a)))
    }

    else -> got.toLongArray().indices.filter { data[it].content.toBooleanStrictOrNull()?.compareTo(false)?.toLong() ?: data[it].content.toLong() != got.toLongArray()[it] }
  }
  return layout + elements.map { "$at: element $it: expected ${data[it]}" }
}

package io.ktrain.train

import io.ktrain.data.DistributedSampler
import io.ktrain.random.Generator
import io.ktrain.random.TorchRandom
import io.ktrain.tensor.Context
import io.ktrain.tensor.DType
import io.ktrain.tensor.Device
import io.ktrain.tensor.Devices
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Shape
import io.ktrain.tensor.Tensor
import java.nio.file.Path
import kotlin.io.path.exists
import kotlin.io.path.readText
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Tag
import org.junit.jupiter.api.Test

/**
 * Recomputes what PyTorch recorded and compares outputs, gradients and whole training runs. `-Dktrain.golden=FILE`
 * replays another file of the same form; there, what is not built yet may be missing silently, since the list below
 * names the cases of our own file. `KTRAIN_TEST_DEVICE=cuda` replays on another device.
 */
@Tag("paths")
internal class GoldenReplayTest {
  /** Cases of the golden file for which there is nothing to call yet. One that passes must leave the list. */
  private val unsupported = setOf(
    "rng_torch_cpu_seed42",
  )

  private enum class Outcome { PASSED, FAILED, UNSUPPORTED }

  private val device = Devices.named(System.getenv("KTRAIN_TEST_DEVICE") ?: "cpu")

  @Test
  fun replay() = onDevice {
    val other = System.getProperty("ktrain.golden")
    val text = if (other == null) resource("golden.json") else given(other).readText()
    val file = Json.parseToJsonElement(text).jsonObject
    val failures = mutableListOf<String>()
    val outcomes = (cases(file, "cases") + cases(file, "errors")).associate { case -> case.name to run(case, failures) }
    val (passed, failed, open) = Outcome.entries.map { kind -> outcomes.values.count { it == kind } }
    println("$passed passed, $failed failed, $open unsupported")
    if (other == null) {
      val missing = outcomes.filterValues { it == Outcome.UNSUPPORTED }.keys
      (missing - unsupported).forEach { failures += "$it: nothing replays it, and it is not listed as unsupported" }
      (unsupported - missing).forEach {
        val why = if (it in outcomes) "it is replayed" else "there is no such case"
        failures += "$it: is listed as unsupported, but $why"
      }
    }
    assertEquals("", failures.joinToString("\n"))
  }

  private fun <T> onDevice(body: () -> T): T =
    Context.current().fork(Generator(0)).also { it.setDevice(device) }.run(body)

  /** A file named from the repository's root or from here. */
  private fun given(name: String): Path = Path.of(name).let { if (it.exists()) it else Path.of("../..").resolve(it) }

  private fun cases(file: JsonObject, kind: String): List<GoldenCase> =
    file[kind]?.jsonArray.orEmpty().map { GoldenCase(it.jsonObject) }

  private fun run(case: GoldenCase, failures: MutableList<String>): Outcome {
    val wrong = (if (case.group == "errors") refusal(case) else replayed(case)) ?: return Outcome.UNSUPPORTED
    wrong.forEach { failures += "${case.name}: $it" }
    return if (wrong.isEmpty()) Outcome.PASSED else Outcome.FAILED
  }

  /** What is wrong with the case's replay, or null where there is none. */
  private fun replayed(case: GoldenCase): List<String>? {
    val all =
      listOf(TENSOR_CASES, LAYER_CASES, SEQUENCE_CASES, TRAINING_CASES, DATA_CASES, LOSS_CASES, PICTURE_CASES)
    val replay = all.firstNotNullOfOrNull { it[case.op] } ?: return null
    return try {
      case.differences(Context.current().fork(Generator(0)).run { replay(case) })
    } catch (e: Exception) {
      listOf(e.toString())
    }
  }

  private fun refusal(case: GoldenCase): List<String>? {
    val refused = ERROR_CASES[case.name] ?: LOADER_ERRORS[case.name] ?: ERROR_CASES[case.op] ?: return null
    return try {
      refused.call(case)
      Tensor.zeros(1).item() // what only values show is told at the next read, where a device computes beside the host
      listOf("was not refused")
    } catch (e: KtrainException) {
      val says = e.message.orEmpty()
      if (refused.says in says) emptyList() else listOf("says $says, which lacks \"${refused.says}\"")
    }
  }

  @Test
  fun samplersGiveTheOrdersThatWereRecorded() {
    val all = cases(Json.parseToJsonElement(resource("golden.json")).jsonObject, "cases")
    val recorded = all.single { it.name == "rng_torch_cpu_seed42" }.outputs
    fun rows(name: String) = recorded.getValue(name).jsonArray.map { row -> row.jsonArray.map { it.jsonPrimitive.int } }
    fun ranks(sampler: (Int) -> DistributedSampler) = (0 until 3).map { sampler(it).toList() }
    val inOrder = ranks { DistributedSampler(10, 3, it, shuffle = false) }
    val dropped = ranks { DistributedSampler(10, 3, it, shuffle = false, dropLast = true) }
    val shuffled = ranks { rank -> DistributedSampler(10, 3, rank, seed = 0).also { it.epoch = 1 } }
    assertEquals(rows("DistributedSampler(no shuffle) per rank"), inOrder)
    assertEquals(rows("DistributedSampler(no shuffle, drop_last) per rank"), dropped)
    assertEquals(rows("DistributedSampler(10, 3 replicas, shuffle, seed 0, epoch 1) indices per rank"), shuffled)
    assertEquals(rows("random_split(10,[7,3],generator=42)").flatten(), TorchRandom(42).permutation(10).toList())
  }

  /** As PyTorch prints, with this library's names of types and operations. */
  @Test
  fun tensorsPrintAsRecorded() {
    val texts = Json.parseToJsonElement(resource("vision.json")).jsonObject.getValue("tensor_repr").jsonObject
    val x = Tensor.of(floatArrayOf(2f)).also { it.requiresGrad = true }
    val printed = mapOf(
      "tensor_float" to Tensor.of(floatArrayOf(.5f, .7f, .1f)),
      "int2d" to Tensor.of(longArrayOf(3, 5, 10, 5), 2, 2),
      "f64" to Tensor.of(doubleArrayOf(1.5)),
      "scalar_grad" to Tensor.scalar(2, DType.f32).also { it.requiresGrad = true },
      "40" to Tensor.scalar(40, DType.f32),
      "neg" to Tensor.of(floatArrayOf(-12f, -8f)),
      "mixed_sci" to Tensor.of(floatArrayOf(1e-8f, 1f, 12345.678f)),
      "big_range" to Tensor.of(floatArrayOf(1e10f, 1f)),
      "whole" to Tensor.of(floatArrayOf(1f, 2f)),
      "nan_inf" to Tensor.of(floatArrayOf(Float.NaN, Float.POSITIVE_INFINITY, 1f)),
      "bool" to Tensor.of(booleanArrayOf(true, false)),
      "empty" to Tensor.zeros(0, 3),
      "3d" to Tensor.arange(8).to(DType.f32).reshape(2, 2, 2),
      "summarised_2000" to Tensor.arange(2000).to(DType.f32),
      "summarised_2d" to Tensor.zeros(100, 100),
      "grad_fn" to x.mul(1),
      "half" to Tensor.full(Shape.of(1), 0.1, DType.f16),
    )
    // A device and a shape are no constructor calls here: they print as messages show them.
    val inOtherWords = mapOf(
      "device" to ("device(type='cpu')" to Device.CPU.toString()),
      "size" to ("torch.Size([1, 2, 2])" to Tensor.zeros(1, 2, 2).shape.toString()),
    )
    assertEquals(texts.keys, printed.keys + inOtherWords.keys)
    for ((name, words) in inOtherWords) assertEquals(words.first, texts.getValue(name).jsonPrimitive.content)
    assertEquals(listOf("cpu", "[1,2,2]"), inOtherWords.values.map { it.second })
    for ((name, tensor) in printed) {
      val expected = texts.getValue(name).jsonPrimitive.content
        .replace("torch.float64", "f64").replace("torch.float16", "f16").replace("MulBackward0", "MulBackward")
      assertEquals(expected, tensor.toString(), name)
    }
  }

  private fun resource(name: String): String = checkNotNull(javaClass.getResource("/golden/$name")).readText()
}

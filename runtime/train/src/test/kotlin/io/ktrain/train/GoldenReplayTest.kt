package io.ktrain.train

import io.ktrain.random.Generator
import io.ktrain.tensor.Context
import io.ktrain.tensor.DType
import io.ktrain.tensor.Devices
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Shape
import io.ktrain.tensor.Tensor
import java.nio.file.Path
import kotlin.io.path.exists
import kotlin.io.path.readText
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
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
    "conv1d_dilated",
    "conv_transpose2d",
    "groupnorm",
    "instancenorm",
    "embedding_bag_mean",
    "interp_bilinear_align_false",
    "interp_nearest_x2",
    "pad_reflect_replicate",
    "pixel_shuffle",
    "loss_l1",
    "loss_smooth_l1_beta.5",
    "loss_huber_delta.7",
    "loss_bce_clamped",
    "loss_kldiv_batchmean",
    "loss_hinge_embedding",
    "loss_cosine_embedding",
    "loss_triplet_margin",
    "loss_ctc",
    "loss_gaussian_nll",
    "loss_poisson_nll",
    "init_gains_and_bounds",
    "rng_torch_cpu_seed42",
    // workers are never processes, so there is no such option; arrays are copies, so no gradient is lost in them
    "persistent_without_workers", "numpy_of_requires_grad",
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
    val replay = listOf(TENSOR_CASES, LAYER_CASES, SEQUENCE_CASES, TRAINING_CASES, DATA_CASES).firstNotNullOfOrNull { it[case.op] }
      ?: return null
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
    val elsewhere = setOf("device", "size")
    assertEquals(texts.keys - elsewhere, printed.keys)
    for ((name, tensor) in printed) {
      val expected = texts.getValue(name).jsonPrimitive.content
        .replace("torch.float64", "f64").replace("torch.float16", "f16").replace("MulBackward0", "MulBackward")
      assertEquals(expected, tensor.toString(), name)
    }
  }

  private fun resource(name: String): String = checkNotNull(javaClass.getResource("/golden/$name")).readText()
}

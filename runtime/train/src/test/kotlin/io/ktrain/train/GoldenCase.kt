package io.ktrain.train

import io.ktrain.tensor.Context
import io.ktrain.tensor.DType
import io.ktrain.tensor.Device
import io.ktrain.tensor.Tensor
import kotlin.math.abs
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.double
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/** One recorded case: what went in, with which parameters, and what PyTorch made of it. */
internal class GoldenCase(private val json: JsonObject) {
  val name = json.getValue("name").jsonPrimitive.content
  val group = json["group"]?.jsonPrimitive?.content ?: "errors"
  val op = json.getValue("op").jsonPrimitive.content
  val params = json["params"]?.jsonObject ?: JsonObject(emptyMap())
  val outputs = json["outputs"]?.jsonObject ?: JsonObject(emptyMap())
  private val grads = json["grads"]?.jsonObject ?: JsonObject(emptyMap())

  /** Recorded on a CPU; elsewhere sums run in another order still. */
  private val tolerance =
    (json["tol"]?.jsonPrimitive?.double ?: 1e-5) * if (Context.current().device() == Device.CPU) 1 else 4

  /** The inputs as leaves, those whose gradient was recorded requiring one. */
  val inputs: Map<String, Tensor> = json["inputs"]?.jsonObject.orEmpty().mapValues { (name, value) ->
    value.tensor().also { if (name in grads) it.requiresGrad = true }
  }

  operator fun get(input: String): Tensor = inputs[input] ?: throw AssertionError("$name has no input $input")

  fun has(param: String) = param in params

  fun int(param: String) = params.getValue(param).jsonPrimitive.int

  fun double(param: String, default: Double? = null) =
    if (default != null && param !in params) default else params.getValue(param).jsonPrimitive.number()

  fun flag(param: String) = params[param]?.jsonPrimitive?.boolean ?: false

  fun text(param: String, default: String) = params[param]?.jsonPrimitive?.content ?: default

  fun numbers(param: String): List<Double> = params.getValue(param).jsonArray.map { it.jsonPrimitive.number() }

  fun ints(param: String): IntArray = numbers(param).map { it.toInt() }.toIntArray()

  /** A pair of sizes, rows first; one number stands for both. */
  fun pair(param: String, default: Int): Pair<Int, Int> = when (val v = params[param]) {
    null -> default to default
    is JsonArray -> v[0].jsonPrimitive.int to v[1].jsonPrimitive.int
    else -> v.jsonPrimitive.int.let { it to it }
  }

  /** A parameter that is a tensor, or a list of numbers standing for an f32 vector. */
  fun tensor(param: String): Tensor? = when (val v = params[param]) {
    null -> null
    is JsonArray -> Tensor.of(v.map { it.jsonPrimitive.number().toFloat() }.toFloatArray())
    else -> v.tensor()
  }

  /** Computes [out], walks back from it by the recorded cotangent, and gives it under the only name there is. */
  fun differentiated(out: () -> Tensor): Replayed {
    val y = out()
    if (grads.isNotEmpty()) y.backward(tensor("grad_output"))
    return Replayed(mapOf(outputs.keys.single() to y))
  }

  /** Where [replayed] is not what was recorded; empty if it is. */
  fun differences(replayed: Replayed): List<String> {
    val wrong = mutableListOf<String>()
    for ((key, expected) in outputs) compare(key, expected, replayed.outputs[key], wrong)
    for ((key, expected) in grads) compare("grad of $key", expected, replayed.grads[key] ?: inputs[key]?.grad, wrong)
    return wrong
  }

  private fun compare(at: String, expected: JsonElement, got: Any?, wrong: MutableList<String>) {
    when {
      got == null -> wrong += "$at: nothing was computed"
      expected is JsonObject && "dtype" in expected -> compareTensors(at, expected.tensor(), got as Tensor, wrong)
      expected is JsonObject -> expected.forEach { (k, v) -> compare("$at.$k", v, (got as Map<*, *>)[k], wrong) }
      expected is JsonArray -> {
        if ((got as List<*>).size != expected.size) wrong += "$at: expected ${expected.size} elements, got ${got.size}"
        expected.forEachIndexed { i, v -> compare("$at[$i]", v, got.getOrNull(i), wrong) }
      }
      got is Number -> {
        if (!close(expected.jsonPrimitive.number(), got.toDouble())) wrong += "$at: expected $expected, got $got"
      }
      got.toString() != expected.jsonPrimitive.content -> wrong += "$at: expected $expected, got $got"
    }
  }

  private fun compareTensors(at: String, expected: Tensor, got: Tensor, wrong: MutableList<String>) {
    if (expected.describe() != got.describe()) {
      wrong += "$at: expected ${expected.describe()}, got ${got.describe()}"
      return
    }
    val a = expected.toDoubleArray()
    val b = got.toDoubleArray()
    val i = a.indices.firstOrNull { !close(a[it], b[it]) } ?: return
    wrong += "$at: element $i of ${got.describe()}: expected ${a[i]}, got ${b[i]}"
  }

  private fun close(expected: Double, got: Double) =
    expected.compareTo(got) == 0 || expected == got || abs(expected - got) <= tolerance * maxOf(1.0, abs(expected))
}

/** What a replay computed; gradients of inputs are read from the inputs themselves. */
internal class Replayed(val outputs: Map<String, Any?> = emptyMap(), val grads: Map<String, Tensor?> = emptyMap())

private val TORCH = mapOf(
  "float64" to DType.f64, "float32" to DType.f32, "float16" to DType.f16, "bfloat16" to DType.bf16,
  "int64" to DType.i64, "int32" to DType.i32, "int16" to DType.i16, "int8" to DType.i8, "uint8" to DType.u8,
  "bool" to DType.bool,
)

internal fun dtype(torch: String): DType = TORCH[torch] ?: throw AssertionError("$torch is not a type of this library")

internal fun DType.torchName(): String = TORCH.entries.first { it.value == this }.key

internal fun JsonPrimitive.number(): Double = when (content) {
  "NaN" -> Double.NaN
  "Infinity" -> Double.POSITIVE_INFINITY
  "-Infinity" -> Double.NEGATIVE_INFINITY
  "true" -> 1.0
  "false" -> 0.0
  else -> content.toDouble()
}

private fun JsonElement.tensor(): Tensor {
  val type = dtype(jsonObject.getValue("dtype").jsonPrimitive.content)
  val shape = jsonObject.getValue("shape").jsonArray.map { it.jsonPrimitive.int }.toIntArray()
  val data = jsonObject.getValue("data").jsonArray.map { it.jsonPrimitive }
  val flat = when {
    type.isFloating -> Tensor.of(DoubleArray(data.size) { data[it].number() })
    else -> Tensor.of(LongArray(data.size) { data[it].number().toLong() })
  }
  return flat.to(type).reshape(*shape).detach()
}

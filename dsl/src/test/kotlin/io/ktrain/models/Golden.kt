package io.ktrain.models

import io.ktrain.dsl.noGrad
import io.ktrain.nn.Module
import io.ktrain.tensor.DType
import io.ktrain.tensor.Tensor
import io.ktrain.train.step
import kotlin.math.sqrt
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/** What torchvision 0.14 recorded of its networks. */
internal object Golden {
  val zoo: JsonObject by lazy {
    val text = checkNotNull(javaClass.getResource("/golden/vision.json")).readText()
    Json.parseToJsonElement(text).jsonObject.getValue("zoo").jsonObject
  }

  fun of(network: String): JsonObject = zoo.getValue(network).jsonObject

  fun texts(list: JsonArray): List<String> = list.map { it.jsonPrimitive.content }

  /** Every name, shape and type of the state dict, in order. */
  fun stateDict(network: String): List<String> = of(network).getValue("state_dict").jsonArray.map {
    val (name, shape, dtype) = it.jsonArray
    "${name.jsonPrimitive.content} ${texts(shape.jsonArray)} ${dtype.jsonPrimitive.content}"
  }

  /** The same of a model. */
  fun stateDict(model: Module): List<String> = model.stateDict().map { (name, t) ->
    val type = if (t.dtype == DType.i64) "int64" else "float32"
    "$name ${t.shape.toArray().map { "$it" }} $type"
  }

  /** Writes values that stand for a file of weights: a formula of the place in the state dict and in the tensor. */
  fun fill(model: Module) = noGrad {
    model.stateDict().entries.forEachIndexed { place, (name, t) ->
      if (!name.endsWith("num_batches_tracked")) fill(name, place, t)
    }
  }

  private fun fill(name: String, place: Int, t: Tensor) {
    val flat = t.view(-1)
    val bound = if (t.ndim >= 2) sqrt(6.0 / (t.numel() / t.size(0))) else 0.0
    val isScale = name.endsWith("running_var") || name.endsWith("weight")
    for (start in 0..<t.numel().toInt() step CHUNK) step {
      val values = DoubleArray(minOf(CHUNK, t.numel().toInt() - start)) {
        val u = (7919L * (start + it) + 104729L * place + 12345) % 10007 / 10007.0
        if (t.ndim >= 2) (2 * u - 1) * bound else if (isScale) 0.5 + u else (u - 0.5) * 0.2
      }
      flat.narrow(0, start, values.size).copy_(Tensor.of(values))
    }
  }

  /** A picture of 64 by 64, the same for all networks. */
  fun picture(): Tensor = Tensor.of(DoubleArray(3 * 64 * 64) { (31 * it + 7) % 255 / 255.0 }, 1, 3, 64, 64)

  private const val CHUNK = 1 shl 20
}

package io.ktrain.train

import io.ktrain.nn.BatchNorm2d
import io.ktrain.nn.Dropout
import io.ktrain.tensor.BagMode
import io.ktrain.tensor.ConvOptions
import io.ktrain.tensor.PoolOptions
import io.ktrain.tensor.Tensor
import kotlin.math.sqrt

private fun differentiated(out: GoldenCase.() -> Tensor): Replay = { differentiated { out() } }

/** How the group nn is replayed, by operation. */
internal val LAYER_CASES: Map<String, Replay> = mapOf(
  "linear" to differentiated { this["x"].linear(this["w"], inputs["b"]) },
  "conv2d" to differentiated {
    val (strideH, strideW) = pair("stride", 1)
    val (paddingH, paddingW) = pair("padding", 0)
    val (dilationH, dilationW) = pair("dilation", 1)
    val groups = if (has("groups")) int("groups") else 1
    val options = ConvOptions.DEFAULT.withStride(strideH, strideW).withPadding(paddingH, paddingW)
      .withDilation(dilationH, dilationW).withGroups(groups)
    this["x"].conv2d(this["w"], inputs["b"], options)
  },
  "max_pool2d" to differentiated { this["x"].maxPool2d(pooling()) },
  "avg_pool2d" to differentiated { this["x"].avgPool2d(pooling()) },
  "adaptive_avg_pool2d" to differentiated { pair("output", 1).let { (h, w) -> this["x"].adaptiveAvgPool2d(h, w) } },
  "BatchNorm2d" to replay { batchNorm() },
  "layer_norm" to differentiated {
    this["x"].layerNorm(ints("normalized_shape").size, inputs["w"], inputs["b"], double("eps"))
  },
  "embedding" to differentiated {
    Tensor.embedding(this["w"], this["i"], if (has("padding_idx")) int("padding_idx") else -1)
  },
  "embedding_bag" to differentiated {
    val offsets = Tensor.of(ints("offsets").map { it.toLong() }.toLongArray())
    Tensor.embeddingBag(this["w"], this["i"], offsets, null, BagMode.valueOf(text("mode", "mean").uppercase()), -1)
  },
  "Dropout" to differentiated { Dropout(double("p")).also { it.setTraining(flag("training")) }.invoke(this["x"]) },
  "softmax(qk^T/sqrt(d))v" to differentiated {
    val q = this["q"]
    q.matmul(this["k"].transpose(-2, -1)).div(sqrt(q.size(-1).toDouble())).softmax(-1).matmul(this["v"])
  },
)

private fun GoldenCase.pooling(): PoolOptions {
  val (kernelH, kernelW) = pair("kernel", 1)
  val (strideH, strideW) = if (has("stride")) pair("stride", 1) else kernelH to kernelW
  val (paddingH, paddingW) = pair("padding", 0)
  val padded = !has("count_include_pad") || flag("count_include_pad")
  return PoolOptions.of(kernelH, kernelW).withStride(strideH, strideW).withPadding(paddingH, paddingW)
    .withCeilMode(flag("ceil_mode")).withCountIncludePad(padded)
}

private fun GoldenCase.batchNorm(): Replayed {
  val (x, weight, bias) = listOf(this["x"], this["weight"], this["bias"])
  val layer = BatchNorm2d(x.size(1), double("eps"), double("momentum"))
  layer.load(layer.stateDict() + mapOf("weight" to weight, "bias" to bias))
  val first = layer.invoke(x)
  first.backward(tensor("grad_output"))
  val second = layer.invoke(x.detach() + 1)
  val state = layer.stateDict().mapValues { it.value.detach().copy() }
  layer.setTraining(false)
  val outputs = mapOf(
    "train1" to first, "train2_of_x_plus_1" to second, "running_mean_after_2" to state["running_mean"],
    "running_var_after_2" to state["running_var"], "num_batches_tracked" to state["num_batches_tracked"],
    "eval" to layer.invoke(x.detach()),
  )
  return Replayed(outputs, mapOf("weight" to layer.weight.grad, "bias" to layer.bias.grad))
}

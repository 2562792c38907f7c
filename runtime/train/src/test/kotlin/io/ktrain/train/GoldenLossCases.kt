package io.ktrain.train

import io.ktrain.nn.FanMode
import io.ktrain.nn.Init
import io.ktrain.nn.Nonlinearity
import io.ktrain.tensor.CrossEntropyOptions
import io.ktrain.tensor.DType
import io.ktrain.tensor.Reduction
import io.ktrain.tensor.Shape
import io.ktrain.tensor.Tensor
import kotlin.math.sqrt
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonPrimitive

private fun differentiated(out: GoldenCase.() -> Tensor): Replay = { differentiated { out() } }

/** How the groups loss and init are replayed, by operation. */
internal val LOSS_CASES: Map<String, Replay> = mapOf(
  "mse_loss" to differentiated { this["x"].mseLoss(this["t"], reduction()) },
  "l1_loss" to differentiated { this["x"].l1Loss(this["t"], reduction()) },
  "smooth_l1_loss" to differentiated { this["x"].smoothL1Loss(this["t"], double("beta"), reduction()) },
  "huber_loss" to differentiated { this["x"].huberLoss(this["t"], double("delta"), reduction()) },
  "cross_entropy" to differentiated {
    val ignored = if (has("ignore_index")) int("ignore_index").toLong() else -100L
    val options = CrossEntropyOptions(tensor("weight"), double("label_smoothing", 0.0), ignored, reduction())
    this["x"].crossEntropy(inputs["c"] ?: tensor("target_logits_softmaxed")!!.softmax(1), options)
  },
  "nll_loss(log_softmax)" to differentiated { this["x"].logSoftmax(1).nllLoss(this["c"]) },
  "binary_cross_entropy" to differentiated { this["p"].bceLoss(tensor("t")!!, null, reduction()) },
  "binary_cross_entropy_with_logits" to differentiated {
    this["x"].bceWithLogits(tensor("t")!!, tensor("pos_weight"), reduction())
  },
  "kl_div" to differentiated {
    this["x"].logSoftmax(1).klDiv(tensor("target_logits_softmaxed")!!.softmax(1), false, reduction())
  },
  "hinge_embedding_loss" to differentiated {
    this["x"].hingeEmbeddingLoss(tensor("t")!!, double("margin"), reduction())
  },
  "cosine_embedding_loss" to differentiated {
    this["a"].cosineEmbeddingLoss(this["b"], tensor("t")!!, double("margin"), reduction())
  },
  "triplet_margin_loss" to differentiated {
    val (margin, p, eps) = listOf("margin", "p", "eps").map { double(it) }
    this["a"].tripletMarginLoss(this["p"], this["n"], margin, p, eps, flag("swap"), reduction())
  },
  "ctc_loss" to differentiated {
    val rows = params.getValue("targets").jsonArray.map { row -> row.jsonArray.map { it.jsonPrimitive.number() } }
    val targets = Tensor.of(rows.flatten().toDoubleArray()).to(DType.i64).reshape(rows.size, rows[0].size)
    val (inputs, labels) = tensor("input_lengths")!!.to(DType.i64) to tensor("target_lengths")!!.to(DType.i64)
    this["x"].logSoftmax(2).ctcLoss(targets, inputs, labels, int("blank"), reduction(), false)
  },
  "gaussian_nll_loss" to differentiated {
    this["x"].gaussianNllLoss(tensor("t")!!, this["v"], false, double("eps"), reduction())
  },
  "poisson_nll_loss" to differentiated {
    this["x"].poissonNllLoss(tensor("t")!!, flag("log_input"), false, 1e-8, reduction())
  },
  "calculate_gain / uniform bounds for weight shape (8,3,5,5)" to replay { bounds(Shape.of(*ints("shape"))) },
)

private fun GoldenCase.reduction() = Reduction.valueOf(text("reduction", "mean").uppercase())

private fun bounds(shape: Shape): Replayed {
  fun kaiming(a: Double, mode: FanMode, nonlinearity: Nonlinearity) = Init.kaimingStd(shape, a, mode, nonlinearity)
  val outputs = mapOf(
    "gain_relu" to Init.calculateGain(Nonlinearity.RELU),
    "gain_tanh" to Init.calculateGain(Nonlinearity.TANH),
    "gain_leaky_.2" to Init.calculateGain(Nonlinearity.LEAKY_RELU, .2),
    "gain_selu" to Init.calculateGain(Nonlinearity.SELU),
    "fan_in" to Init.fanIn(shape),
    "fan_out" to Init.fanOut(shape),
    "xavier_uniform_bound" to sqrt(3.0) * Init.xavierStd(shape, 1.0),
    "xavier_normal_std" to Init.xavierStd(shape, 1.0),
    "kaiming_uniform_relu_bound" to sqrt(3.0) * kaiming(0.0, FanMode.FAN_IN, Nonlinearity.RELU),
    "kaiming_normal_fan_out_relu_std" to kaiming(0.0, FanMode.FAN_OUT, Nonlinearity.RELU),
    "default_layer_bound (kaiming_uniform a=sqrt5)" to
      sqrt(3.0) * kaiming(sqrt(5.0), FanMode.FAN_IN, Nonlinearity.LEAKY_RELU),
    "default_bias_bound" to 1 / sqrt(Init.fanIn(shape).toDouble()),
  )
  return Replayed(outputs)
}

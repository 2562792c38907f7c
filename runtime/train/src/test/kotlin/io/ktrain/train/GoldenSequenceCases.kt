package io.ktrain.train

import io.ktrain.nn.GRU
import io.ktrain.nn.LSTM
import io.ktrain.nn.Module
import io.ktrain.nn.MultiheadAttention
import io.ktrain.nn.RNN
import io.ktrain.nn.RecurrentOptions
import io.ktrain.nn.TransformerEncoderLayer
import io.ktrain.nn.TransformerOptions
import io.ktrain.tensor.DType
import io.ktrain.tensor.Shape
import io.ktrain.tensor.Tensor
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonPrimitive

/** How recurrent layers, attention and transformers are replayed, by class. */
internal val SEQUENCE_CASES: Map<String, Replay> = mapOf(
  "RNN" to layer({ RNN(recurrent(gates = 1), text("nonlinearity", "tanh") == "relu") }) { rnn, x ->
    val output = rnn.invoke(x)
    mapOf("out" to output, "h_n" to output.state)
  },
  "LSTM" to layer({ LSTM(recurrent(gates = 4)) }) { lstm, x ->
    val output = lstm.invoke(x)
    mapOf("out" to output, "h_n" to output.state.hidden, "c_n" to output.state.cell)
  },
  "GRU" to layer({ GRU(recurrent(gates = 3)) }) { gru, x ->
    val output = gru.invoke(x)
    mapOf("out" to output, "h_n" to output.state)
  },
  "MultiheadAttention" to layer({
    val width = int("embed_dim")
    MultiheadAttention(width, int("num_heads"), 0.0, true, false, false, width, width, true)
  }) { attention, x ->
    // Without its weights attention takes another way to the same output.
    val padding = padding(x)
    val causal = has("attn_mask")
    val mask = if (causal) Tensor.ones(Shape.of(x.size(1), x.size(1)), DType.f32).triu(1).to(DType.bool) else null
    val (output, weights) = attention.attend(x, x, x, padding, true, mask, causal, false)
    val (alone, _) = attention.attend(x, x, x, padding, false, mask, causal, false)
    val (byFlag, _) = attention.attend(x, x, x, padding, false, null, false, causal)
    for (other in listOf(alone, byFlag)) check(other.sub(output).abs().max().item() < 1e-6) { "$other is not $output" }
    mapOf("out" to output, (if (causal) "attn_weights_head_mean" else "attn_weights") to weights)
  },
  "TransformerEncoderLayer" to layer({
    val options = TransformerOptions(
      int("d_model"), int("nhead"), int("dim_feedforward"), double("dropout"), Tensor::relu, 1e-5, true,
      flag("norm_first"),
    )
    TransformerEncoderLayer(options)
  }) { encoder, x -> mapOf("out" to encoder.invoke(x)) },
)

/** Loads the recorded parameters by their names, calls the layer with x, and walks back from its first output. */
private fun <M : Module> layer(
  build: GoldenCase.() -> M,
  call: GoldenCase.(M, Tensor) -> Map<String, Tensor?>,
): Replay =
  {
    val layer = build()
    val prefix = "param."
    layer.load(inputs.filterKeys { it.startsWith(prefix) }.mapKeys { it.key.removePrefix(prefix) })
    val outputs = call(layer, this["x"])
    outputs.getValue("out")!!.backward(tensor("grad_output"))
    Replayed(outputs, layer.namedParameters().map { (name, parameter) -> prefix + name to parameter.grad }.toMap())
  }

private fun GoldenCase.recurrent(gates: Int): RecurrentOptions {
  val rows = this["param.weight_ih_l0"]
  val layers = if (has("num_layers")) int("num_layers") else 1
  return RecurrentOptions(
    rows.size(1), rows.size(0) / gates, layers, true, flag("batch_first"), 0.0, flag("bidirectional"),
  )
}

/** bool `[batch, keys]`, or null. */
private fun GoldenCase.padding(x: Tensor): Tensor? {
  val rows = params["key_padding_mask"]?.jsonArray ?: return null
  val flags = rows.flatMap { row -> row.jsonArray.map { it.jsonPrimitive.boolean } }
  return Tensor.of(flags.toBooleanArray(), x.size(0), x.size(1))
}

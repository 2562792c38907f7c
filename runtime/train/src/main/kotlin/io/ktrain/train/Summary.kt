package io.ktrain.train

import io.ktrain.nn.Activation
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import io.ktrain.tensor.Check
import io.ktrain.tensor.Context
import io.ktrain.tensor.DType
import io.ktrain.tensor.Shape
import io.ktrain.tensor.Tensor
import java.util.Locale

/**
 * The layers a model runs through for one input, in the order they finish: every layer but the model itself and
 * `sequential`. Printing it gives the table.
 *
 * Memory counts as torchsummary does: four bytes an element, activations twice (forward and backward), for one sample.
 */
public class Summary private constructor(
  public val rows: List<Row>,
  private val inputElements: Long,
  /** How many numbers there are to learn; a parameter two layers share counts once. */
  public val totalParameters: Long,
  /** Those of them that require grad. */
  public val trainableParameters: Long,
) {
  /**
   * One layer.
   *
   * @property name its path in the model: `features.0`
   * @property layer its type: `Conv2d`
   * @property shape of its output; -1 is the batch
   * @property parameters its own, without those of layers inside it; 0 when it runs a second time
   */
  public class Row internal constructor(
    public val name: String,
    public val layer: String,
    public val shape: List<Int>,
    public val parameters: Long,
  )

  /** Megabytes (2^20 bytes) of one input. */
  public val inputMegabytes: Double get() = megabytes(inputElements)

  /** Megabytes of all outputs, forward and backward. */
  public val activationMegabytes: Double
    get() = megabytes(2 * rows.sumOf { row -> row.shape.drop(1).fold(1L) { n, size -> n * size } })

  /** Megabytes of the parameters. */
  public val parameterMegabytes: Double get() = megabytes(totalParameters)

  /** The table and its totals, in torchsummary's words. */
  override fun toString(): String = buildString {
    val cells = listOf(listOf("Name", "Layer (type)", "Output Shape", "Param #")) + rows.mapIndexed { i, it ->
      listOf(it.name, "${it.layer}-${i + 1}", it.shape.joinToString(", ", "[", "]"), count(it.parameters))
    }
    val widths = (0..3).map { column -> cells.maxOf { it[column].length } }
    val rule = "-".repeat(maxOf(widths.sum() + 6, 40))
    cells.forEachIndexed { i, (name, layer, shape, parameters) ->
      append(name.padEnd(widths[0] + 2)).append(layer.padEnd(widths[1] + 2)).append(shape.padEnd(widths[2] + 2))
      append(parameters.padStart(widths[3])).append('\n')
      if (i == 0) append(rule).append('\n')
    }
    append(rule).append('\n')
    append("Total params: ${count(totalParameters)}\n")
    append("Trainable params: ${count(trainableParameters)}\n")
    append("Non-trainable params: ${count(totalParameters - trainableParameters)}\n")
    append(rule).append('\n')
    val all = inputMegabytes + activationMegabytes + parameterMegabytes
    val sizes = listOf(
      "Input size" to inputMegabytes, "Forward/backward pass size" to activationMegabytes,
      "Params size" to parameterMegabytes, "Estimated Total Size" to all,
    )
    append(sizes.joinToString("\n") { (what, size) -> "$what (MB): %.2f".format(Locale.ROOT, size) })
  }

  public companion object {
    /** Runs [model] once on a tensor without elements like [input], which has the batch as dim 0; no kernel runs. */
    public fun of(model: Module, input: Tensor): Summary = of(model, listOf(input)) { model(it.single()) }

    /** The same for a model of several inputs: [call] calls it with tensors without elements like [inputs]. */
    public fun of(model: Module, inputs: List<Tensor>, call: (List<Tensor>) -> Unit): Summary {
      val device = model.device() ?: inputs.firstOrNull()?.device ?: Context.current().device()
      val like = inputs.map { Tensor.shapeOnly(it.shape, it.dtype, device) }
      return Calls(model).use { calls ->
        Context.current().scoped("summary") { model.inEval { onShapes { call(like) } } }
        calls.summary(like.sumOf { if (it.ndim == 0) 1 else it.numel() / maxOf(1, it.size(0)) })
      }
    }

    /** What was seen of a model whose own calls were not: the layers below it that ran, by their first outputs. */
    public fun ofCalls(model: Module, outputs: Map<Any, Shape>): Summary = Calls(model).use { it.of(outputs) }

    /** Tensors that a model makes itself, of ones or noise, have no elements either. */
    private fun onShapes(body: () -> Unit) = if (Check.active()) body() else Check.run(Check(), body)

    private fun megabytes(elements: Long) = elements * 4.0 / (1 shl 20)
    private fun count(n: Long) = "%,d".format(Locale.ROOT, n)
  }

  /** Writes down which layers of a model run, until it is closed. */
  internal class Calls(private val model: Module) : AutoCloseable {
    private val rows = ArrayList<Row>()
    private val seen = HashSet<Module>()
    private val paths = model.namedModules().filter { (_, it) -> it !== model && it !is Sequential }
    private val hooks = paths.map { (path, module) ->
      module.onForward { _, output -> output.also { rows += row(path, module, it.shape) } }
    }

    private fun row(path: String, module: Module, output: Shape): Row {
      val own = if (seen.add(module)) module.namedParameters().filterKeys { '.' !in it }.values else emptyList()
      return Row(path, typeOf(module), listOf(-1) + output.toArray().drop(1), own.sumOf { it.numel() })
    }

    private fun typeOf(module: Module) = (module as? Activation)?.type() ?: module.javaClass.simpleName

    fun of(outputs: Map<Any, Shape>): Summary {
      val byModule = paths.entries.associate { (path, module) -> module to path }
      for ((layer, shape) in outputs) byModule[layer]?.let { rows += row(it, layer as Module, shape) }
      return summary(0)
    }

    fun summary(inputElements: Long): Summary {
      val all = model.parameters()
      val trainable = all.filter { it.requiresGrad }
      return Summary(rows.toList(), inputElements, all.sumOf { it.numel() }, trainable.sumOf { it.numel() })
    }

    override fun close() {
      hooks.forEach { it.run() }
    }
  }
}

/** The layer table of [model] for one sample of [shape], without the batch: `println(summary(model, 3, 224, 224))`. */
public fun summary(model: Module, vararg shape: Int, dtype: DType = DType.f32): Summary =
  Summary.of(model, Tensor.shapeOnly(Shape.of(2, *shape), dtype, Context.current().device()))

/**
 * The layer table of a model of several inputs, which have the batch as dim 0:
 * `summary(model, zeros(2, 5, 8), zeros(2, 7, 8)) { (query, memory) -> model(query, memory) }`. Only their shapes matter.
 */
public fun summary(model: Module, vararg inputs: Tensor, call: (List<Tensor>) -> Unit): Summary =
  Summary.of(model, inputs.toList(), call)

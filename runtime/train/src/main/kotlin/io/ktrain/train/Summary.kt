package io.ktrain.train

import io.ktrain.nn.Activation
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
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

  /** The table and its totals. */
  override fun toString(): String = buildString {
    val cells = listOf(listOf("Name", "Layer", "Output shape", "Parameters")) +
      rows.map { listOf(it.name, it.layer, it.shape.joinToString(", ", "[", "]"), count(it.parameters)) }
    val widths = (0..3).map { column -> cells.maxOf { it[column].length } }
    val rule = "-".repeat(widths.sum() + 6)
    cells.forEachIndexed { i, (name, layer, shape, parameters) ->
      append(name.padEnd(widths[0] + 2)).append(layer.padEnd(widths[1] + 2)).append(shape.padEnd(widths[2] + 2))
      append(parameters.padStart(widths[3])).append('\n')
      if (i == 0) append(rule).append('\n')
    }
    append(rule).append('\n')
    append("Parameters: ${count(totalParameters)} (trainable: ${count(trainableParameters)})\n")
    val total = inputMegabytes + activationMegabytes + parameterMegabytes
    append(
      "Memory for one sample: input %.2f MB, forward and backward %.2f MB, parameters %.2f MB, total %.2f MB".format(
        Locale.ROOT, inputMegabytes, activationMegabytes, parameterMegabytes, total,
      ),
    )
  }

  public companion object {
    /** Runs [model] once on a tensor without elements like [input], which has the batch as dim 0; no kernel runs. */
    public fun of(model: Module, input: Tensor): Summary = Calls(model).use { calls ->
      val x = Tensor.shapeOnly(input.shape, input.dtype, model.device() ?: input.device)
      Context.current().scoped("summary") { model.inEval { model(x) } }
      calls.summary(if (x.ndim == 0) 1 else x.numel() / maxOf(1, x.size(0)))
    }

    private fun megabytes(elements: Long) = elements * 4.0 / (1 shl 20)
    private fun count(n: Long) = "%,d".format(Locale.ROOT, n)
  }

  /** Writes down which layers of a model run, until it is closed. */
  internal class Calls(private val model: Module) : AutoCloseable {
    private val rows = ArrayList<Row>()
    private val seen = HashSet<Module>()
    private val hooks = ArrayList<Runnable>()

    init {
      watch("", model)
    }

    private fun watch(path: String, module: Module) {
      for ((name, child) in module.children()) watch(if (path.isEmpty()) name else "$path.$name", child)
      if (module === model || module is Sequential) return
      hooks += module.onForward { _, output -> output.also { rows += row(path, module, it) } }
    }

    private fun row(path: String, module: Module, output: Tensor): Row {
      val own = if (seen.add(module)) module.namedParameters().filterKeys { '.' !in it }.values else emptyList()
      return Row(path, typeOf(module), listOf(-1) + output.shape.toArray().drop(1), own.sumOf { it.numel() })
    }

    private fun typeOf(module: Module) = (module as? Activation)?.type() ?: module.javaClass.simpleName

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

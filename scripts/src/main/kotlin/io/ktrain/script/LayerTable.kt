package io.ktrain.script

import io.ktrain.nn.Module
import io.ktrain.nn.Parameter
import io.ktrain.tensor.Check
import java.util.Locale

/** The table of `ktrain summary`: a model's layers with what a check of its script saw them give. */
internal class LayerTable(private val check: Check) {
  private class Row(val name: String, val layer: String, val output: String, val parameters: String)

  /** The models of a script: what was called or stands at its top level, and belongs to no other. Names where it has them. */
  fun models(values: Map<String, Any?>): Map<String, Module> {
    val named = values.filterValues { it is Module }.entries.associate { (name, model) -> model as Module to name }
    val all = (named.keys + check.outputs().keys.filterIsInstance<Module>()).toSet()
    val parts = all.flatMapTo(HashSet()) { parts(it) - it }
    return all.filter { it !in parts }.associateBy { named[it] ?: it.javaClass.simpleName }
  }

  fun of(name: String, model: Module): String = buildString {
    val rows = listOf(Row("name", "layer", "output", "parameters")) + rows(name, model)
    val widths = listOf(rows.maxOf { it.name.length }, rows.maxOf { it.layer.length }, rows.maxOf { it.output.length })
    val last = rows.maxOf { it.parameters.length }
    for (row in rows) {
      val cells = row.name.padEnd(widths[0] + 2) + row.layer.padEnd(widths[1] + 2) + row.output.padEnd(widths[2] + 2)
      appendLine((cells + row.parameters.padStart(last)).trimEnd())
    }
    append(totals(model))
  }

  private fun rows(name: String, module: Module, depth: Int = 0): List<Row> {
    val indent = "  ".repeat(depth)
    val own = module.namedParameters().filterKeys { '.' !in it }.values
    val isLeaf = module.children().isEmpty()
    val layer = if (isLeaf) module.toString() else module.javaClass.simpleName
    val output = check.outputs()[module]?.let { "${it.dtype}${it.shape}" } ?: "-"
    val row = Row(indent + name, layer, output, if (isLeaf || own.isNotEmpty()) count(own) else "")
    return listOf(row) + module.children().flatMap { (childName, child) -> rows(childName, child, depth + 1) }
  }

  private fun totals(model: Module): String {
    val parameters = model.parameters()
    val trained = parameters.filter { it.requiresGrad }
    val outputs = parts(model).filter { it.children().isEmpty() }.mapNotNull { check.outputs()[it] }
      .sumOf { it.shape.numel() * it.dtype.bytes() }
    return "total: ${count(parameters)} parameters, ${count(trained)} of them trained\n" +
      "memory: parameters ${megabytes(bytes(parameters))}, gradients ${megabytes(bytes(trained))}, " +
      "outputs of one batch ${megabytes(outputs)}"
  }

  private fun parts(module: Module): Set<Module> = LinkedHashSet<Module>().also { all -> module.visit { all.add(it) } }

  private fun count(parameters: Collection<Parameter>) =
    if (parameters.all { it.isSized }) "%,d".format(Locale.ROOT, parameters.sumOf { it.numel() }) else "not yet sized"

  private fun bytes(parameters: Collection<Parameter>) = parameters.filter { it.isSized }.sumOf { it.numel() * it.dtype.bytes() }

  private fun megabytes(bytes: Long) = "%.2f MB".format(Locale.ROOT, bytes / 1e6)
}

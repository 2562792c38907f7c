package io.ktrain.script

import io.ktrain.nn.Module
import io.ktrain.tensor.Check
import io.ktrain.tensor.Context
import io.ktrain.tensor.Tensor
import io.ktrain.train.Summary

/** The tables of `ktrain summary`: the models of a script, for the first batch that a check of it gave them. */
internal class LayerTables(private val check: Check, values: Map<String, Any?>) {
  private val names: Map<Module, String> =
    values.entries.mapNotNull { (name, value) -> (value as? Module)?.let { it to name } }.toMap()

  /** By model: those that were called or stand at the script's top level, and belong to no other. */
  fun tables(): List<String> {
    val all = (names.keys + check.inputs().keys.filterIsInstance<Module>()).toSet()
    val parts = all.flatMapTo(HashSet()) { model -> model.children().values.flatMap(::parts) }
    return all.filter { it !in parts }.map { "${names[it] ?: it.javaClass.simpleName}: ${table(it)}" }
  }

  private fun table(model: Module): String {
    val input = check.inputs()[model] ?: return "never called with one tensor, so its shapes are not known\n"
    val like = Tensor.shapeOnly(input.shape, input.dtype, Context.current().device())
    return "${model.javaClass.simpleName} of ${like.describe()}\n${Summary.of(model, like)}\n"
  }

  private fun parts(module: Module): Set<Module> = LinkedHashSet<Module>().also { all -> module.visit { all.add(it) } }
}

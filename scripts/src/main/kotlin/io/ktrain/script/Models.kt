package io.ktrain.script

import io.ktrain.nn.Module
import io.ktrain.tensor.Check
import io.ktrain.tensor.Context
import io.ktrain.tensor.Tensor
import io.ktrain.train.Summary

/** The models of a script as a check of it saw them; [values] are what stands at the script's top level. */
internal class Models(private val check: Check, values: Map<String, Any?>) {
  private val names: Map<Module, String> =
    values.entries.mapNotNull { (name, value) -> (value as? Module)?.let { it to name } }.toMap()

  /** Those that were called or stand at the script's top level, and belong to no other. */
  fun roots(): List<Module> {
    val all = names.keys + check.inputs().keys.filterIsInstance<Module>()
    val parts = all.flatMapTo(HashSet()) { model -> model.children().values.flatMap(::parts) }
    return all.filter { it !in parts }
  }

  /** The roots that ran, as a whole or in parts. */
  fun called(): List<Module> = roots().filter { model -> parts(model).any { it in check.outputs() } }

  /** The tables of `ktrain summary`, for the first batch that the check gave each model. */
  fun tables(): List<String> = roots().map { "${names[it] ?: it.javaClass.simpleName}: ${table(it)}" }

  private fun table(model: Module): String {
    val type = model.javaClass.simpleName
    val input = check.inputs()[model]
    if (input != null) {
      val like = Tensor.shapeOnly(input.shape, input.dtype, Context.current().device())
      return "$type of ${like.describe()}\n${Summary.of(model, like)}\n"
    }
    // It has an invoke(..) of its own, or was not called at all: what its layers were called with is known.
    val seen = Summary.ofCalls(model, check.outputs())
    return if (seen.rows.isEmpty()) "never called, so its shapes are not known\n" else "$type\n$seen\n"
  }

  private fun parts(module: Module): Set<Module> = LinkedHashSet<Module>().also { all -> module.visit { all.add(it) } }
}

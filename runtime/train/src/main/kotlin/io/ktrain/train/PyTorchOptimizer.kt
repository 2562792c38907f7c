package io.ktrain.train

import io.ktrain.optim.Optimizer
import io.ktrain.optim.Sgd
import io.ktrain.tensor.DType
import io.ktrain.tensor.StateDictError
import io.ktrain.tensor.Tensor

/**
 * Takes up the state that PyTorch's optimizer of the same kind had, as its checkpoints hold it: after
 * `model.load(file, "model_state_dict")`,
 * `optimizer.loadPyTorch((PyTorchFile.read(file) as Map<*, *>)["optimizer_state_dict"] as Map<*, *>)`. The groups must
 * have the same parameters in the same order. What only steers PyTorch's own kernels (`foreach`, `fused`, ...) is left out.
 */
public fun Optimizer.loadPyTorch(state: Map<*, *>) {
  val ours = LinkedHashMap(stateDict().filterKeys { it.startsWith("param_groups.") })
  val groups = state["param_groups"] as? List<*> ?: throw notAnOptimizers(state)
  if (groups.size != this.groups.size) {
    throw StateDictError(
      "loadPyTorch: the saved optimizer has ${groups.size} parameter groups, this one has ${this.groups.size}. " +
        "Fix: the same groups of the same parameters.",
    )
  }
  var first = 0
  groups.forEachIndexed { i, group ->
    val values = group as? Map<*, *> ?: throw notAnOptimizers(state)
    requireOrder(i, values["params"], first)
    first += this.groups[i].parameters().size
    for ((name, value) in numbers(values)) {
      val key = "param_groups.$i.$name"
      if (key in ours) ours[key] = Tensor.scalar(value, DType.f64)
    }
  }
  (state["state"] as? Map<*, *> ?: throw notAnOptimizers(state)).forEach { (index, remembered) ->
    // PyTorch's SGD counts no steps, and nothing of ours depends on how many there were.
    if (this is Sgd) ours["state.$index.step"] = Tensor.scalar(1.0, DType.i64)
    (remembered as? Map<*, *> ?: throw notAnOptimizers(state)).forEach { (name, value) ->
      when (value) {
        is Tensor -> ours["state.$index.$name"] = value
        is Number -> ours["state.$index.$name"] = Tensor.scalar(value.toDouble(), DType.f64)
      }
    }
  }
  load(ours)
}

/** PyTorch counts parameters through all groups; ours are the same ones only if they are listed so. */
private fun Optimizer.requireOrder(group: Int, saved: Any?, first: Int) {
  val mine = List(groups[group].parameters().size) { (first + it).toLong() }
  if (saved != mine) {
    throw StateDictError(
      "loadPyTorch: the saved group $group has parameters $saved, this optimizer's $mine. " +
        "Fix: the same groups of the same parameters.",
    )
  }
}

/** Hyper-parameters under our names; pairs are two of them. */
private fun numbers(group: Map<*, *>): Map<String, Double> {
  val all = LinkedHashMap<String, Double>()
  fun put(name: String, value: Any?) {
    when (value) {
      is Number -> all[name] = value.toDouble()
      is Boolean -> all[name] = if (value) 1.0 else 0.0
    }
  }
  for ((key, value) in group) {
    val names = PAIRS[key] ?: listOf(NAMES[key] ?: camelCase(key as? String ?: continue))
    val values = if (names.size == 2) value as? List<*> ?: continue else listOf(value)
    names.zip(values).forEach { (name, v) -> put(name, v) }
  }
  if ("initial_lr" !in all) all["lr"]?.let { all["initial_lr"] = it }
  return all
}

private val PAIRS = mapOf(
  "betas" to listOf("beta1", "beta2"),
  "etas" to listOf("etaMinus", "etaPlus"),
  "step_sizes" to listOf("minStep", "maxStep"),
)

private val NAMES = mapOf("lambd" to "lambda", "initial_lr" to "initial_lr")

private fun camelCase(name: String) = name.replace(Regex("_([a-z])")) { it.groupValues[1].uppercase() }

private fun notAnOptimizers(state: Map<*, *>) = StateDictError(
  "loadPyTorch: an optimizer's state has state and param_groups, this has ${state.keys.joinToString()}. " +
    "Fix: what the checkpoint holds under optimizer_state_dict or optimizer.",
)

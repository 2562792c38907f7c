package io.ktrain.train

import io.ktrain.nn.Module
import io.ktrain.nn.Parameter
import io.ktrain.optim.Optimizer
import io.ktrain.tensor.Tensor
import java.util.Collections
import java.util.IdentityHashMap

private const val NAMED = 6

/**
 * One line that names the parameters of [model] which are among the [trained] ones and which no operation has read: a
 * layer that is registered and forgotten in forward, say. Null where there is none; frozen ones are not meant.
 */
public fun unusedParameters(model: Module, trained: Collection<Tensor>): String? {
  val all = Collections.newSetFromMap<Tensor>(IdentityHashMap()).apply { addAll(trained) }
  val names = model.namedParameters().filterValues { it in all && it.requiresGrad && !it.isUsed }.keys.toList()
  if (names.isEmpty()) return null
  val more = if (names.size > NAMED) " and ${names.size - NAMED} more" else ""
  return "${names.take(NAMED).joinToString()}$more: registered in ${model.javaClass.simpleName} and to be trained, but " +
    "nothing computes with it. Fix: use it in forward, take it out, or freeze() it; allowUnused() in fit's block says " +
    "that it is meant."
}

/** Looks which of [parameters] the first step of a `fit` leaves alone. */
internal class UnusedParameters(private val model: Module, optimizer: Optimizer, allowed: Boolean) {
  private val parameters: List<Parameter> = optimizer.parameters()
  private var told = allowed

  init {
    parameters.forEach { it.setUsed(allowed) }
  }

  /** The lines to print, the first time this is asked. */
  fun lines(): List<String> {
    if (told) return emptyList()
    told = true
    return listOfNotNull(unusedParameters(model, parameters), strangers())
  }

  /** Parameters of no layer of the model, such as those of one that was replaced after the optimizer was made. */
  private fun strangers(): String? {
    val own = Collections.newSetFromMap<Tensor>(IdentityHashMap()).apply { addAll(model.parameters()) }
    val unused = parameters.filter { it !in own && it.requiresGrad && !it.isUsed }
    if (unused.isEmpty()) return null
    return "the optimizer holds ${unused.size} of ${parameters.size} parameters that are in no layer of " +
      "${model.javaClass.simpleName} and that nothing computes with, as ${unused.first().describe()}. " +
      "Fix: make the optimizer from the model's parameters, after its layers are in place."
  }
}

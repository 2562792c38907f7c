@file:JvmName("Steps")

package io.ktrain.train

import io.ktrain.memory.Scope
import io.ktrain.tensor.Context

/**
 * One step of a hand-written loop: gives the memory of everything computed in [block] back the moment it ends. What
 * outlives it: what it returns (a tensor, or a pair, triple, list, map or batch of tensors), tensors it called `keep()`
 * on, gradients, parameters, buffers and optimizer state. Using any other afterwards is an error that names the step.
 *
 * ```
 * for ((x, y) in loader) step {
 *   val loss = crossEntropy(model(x), y)
 *   optimizer.zeroGrad()
 *   loss.backward()
 *   optimizer.step()
 * }
 * ```
 */
public fun <T> step(block: () -> T): T {
  val context = Context.current()
  return context.step("step ${context.stepsDone() + 1}", block)
}

/** Runs [block] in a scope called [name], which is also what messages call the step. */
internal fun <T> Context.step(name: String, block: () -> T): T {
  val outer = step()
  setStep(name)
  try {
    return scoped(name) { block() }
  } finally {
    setStep(outer)
    stepDone()
  }
}

/** Runs [block] in a scope; what it returns survives. */
internal fun <T> Context.scoped(name: String, block: (Scope) -> T): T {
  val scope = open(name)
  try {
    return block(scope).also { scope.release(it) }
  } finally {
    close(scope)
  }
}

package io.ktrain.dsl

import io.ktrain.tensor.Autograd
import io.ktrain.tensor.CustomFunction
import io.ktrain.tensor.DType
import io.ktrain.tensor.FunctionContext
import io.ktrain.tensor.Functional
import io.ktrain.tensor.Tensor

/** Whether operations are recorded for backward here. */
public val isGradEnabled: Boolean get() = Autograd.isGradEnabled()

/** Runs [block] without recording anything for backward. */
public fun <T> noGrad(block: () -> T): T = Autograd.noGrad(block)

/** Records again, inside a [noGrad]. */
public fun <T> enableGrad(block: () -> T): T = Autograd.enableGrad(block)

/** Records while [block] runs if [on], else does not. */
public fun <T> setGradEnabled(on: Boolean, block: () -> T): T = Autograd.setGradEnabled(on, block)

/** As [noGrad], and [enableGrad] inside changes nothing: for code that must never train. */
public fun <T> inferenceMode(block: () -> T): T = Autograd.inferenceMode(block)

/**
 * Mixed precision: products and convolutions compute in [dtype] (bf16 or f16), what would lose by it in f32. Weights
 * stay f32 and get f32 gradients. Call backward outside: `val loss = autocast(bf16) { crossEntropy(model(x), y) }`.
 */
public fun <T> autocast(dtype: DType, block: () -> T): T = Autograd.autocast(dtype, block)

/** Types as they are given, inside an [autocast]. */
public fun <T> noAutocast(block: () -> T): T = Autograd.noAutocast(block)

/**
 * Looks for gradients that are NaN or infinite while [block] runs, forward and backward: the error names the operation,
 * its layer and its line in forward. With [forward] results that are NaN, too. Slow: for looking for faults.
 */
public fun <T> detectAnomaly(forward: Boolean = false, block: () -> T): T = Autograd.detectAnomaly(forward, block)

/**
 * What [block] makes of [x], without keeping what it computes on the way: backward computes it again, with the same
 * random numbers. Memory for time.
 */
public fun checkpoint(x: Tensor, block: (Tensor) -> Tensor): Tensor = Autograd.checkpoint(block, x)

/** As above, of several inputs: `checkpoint(x, mask) { (x, mask) -> ... }`. */
public fun checkpoint(x: Tensor, y: Tensor, vararg more: Tensor, block: (List<Tensor>) -> Tensor): Tensor =
  Autograd.checkpoint({ listOf(block(it)) }, x, y, *more).first()

/** The gradients of a single value by [inputs], without touching any `grad`. */
public fun grad(output: Tensor, vararg inputs: Tensor): List<Tensor> = Autograd.grad(output, inputs.asList())

/**
 * The gradients of [outputs] by [inputs], summed over the outputs. [gradOutputs]: one of the shape of each output, null
 * for single values. With [createGraph] the result can be differentiated again. An input that no output depends on is an
 * error, or null if [allowUnused].
 */
public fun grad(
  outputs: List<Tensor>,
  inputs: List<Tensor>,
  gradOutputs: List<Tensor?>? = null,
  createGraph: Boolean = false,
  allowUnused: Boolean = false,
): List<Tensor?> = Autograd.grad(outputs, inputs, gradOutputs, createGraph, allowUnused)

/** d f(x) / d x, of the shape of f(x) followed by that of x. */
public fun jacobian(x: Tensor, f: (Tensor) -> Tensor): Tensor = Functional.jacobian(f, x)

/** The derivative of [f] as a function: `val slope = jacobian { x -> x.pow(3) }; slope(x)`. */
public fun jacobian(f: (Tensor) -> Tensor): (Tensor) -> Tensor = { jacobian(it, f) }

/** The second derivatives of f(x), a single value, of the shape of x twice. */
public fun hessian(x: Tensor, f: (Tensor) -> Tensor): Tensor = Functional.hessian(f, x)

/** The second derivative of [f] as a function. */
public fun hessian(f: (Tensor) -> Tensor): (Tensor) -> Tensor = { hessian(it, f) }

/** f(x), and v^T J of the shape of x; [v] has the shape of f(x). */
public fun vjp(x: Tensor, v: Tensor, f: (Tensor) -> Tensor): Pair<Tensor, Tensor> =
  Functional.vjp({ f(it.first()) }, listOf(x), v, false).asPair()

/** f(x), and J v of its shape; [v] has the shape of x: the derivative in the direction v. */
public fun jvp(x: Tensor, v: Tensor, f: (Tensor) -> Tensor): Pair<Tensor, Tensor> =
  Functional.jvp({ f(it.first()) }, listOf(x), listOf(v), false).asPair()

/** f(x), a single value, and H v; [v] and the product have the shape of x. */
public fun hvp(x: Tensor, v: Tensor, f: (Tensor) -> Tensor): Pair<Tensor, Tensor> =
  Functional.hvp({ f(it.first()) }, listOf(x), listOf(v), false).asPair()

/** f(x), a single value, and v^T H; [v] and the product have the shape of x. */
public fun vhp(x: Tensor, v: Tensor, f: (Tensor) -> Tensor): Pair<Tensor, Tensor> =
  Functional.vhp({ f(it.first()) }, listOf(x), listOf(v), false).asPair()

private fun Functional.Product.asPair() = value() to products().first()

/**
 * A function with a gradient of its own. [backward] gives the gradients of the inputs from that of the result; null for
 * none.
 *
 * ```
 * val sign = customFunction("sign", backward = { g, (x), _ -> listOf(g * (x.abs() lt 1.0)) }) { (x) -> x.sign() }
 * val y = sign(x)
 * ```
 */
public fun customFunction(
  name: String,
  backward: (gradient: Tensor, inputs: List<Tensor>, result: Tensor) -> List<Tensor?>,
  forward: (inputs: List<Tensor>) -> Tensor,
): CustomFunction = CustomFunction.of(name, forward, backward)

/**
 * As above, of any number of results: [backward] gets one gradient a result. `saveForBackward` in [forward] keeps what
 * `savedTensors()` in [backward] reads.
 */
@JvmName("customFunctionOfMany")
public fun customFunction(
  name: String,
  backward: FunctionContext.(gradients: List<Tensor>) -> List<Tensor?>,
  forward: FunctionContext.(inputs: List<Tensor>) -> List<Tensor>,
): CustomFunction = CustomFunction.of(name, forward, backward)

/** Calls a function of one result. */
public operator fun CustomFunction.invoke(vararg inputs: Tensor): Tensor = apply(*inputs)

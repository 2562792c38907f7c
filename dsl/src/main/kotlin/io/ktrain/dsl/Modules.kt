package io.ktrain.dsl

import io.ktrain.nn.Module
import io.ktrain.tensor.DType
import io.ktrain.tensor.Device

// These give back what they were called on, with its own type, which a Java member could not.

/** Moves parameters and buffers to [device], and gives the module back. */
public fun <M : Module> M.to(device: Device): M = also { it.moveTo(device) }

/** Moves parameters and buffers to a device by name, as "cpu" or "cuda:0". */
public fun <M : Module> M.to(device: String): M = to(Device.of(device))

/**
 * Keeps all parameters as they are from now on: they get no gradient, and an optimizer leaves them alone. Running
 * statistics are no parameters: those of a batch norm still move with every batch in [train] mode, and stand still in
 * [eval] mode only.
 */
public fun <M : Module> M.freeze(): M = also { it.setRequiresGrad(false) }

/** The same before it has its name: `val backbone by sequential { ... }.freeze()`. */
public fun <M : Module> Declared<M>.freeze(): Declared<M> = also { it.layer.freeze() }

/** Lets all parameters be trained again. */
public fun <M : Module> M.unfreeze(): M = also { it.setRequiresGrad(true) }

/** Training mode, for this and everything below: dropout drops, batch norm uses the batch. */
public fun <M : Module> M.train(on: Boolean = true): M = also { it.setTraining(on) }

/** Evaluation mode, for this and everything below. */
public fun <M : Module> M.eval(): M = train(false)

/** PyTorch's apply: runs [action] for every module below, children first, then for this one. */
public fun <M : Module> M.apply(action: (Module) -> Unit): M = also { it.visit(action) }

/** Converts floating parameters and buffers to [dtype], and gives the module back. */
public fun <M : Module> M.to(dtype: DType): M = also { it.castTo(dtype) }

/** Parameters and buffers as f32. */
public fun <M : Module> M.float(): M = to(DType.f32)

/** Parameters and buffers as f64. */
public fun <M : Module> M.double(): M = to(DType.f64)

/** Parameters and buffers as f16. */
public fun <M : Module> M.half(): M = to(DType.f16)

/** Parameters and buffers as bf16. */
public fun <M : Module> M.bfloat16(): M = to(DType.bf16)

/**
 * A module of its own with the same values, as Python's deepcopy; what two of its layers share they share in the copy.
 */
public fun <M : Module> M.copy(): M = Module.copyOf(this)

package io.ktrain.dsl

import io.ktrain.nn.Layers
import io.ktrain.nn.Module
import io.ktrain.nn.ModuleDict
import io.ktrain.nn.ModuleList
import io.ktrain.nn.Parameter
import io.ktrain.nn.ParameterDict
import io.ktrain.nn.ParameterList
import io.ktrain.tensor.Tensor

// Modules and parameters that forward goes through in its own way; their keys are PyTorch's.

/** A list of modules: `val blocks by moduleList { repeat(6) { +Block(8) } }`, and `for (b in blocks)` in forward. */
public fun Layers.moduleList(block: SequentialScope.() -> Unit): Declared<ModuleList<Module>> =
  declared(ModuleList(SequentialScope().apply(block).named().values.toList()))

/** A list of [size] modules of one type: `val blocks by moduleList(6) { Block(8) }`. [make] gets each one's place. */
public fun <M : Module> Layers.moduleList(size: Int, make: (Int) -> M): Declared<ModuleList<M>> =
  declared(ModuleList(List(size, make)))

/** Modules by name: `val heads by moduleDict { linear(8, 2) named "age"; linear(8, 3) named "kind" }`. */
public fun Layers.moduleDict(block: SequentialScope.() -> Unit): Declared<ModuleDict<Module>> =
  declared(ModuleDict(SequentialScope().apply(block).named()))

/** Modules of one type by name: `val heads by moduleDict("age" to Linear(8, 2), "kind" to Linear(8, 3))`. */
public fun <M : Module> Layers.moduleDict(vararg modules: Pair<String, M>): Declared<ModuleDict<M>> =
  declared(ModuleDict(linkedMapOf(*modules)))

/** A list of [size] parameters: `val scales by parameterList(3) { ones(8) }`. [make] gets each one's place. */
public fun Layers.parameterList(size: Int, make: (Int) -> Tensor): Declared<ParameterList> =
  declared(ParameterList(List(size) { Parameter(noGrad { make(it) }) }))

/** Parameters by name: `val scales by parameterDict("left" to ones(8), "right" to ones(8))`. */
public fun Layers.parameterDict(vararg values: Pair<String, Tensor>): Declared<ParameterDict> =
  declared(ParameterDict(values.associate { (name, value) -> name to Parameter(noGrad { value }) }))

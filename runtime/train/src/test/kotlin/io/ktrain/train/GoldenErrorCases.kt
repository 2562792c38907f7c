package io.ktrain.train

import io.ktrain.nn.Linear
import io.ktrain.tensor.Tensor

/** What must fail where PyTorch fails, and a word of what it must say: by the case's name, else by its operation. */
internal class Refused(val says: String, val call: GoldenCase.() -> Any?)

private fun leaf(t: Tensor): Tensor = t.detach().also { it.requiresGrad = true }

internal val ERROR_CASES: Map<String, Refused> = mapOf(
  "dot" to Refused("1D tensors expected") { this["a"].dot(this["b"]) },
  "mm" to Refused("mm: ") { this["a"].mm(this["b"]) },
  "seed_mm_3d_by_1d" to Refused("self must be a matrix") { this["a"].mm(this["b"]) },
  "mm_does_not_broadcast_batch" to Refused("self must be a matrix") { this["a"].mm(this["b"]) },
  "matmul" to Refused("columns but") { this["a"].matmul(this["b"]) },
  "view_noncontiguous" to Refused("Fix: reshape") { this["x"].t().view(-1) },
  "view_wrong_count" to Refused("cannot be read as [4, -1]") { this["x"].view(4, -1) },
  "add" to Refused("cannot broadcast") { this["a"].add(this["b"]) },
  "backward_nonscalar" to Refused("needs a single value") { (leaf(this["x"]) * 2).backward() },
  "backward_twice" to Refused("already used by a backward pass") {
    val z = leaf(this["x"]).pow(2).sum()
    repeat(2) { z.backward() }
  },
  "backward_no_grad_graph" to Refused("does not require grad") { this["x"].backward() },
  "add_" to Refused("leaf that requires grad") { leaf(this["x"]).add_(1) },
  "exp; add_; backward" to Refused("modified by an in-place operation") {
    val e = leaf(this["x"]).exp()
    e.add_(1)
    e.sum().backward()
  },
  "requires_grad" to Refused("only floating tensors can require grad") { leaf(this["x"]) },
  "mean" to Refused("needs a floating dtype") { this["x"].mean() },
  "load_state_dict" to Refused("load: ") {
    Linear(2, 2).load(mapOf("weight" to Tensor.ones(3, 2), "extra" to Tensor.ones(1)))
  },
  "gather" to Refused("index 5 is out of range") { Tensor.ones(2, 2).gather(1, Tensor.of(longArrayOf(5), 1, 1)) },
  "one_hot" to Refused("must not be negative") { Tensor.of(longArrayOf(-1)).oneHot(-1) },
  "cross_entropy" to Refused("label 3") { Tensor.ones(1, 3).crossEntropy(Tensor.of(longArrayOf(3))) },
  "numpy" to Refused("requires grad") { leaf(Tensor.ones(1)).asMemorySegment() },
  "linear" to Refused("has 5 features in its last dim, but this layer is linear(3, 2)") {
    Linear(3, 2).invoke(Tensor.ones(4, 5))
  },
)

package io.ktrain.dsl

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.doubles.plusOrMinus
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.tensor.AutogradError

class AutogradSpec : StringSpec({
  val x = tensor(listOf(1.0, 2.0), dtype = f64)

  "derivatives of functions" {
    jacobian(x) { it.pow(2) }.toDoubleArray().toList() shouldBe listOf(2.0, 0.0, 0.0, 4.0)
    val slope = jacobian { t -> t.pow(3).sum() }
    slope(x).toDoubleArray().toList() shouldBe listOf(3.0, 12.0)
    hessian(x) { t -> t.pow(3).sum() }.toDoubleArray().toList() shouldBe listOf(6.0, 0.0, 0.0, 12.0)
    val (value, product) = hvp(x, tensor(listOf(1.0, 1.0), dtype = f64)) { it.pow(3).sum() }
    value.item() shouldBe 9.0
    product.toDoubleArray().toList() shouldBe listOf(6.0, 12.0)
    jvp(x, tensor(listOf(1.0, 10.0), dtype = f64)) { it.pow(2) }.second.toDoubleArray().toList() shouldBe listOf(2.0, 40.0)
    vjp(x, tensor(listOf(1.0, 10.0), dtype = f64)) { it.pow(2) }.second.toDoubleArray().toList() shouldBe listOf(2.0, 40.0)
  }

  "gradients by hand, of any order" {
    val w = tensor(3.0, requiresGrad = true)
    val (first) = grad(listOf(w.pow(3)), listOf(w), createGraph = true)
    first!!.item() shouldBe 27.0
    grad(first, w).first().item() shouldBe 18.0
    w.grad shouldBe null
  }

  "modes" {
    val w = tensor(2.0, requiresGrad = true)
    noGrad { w * 2 }.requiresGrad shouldBe false
    noGrad { enableGrad { w * 2 } }.requiresGrad shouldBe true
    inferenceMode { enableGrad { w * 2 } }.requiresGrad shouldBe false
    setGradEnabled(false) { isGradEnabled } shouldBe false
  }

  "checkpoints" {
    val w = tensor(2.0, requiresGrad = true)
    checkpoint(w) { (it * it).exp() }.backward()
    w.grad!!.item() shouldBe (4 * Math.exp(4.0)).plusOrMinus(1e-4)
    val v = tensor(3.0, requiresGrad = true)
    checkpoint(v, w) { (a, b) -> a * b }.backward()
    v.grad!!.item() shouldBe 2.0
  }

  "a function with a gradient of its own" {
    val straight = customFunction("straight", backward = { g, _, _ -> listOf(g) }) { (t) -> t.round() }
    val w = tensor(listOf(0.4, 1.6), requiresGrad = true)
    straight(w).sum().backward()
    w.grad.toString() shouldBe "tensor([1., 1.])"

    val both = customFunction("both", backward = { (g, h) -> listOf(g * savedTensors()[0] + h) }) { (t) ->
      saveForBackward(t)
      listOf(t * t, t)
    }
    val u = tensor(listOf(3.0), requiresGrad = true)
    both.applyAll(u).let { (a, b) -> a + b }.backward()
    u.grad.toString() shouldBe "tensor([4.])"
  }

  "autocast computes products in bf16 and gives f32 gradients" {
    val w = tensor(listOf(listOf(1.0, 2.0), listOf(3.0, 4.0)), requiresGrad = true)
    val loss = autocast(bf16) {
      val y = w.mm(w)
      y.dtype shouldBe bf16
      noAutocast { w.mm(w).dtype shouldBe f32 }
      y.sum()
    }
    loss.dtype shouldBe f32
    loss.backward()
    w.grad!!.dtype shouldBe f32
  }

  "an anomaly names the operation" {
    val w = tensor(0.0, requiresGrad = true)
    val error = shouldThrow<AutogradError> { detectAnomaly { w.sqrt().backward() } }
    error.message shouldContain "the gradient of sqrt"
    error.message shouldContain "is infinite somewhere"
  }
})

package io.ktrain.dsl

import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.tensor.Tensor

private class Dog(val name: String) {
  fun bark(times: Int): String = List(times) { "Woof!" }.joinToString(" ") + " $name is barking"
}

/** PyTorch's module hooks, and Kotlin's functions where Python has functools.partial. */
class HooksSpec : StringSpec({
  fun numbers(t: Tensor?) = t!!.toFloatArray().toList()

  "a hook before forward sees and replaces the input, until it is taken away" {
    val model = Linear(1, 1)
    noGrad { model.weight.fill_(2.0); model.bias!!.fill_(0.0) }
    val remove = model.registerForwardPreHook { it + 1 }
    val seen = ArrayList<Float>()
    model.registerForwardPreHook { x -> seen += x.toFloatArray()[0]; null }
    numbers(model(ones(1, 1))) shouldBe listOf(4f)
    remove.run()
    numbers(model(ones(1, 1))) shouldBe listOf(2f)
    seen shouldContainExactly listOf(2f, 1f)
  }

  "a forward hook computes with the module's own parameters" {
    class Affine : Module() {
      val w by parameter(2, 2) { ones(it) }
      val b by parameter(2) { ones(it) * 3 }
      override fun forward(x: Tensor) = x
    }
    val model = Affine()
    val remove = model.onForward { input, _ -> input.matmul(model.w) + model.b }
    numbers(model(ones(1, 2))) shouldBe listOf(5f, 5f)
    remove.run()
    remove.run()
    numbers(model(ones(1, 2))) shouldBe listOf(1f, 1f)
  }

  "a backward hook sees both gradients and replaces the input's" {
    val model = Linear(2, 1)
    noGrad { model.weight.copy_(tensor(listOf(listOf(2.0, 3.0)))) }
    val seen = ArrayList<List<Float>>()
    val remove = model.registerFullBackwardHook { ofInput, ofOutput ->
      seen += numbers(ofInput)
      seen += numbers(ofOutput)
      ofInput!! * 10
    }
    val x = ones(1, 2).also { it.requiresGrad = true }
    (model(x) * 5).sum().backward()
    seen shouldContainExactly listOf(listOf(10f, 15f), listOf(5f))
    numbers(x.grad) shouldBe listOf(100f, 150f)
    numbers(model.weight.grad) shouldBe listOf(5f, 5f)
    remove.run()
    x.grad = null
    model(x).sum().backward()
    numbers(x.grad) shouldBe listOf(2f, 3f)
    seen.size shouldBe 2
  }

  "a backward hook of a first layer gets no gradient of the input; of one called twice it runs twice" {
    val first = Linear(2, 2)
    var calls = 0
    first.registerFullBackwardHook { ofInput, _ -> calls++; if (ofInput == null) calls += 10; null }
    first(ones(1, 2)).sum().backward()
    calls shouldBe 11
    first(first(ones(1, 2))).sum().backward()
    calls shouldBe 23
    noGrad { first(ones(1, 2)) }
    calls shouldBe 23
  }

  "what a module prints beside its layers is its class's, or one instance's" {
    class Fn : Module() {
      val lin by linear(3, 2)
      override fun extraRepr() = "name=demo"
    }
    val (one, other) = Fn() to Fn()
    one.setExtraRepr("a=1\nb=2")
    one.toString() shouldBe "Fn(\n  a=1\n  b=2\n  (lin): Linear(in_features=3, out_features=2, bias=True)\n)"
    other.toString() shouldBe "Fn(\n  name=demo\n  (lin): Linear(in_features=3, out_features=2, bias=True)\n)"
    other.lin.setExtraRepr("shared")
    other.toString() shouldBe "Fn(\n  name=demo\n  (lin): Linear(shared)\n)"
  }

  "a lambda or a function reference is what functools.partial is in Python" {
    val bark: (Dog, Int) -> String = Dog::bark
    val twice = { dog: Dog -> bark(dog, 2) }
    val buddy: (Int) -> String = Dog("Buddy")::bark
    buddy(1) shouldBe "Woof! Buddy is barking"
    twice(Dog("Rex")) shouldBe "Woof! Woof! Rex is barking"
    val hidden = { out: Int -> Linear(4, out) } // partial(nn.Linear, 4)
    val widths = listOf(1, 2).map(hidden).map { it.weight.size(0) }
    widths shouldContainExactly listOf(1, 2)
  }
})

package io.ktrain.train

import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldStartWith
import io.ktrain.data.Batch
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.optim.AdamW
import io.ktrain.tensor.Tensor

/** As torchvision's VGG with an `fc` that its forward does not know. */
private class WithHead : Module() {
  private val body = register("body", Linear(4, 3))
  private val fc = register("fc", Linear(3, 1))

  override fun forward(x: Tensor): Tensor = body(x)

  /** What only an evaluation computes. */
  fun score(x: Tensor): Tensor = fc(forward(x))
}

/** A layer that is registered and forgotten in forward is named, and nothing else is. */
class UnusedSpec : StringSpec({
  fun train(model: WithHead, validate: Boolean = false, more: FitScope<Batch>.() -> Unit = {}): List<String> {
    val data = Iris(40)
    val printed = Printed()
    printed.of {
      fit(model, 2, data.train, if (validate) data.valid else null, AdamW(model.parameters(), 0.01)) {
        step { (x, y) ->
          if (!isTraining) model.score(x)
          model(x).crossEntropy(y)
        }
        more()
      }
    }
    return printed.lines.filter { "Epoch" !in it }
  }

  "by name, once, after the first step" {
    val said = train(WithHead())
    said.single() shouldStartWith
      "fit: fc.weight, fc.bias: registered in WithHead and to be trained, but nothing computes with it."
    val printed = Printed()
    val model = WithHead()
    printed.of {
      val optimizer = AdamW(model.parameters(), 0.01)
      fit(model, 1, Iris(40).train, optimizer = optimizer) { step { (x, y) -> model(x).crossEntropy(y) } }
    }
    printed.lines.first() shouldStartWith "fit: fc.weight"
  }

  "not if it is frozen, or meant" {
    train(WithHead().also { it.getSubmodule("fc").setRequiresGrad(false) }).shouldBeEmpty()
    train(WithHead()) { allowUnused() }.shouldBeEmpty()
  }

  "those of a layer that is in the model no more" {
    val printed = Printed()
    val model = WithHead()
    printed.of {
      val optimizer = AdamW(Linear(2, 1).parameters(), 0.01)
      fit(model, 1, Iris(40).train, optimizer = optimizer) { step { (x, y) -> model(x).crossEntropy(y) } }
    }
    printed.lines.first() shouldStartWith
      "fit: the optimizer holds 2 of 2 parameters that are in no layer of WithHead and that nothing computes with, as f32[1,2]."
  }

  "not if only the validation computes with it" {
    train(WithHead(), validate = true).shouldBeEmpty()
  }

  "not if the optimizer does not hold it" {
    val model = WithHead()
    val printed = Printed()
    printed.of {
      val optimizer = AdamW(model.getSubmodule("body").parameters(), 0.01)
      fit(model, 1, Iris(40).train, optimizer = optimizer) { step { (x, y) -> model(x).crossEntropy(y) } }
    }
    printed.lines.filter { "fit:" in it }.shouldBeEmpty()
  }

  "many are counted" {
    class Wide : Module() {
      private val used = register("used", Linear(4, 3))
      init {
        for (i in 0..4) register("extra$i", Linear(2, 2))
      }

      override fun forward(x: Tensor): Tensor = used(x)
    }
    val model = Wide()
    model(Tensor.zeros(1, 4))
    unusedParameters(model, model.parameters())!!.substringBefore(':') shouldBe
      "extra0.weight, extra0.bias, extra1.weight, extra1.bias, extra2.weight, extra2.bias and 4 more"
  }
})

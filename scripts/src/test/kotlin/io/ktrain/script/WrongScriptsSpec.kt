package io.ktrain.script

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith

/** Mistakes people make, and the line and words they get. */
internal class WrongScriptsSpec : FunSpec({
  val bench = Workbench(this)
  fun mistake(name: String, text: String, at: String, vararg words: String) = test(name) {
    val result = bench.check("${name.replace(' ', '-')}.ktrain.kts", text)
    val said = bench.said(result).removePrefix("${name.replace(' ', '-')}.ktrain.kts:")
    "${result.exitCode} $said" shouldStartWith "2 $at: error: "
    words.forEach { said shouldContain it }
  }

  mistake("forgetting by", """
    class Net : Module() {
        val fc = linear(4, 3)
        override fun forward(x: Tensor) = fc(x)
    }
  """, "3:39", "This layer has no name yet. Write `val name by linear(...)` instead of `val name = linear(...)`.")
  mistake("forgetting by and asking for the weight", """
    class Net : Module() {
        val fc = linear(4, 3)
        val n = fc.weight
        override fun forward(x: Tensor) = x
    }
  """, "3:16", "Unresolved reference 'weight'")
  mistake("a layer nobody named", """
    class Net : Module() {
        val fc = linear(2, 2)
        override fun forward(x: Tensor) = x
    }
    Net()(zeros(1, 2))
  """, "5:1", "was declared but never named (a-layer-nobody-named.ktrain.kts:2). Fix: val name by linear(...).")
  mistake("layers in a list", """
    class Net : Module() {
        val all = List(3) { Linear(2, 2) }
        override fun forward(x: Tensor) = all.fold(x) { h, l -> l(h) }
    }
    Net().parameters()
  """, "5:1", "Net.all holds a layer that was never registered")
  mistake("by outside a module", "val model by Sequential { linear(1, 2) }", "1:14", "`by` names a child of a Module.")
  mistake("a parameter in sequential", """
    class Net : Module() {
        val s by sequential { linear(1, 2); parameter(3) }
        override fun forward(x: Tensor) = s(x)
    }
  """, "2:41", "A parameter needs a class of its own to live in")
  mistake("a step of two", """
    val m = sequential { linear(784, 10) }
    fit(m, 1, train = mnist().train.batches(8), optimizer = Sgd(m.parameters(), lr = 0.1)) {
        step { x, y -> crossEntropy(m(x), y) }
    }
  """, "3:5", "A step gets one batch. Put parentheses around its parts: step { (x, y) -> ... }")
  mistake("a monitor by its name", """
    val m = sequential { linear(784, 10) }
    fit(m, 1, train = mnist().train.batches(8), optimizer = Sgd(m.parameters(), lr = 0.1)) {
        step { (x, y) -> crossEntropy(m(x), y) }
        earlyStopping(on = "val_loss", patience = 3)
    }
  """, "4:24", "actual type is 'String', but 'Monitor' was expected")
  mistake("an Int for a rate", """
    val m = sequential { linear(1, 2) }
    val o = Sgd(m.parameters(), lr = 1)
  """, "2:9", "actual type is 'Int', but 'Double' was expected")
  mistake("an operator that compares", """
    val a = zeros(2)
    val flag = a > 0.0
  """, "2:14", "Unresolved reference 'compareTo'")
})

package io.ktrain.script

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith
import kotlin.io.path.exists

internal class CheckSpec : FunSpec({
  val bench = Workbench(this)

  test("a layer of the wrong width: the call's lines, the layer's line and path, both shapes and the fix") {
    val result = bench.check("wrong-width.ktrain.kts", """
      class Net : Module() {
          val fc1 by linear(784, 100)
          val fc2 by linear(128, 10)
          override fun forward(x: Tensor): Tensor {
              val h = fc1(x.flatten(1)).relu()
              return fc2(h)
          }
      }
      val images = mnist("no-such-folder")
      val model = Net()
      fit(model, 1, train = images.train.batches(64), optimizer = Sgd(model.parameters(), lr = 0.1)) {
          step { (x, y) -> crossEntropy(model(x), y) }
      }
    """)
    result.exitCode shouldBe 2
    val said = bench.said(result)
    said shouldStartWith "wrong-width.ktrain.kts:6:9: error: linear: "
    said shouldContain "f32[64,100]"
    said shouldContain "linear(128, 10)"
    said shouldContain "Fix: linear(100, 10)"
    said shouldContain "called at  wrong-width.ktrain.kts:6     return fc2(h)"
    said shouldContain "from wrong-width.ktrain.kts:12    step { (x, y) -> crossEntropy(model(x), y) }"
    said shouldContain "declared at wrong-width.ktrain.kts:3     val fc2 by linear(128, 10)   (fc2)"
  }
  test("the path of a nested layer") {
    bench.check("deep.ktrain.kts", """
      class Block(width: Int) : Module() {
          val body by sequential { linear(width, width); relu(); linear(16, width) }
          override fun forward(x: Tensor) = x + body(x)
      }
      class Net(width: Int, depth: Int) : Module() {
          val blocks by sequential { repeat(depth) { +Block(width) } }
          override fun forward(x: Tensor) = blocks(x)
      }
      println(Net(8, 2)(zeros(1, 8)).shape)
    """).let(bench::said) shouldContain "(blocks.0.body.2)"
  }
  test("a script that is right, with data that is not there; and one that knows it is checked") {
    bench.check("right.ktrain.kts", """
      val model = sequential { flatten(); linear(784, 10) }
      val images = mnist("no-such-folder")
      fit(model, 3, train = images.train.batches(64), optimizer = Sgd(model.parameters(), lr = 0.1)) {
          step { (x, y) -> crossEntropy(model(x), y) }
      }
      check(isCheck)
    """).let(bench::ended) shouldBe "0 "
  }
  test("values are unknown: branches on them are named, and nothing is written") {
    val result = bench.check("values.ktrain.kts", """
      val model = sequential { linear(4, 1) }
      var best = Double.MAX_VALUE
      val loss = model(zeros(2, 4)).sum().item()
      if (!(loss > best)) model.save(Path("${bench.folder}/never.safetensors"))
    """)
    bench.ended(result) shouldBe
      "0 note: it reads values, which are unknown here: branches on them were taken one way"
    bench.folder.resolve("never.safetensors").exists() shouldBe false
  }
  test("the script's own exception is a fault only before a value was read") {
    bench.check("own.ktrain.kts", "require(1 > 2) { \"impossible\" }").let(bench::ended) shouldStartWith
      "2 own.ktrain.kts:1:1: error: IllegalArgumentException: impossible"
    bench.check("own.ktrain.kts", "val loss = zeros(3).sum().item()\nrequire(!loss.isNaN()) { \"diverged\" }")
      .let(bench::ended) shouldStartWith "0 own.ktrain.kts:2:1: note: stopped here: IllegalArgumentException: diverged"
  }
  test("a loop that waits for a value ends the check with a note") {
    bench.check("until.ktrain.kts", """
      val model = sequential { linear(4, 1) }
      while (!(model(zeros(2, 4)).sum().item() < 0.1)) model.train()
    """).let(bench::ended) shouldStartWith
      "0 until.ktrain.kts:2:1: note: stopped here: the script read 1000 values"
  }
  test("a fault after a value was read says where, since a size may come from it") {
    bench.check("size.ktrain.kts", """
      val model = sequential { linear(4, 1) }
      val n = zeros(8).sum().item().toInt()
      model(zeros(4, n))
    """).let(bench::ended).let {
      it shouldStartWith "2 size.ktrain.kts:3:1: error: linear: "
      it shouldContain "size.ktrain.kts:2:1: note: a value, unknown here, was read; was a size made from it?"
    }
  }
  test("parameters that are to be trained and nothing computes with are named, in a loop of one's own too") {
    val head = """
      val vgg = vgg16()
      vgg.register("fc", Linear(1000, 1))
      val optimizer = Sgd(vgg.parameters(), lr = 0.1)
    """.trimIndent()
    val loop = """
      for (i in 1..2) step {
          val loss = vgg(zeros(2, 3, 64, 64)).sum()
          optimizer.zeroGrad()
          loss.backward()
          optimizer.step()
      }
    """.trimIndent()
    val said = bench.ended(bench.check("unused.ktrain.kts", "$head\n$loop"))
    said shouldStartWith
      "0 note: fc.weight, fc.bias: registered in VGG and to be trained, but nothing computes with it."
    said.lines().size shouldBe 1
    bench.ended(bench.check("frozen.ktrain.kts", "$head\nvgg.getSubmodule(\"fc\").freeze()\n$loop")) shouldBe "0 "
    bench.ended(bench.check("untrained.ktrain.kts", "$head\nvgg(zeros(2, 3, 64, 64))")) shouldBe "0 "
  }
  test("parameters that only an evaluation computes with, or that fit was told of, are not named") {
    val net = """
      class Net : Module() {
          val body by linear(4, 3)
          val fc by linear(3, 2)
          override fun forward(x: Tensor) = if (isTraining) body(x) else fc(body(x))
      }
      val net = Net()
      val (train, valid) = iris().split(120, 30)
    """.trimIndent()
    fun fit(more: String) = """
      fit(net, 1, train = train.batches(16), $more optimizer = Sgd(net.parameters(), lr = 0.1)) {
          step { (x, _) -> net(x).sum() }
    """.trimIndent()
    bench.ended(bench.check("eval.ktrain.kts", "$net\n${fit("valid = valid.batches(16),")}\n}")) shouldBe "0 "
    bench.ended(bench.check("told.ktrain.kts", "$net\n${fit("")}\nallowUnused()\n}")) shouldBe "0 "
    bench.ended(bench.check("not-told.ktrain.kts", "$net\n${fit("")}\n}")) shouldStartWith "0 note: fc.weight, fc.bias"
  }
})

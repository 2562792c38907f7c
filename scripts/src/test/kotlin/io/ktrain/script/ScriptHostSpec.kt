package io.ktrain.script

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith
import io.ktrain.nn.Module
import io.ktrain.train.Interrupted
import java.nio.file.Path

internal class ScriptHostSpec : FunSpec({
  val bench = Workbench(this)

  test("a script runs from top to bottom and gives its last value, its params and its top-level values") {
    val text = $$"""
      val epochs by param(10, help = "passes")
      val model = sequential { linear(4, 2) }
      val shape = model(zeros(3, 4)).shape
      "$epochs epochs on $device, $isCheck"
    """
    val result = bench.run("all.ktrain.kts", text, "epochs" to "3")
    result.diagnostics shouldBe emptyList()
    result.exitCode shouldBe 0
    result.value shouldBe "3 epochs on cpu, false"
    result.params.single().run { "$name $flag $default $value $help $type" } shouldBe
      "epochs --epochs 10 3 passes class java.lang.Integer"
    result.names shouldBe setOf("model", "shape")
    (result["model"] as Module).children().size shouldBe 1
    shouldThrow<NoSuchElementException> { result["net"] }.message shouldBe
      "no top-level value net; there are model, shape"
  }
  test("what a script throws is a result with its lines, innermost first") {
    val text = $$"""
      fun half(n: Int): Int {
          require(n % 2 == 0) { "odd: $n" }
          return n / 2
      }

      val list = listOf(2, 3).map {
          half(it)
      }
    """
    val result = bench.run("fails.ktrain.kts", text)
    result.error!!.message shouldBe "odd: 3"
    bench.ended(result) shouldBe $$"""
      1 fails.ktrain.kts:2:5: error: IllegalArgumentException: odd: 3
        called at  fails.ktrain.kts:2     require(n % 2 == 0) { "odd: $n" }
              from fails.ktrain.kts:7     half(it)
    """.trimIndent()
  }
  test("the cause of a fault is shown with its own line") {
    val text = $$"""
      fun read(row: Int): Int = error("bad row $row")
      try { read(7) }
      catch (e: IllegalStateException) {
          throw RuntimeException("no data", e)
      }
    """
    val said = bench.said(bench.run("cause.ktrain.kts", text))
    said shouldStartWith "cause.ktrain.kts:4:5: error: RuntimeException: no data"
    said shouldContain "because of cause.ktrain.kts:1"
    said shouldContain "(IllegalStateException: bad row 7)"
  }
  test("all compile errors come with line and column") {
    val text = """
      val x: Int = "no"
      val model = sequential { linear(2, 2) }
      undefinedThing()
    """
    bench.ended(bench.run("bad.ktrain.kts", text)) shouldBe """
      2 bad.ktrain.kts:1:12: error: Initializer type mismatch: expected 'Int', actual 'String'.
      bad.ktrain.kts:3:1: error: Unresolved reference 'undefinedThing'.
    """.trimIndent()
  }
  test("a request that is wrong: no script, no Kotlin script, no such param, no such value") {
    bench.ended(bench.host().run(Path.of("no/such.kts"))) shouldBe "2 error: there is no script no/such.kts"
    bench.ended(bench.run("a.py", "")) shouldBe
      "2 error: a.py is no Kotlin script. Fix: a name that ends in .kts, best in .ktrain.kts"
    val text = "val lr by param(0.1)"
    bench.ended(bench.run("p.kts", text, "rl" to "1")) shouldBe
      "2 error: there is no param \"rl\". Did you mean --lr? There are --lr."
    bench.ended(bench.run("p.kts", text, "lr" to "x")) shouldBe
      "2 error: --lr: \"x\" is not a Double: a number such as 0.001, 1e-3 or 5."
  }
  test("params that cannot be are refused at their line") {
    fun said(text: String) = bench.ended(bench.run("refused.kts", text)).lines().first()
    said("val ok by param(1)\nval device by param(\"cpu\")") shouldBe
      "2 refused.kts:2:1: error: param: device would be --device, ktrain's own flag " +
      "(auto, cpu or cuda[:N]: where models and batches live (default auto)). Fix: another name."
    said("val rate by param(0.1f)") shouldBe "2 refused.kts:1:1: error: param: rate is a Float. " +
      "Fix: Int, Long, Double, Boolean, String, Path or an enum."
    said("fun f(): Int {\n  val inside by param(1)\n  return inside\n}\nf()") shouldBe
      "2 refused.kts:2:3: error: param: inside is inside a function or class. " +
      "Fix: val inside by param(default) at the top of the script."
    said("class C { val member by param(1) }") shouldBe
      "2 refused.kts:1:25: error: Params stand at the top of a script, outside classes and functions: " +
      "val name by param(default)."
    said("val lr by param(0.1, search = logUniform(0.0, 1.0))") shouldBe
      "2 refused.kts:1:1: error: logUniform: needs 0 < low < high, got low 0.0 and high 1.0. " +
      "Fix: logUniform(1e-4, 1e-1)."
  }
  test("describe gives every param and runs nothing after the last") {
    val text = """
      enum class Optimizer { ADAM, SGD }
      val epochs by param(10, help = "passes over the training set")
      val lr by param(1e-3, search = logUniform(1e-4, 1e-1))
      val kind by param(Optimizer.ADAM, search = choice(*Optimizer.values()))
      val out by param(Path("out"))
      error("not reached")
    """
    val described = bench.host().describe(bench.script("described.ktrain.kts", text))
    described.isOk shouldBe true
    described.params.joinToString("\n") { "${it.flag} ${it.default} ${it.search} ${it.help}".trim() } shouldBe """
      --epochs 10 null passes over the training set
      --lr 0.001 logUniform(1.0E-4, 0.1)
      --kind ADAM choice(ADAM, SGD)
      --out out null
    """.trimIndent()
  }
  test("imports share the run, declare params of their own, and are named in faults") {
    val library = $$"""
      val width by param(4)
      fun boom(n: Int): Int {
          check(n > 5) { "too small: $n" }
          return n
      }
    """
    bench.script("lib/shapes.kts", library)
    val text = "@file:Import(\"lib/shapes.kts\")\nval depth by param(1)\nboom(width + depth)"
    val file = bench.script("imports.ktrain.kts", text)
    bench.host().describe(file).params.map { it.name } shouldBe listOf("width", "depth")
    bench.host().run(file, mapOf("width" to "8")).value shouldBe 9
    bench.ended(bench.host().run(file)) shouldStartWith
      "1 lib/shapes.kts:3:5: error: IllegalStateException: too small: 5"
    bench.ended(bench.run("imports-nothing.ktrain.kts", "@file:Import(\"gone.kts\")")) shouldContain
      "imports-nothing.ktrain.kts:1:1: error: import: there is no file"
  }
  test("depends on a jar beside the script") {
    bench.jar("jars/answer.jar", 42)
    val text = "@file:DependsOn(\"jars/answer.jar\")\ndep.Answer.get()"
    repeat(2) { bench.run("depends.ktrain.kts", text).value shouldBe 42 }
    bench.compiled.count { it.endsWith("depends.ktrain.kts") } shouldBe 1
  }
  test("an interrupted run is not a failure") {
    val text = "throw ${Interrupted::class.qualifiedName}(\"saved\", emptyList())"
    bench.ended(bench.run("interrupted.ktrain.kts", text)) shouldBe "130 note: saved"
  }
  test("an anomaly found in backward shows the line of the forward call") {
    val result = bench.run("anomaly.ktrain.kts", """
      val w = tensor(0.0, requiresGrad = true)
      detectAnomaly {
          val loss = (w * 1).sqrt()
          loss.backward()
      }
    """)
    val said = bench.ended(result)
    said shouldContain "1 anomaly.ktrain.kts:4:5: error: backward: the gradient of sqrt at anomaly.ktrain.kts:3 by its input 0"
    said shouldContain "because of anomaly.ktrain.kts:3     val loss = (w * 1).sqrt()   (sqrt was called here)"
  }

  test("a fault inside inlined code is shown at the call") {
    val text = """
      val a = 1

      listOf(a, 2).first {
          it > 3
      }
    """
    bench.ended(bench.run("inlined.ktrain.kts", text)) shouldStartWith
      "1 inlined.ktrain.kts:3:1: error: NoSuchElementException"
  }
})

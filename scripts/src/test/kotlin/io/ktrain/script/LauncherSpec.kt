package io.ktrain.script

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldNotContain
import io.kotest.matchers.string.shouldStartWith
import kotlin.io.path.exists
import kotlin.io.path.readLines
import kotlin.io.path.readText

/** The real process: what it prints, where, and its exit code. */
internal class LauncherSpec : FunSpec({
  val bench = Workbench(this)
  val launched = Launched(bench)
  fun start(vararg arguments: String) = launched.start(arguments.toList())
  fun ktrain(vararg arguments: String, flags: List<String> = emptyList()) = launched.ktrain(*arguments, flags = flags)

  test("run: compiled once, then from the cache without compiler, scripting or command-line library") {
    bench.script("lib.kts", "val offset by param(1)")
    val text = $$"""
      @file:Import("lib.kts")
      val n by param(2)
      println("sum ${n + offset} ${sequential { linear(2, 2) }.parameters().size}")
    """
    bench.script("sum.ktrain.kts", text)
    "${ktrain("run", "sum.ktrain.kts", "--device=cpu")}" shouldBe "0 sum 3 2\n"
    val log = bench.folder.resolve("classes.log")
    val flags = listOf("-Xlog:class+load:file=$log")
    val again = ktrain("run", "sum.ktrain.kts", "--n", "40", "--offset=2", "--device=cpu", flags = flags)
    "$again" shouldBe "0 sum 42 2\n"
    val heavy = listOf("com.github.ajalt", "org.jetbrains.kotlin", "kotlin.script", "KotlinCompiler")
    log.readLines().filter { line -> heavy.any { it in line } }.shouldBeEmpty()
  }
  test("a script that fails: exit 1, its lines, and Java's stack only when asked for") {
    bench.compiled("fails.kts", "println(\"before\")\nerror(\"broken\")")
    "${ktrain("run", "fails.kts", "--device=cpu")}" shouldBe """
      1 before
      fails.kts:2:1: error: IllegalStateException: broken
        called at  fails.kts:2     error("broken")

    """.trimIndent()
    ktrain("run", "fails.kts", "--stacktrace").err shouldContain "at Fails.<init>(fails.kts:2)"
  }
  test("a request or a script that is wrong: exit 2, one clear message") {
    bench.compiled("ok.kts", "val epochs by param(1)")
    bench.script("bad.kts", "val x: Int = \"no\"\nnothing()")
    "${ktrain("run", "bad.kts")}" shouldBe """
      2 bad.kts:1:12: error: Initializer type mismatch: expected 'Int', actual 'String'.
      bad.kts:2:1: error: Unresolved reference 'nothing'.

    """.trimIndent()
    "${ktrain("run", "none.kts")}" shouldBe "2 error: there is no script none.kts\n"
    "${ktrain("run", "ok.kts", "--epohcs", "3")}".let {
      it shouldStartWith "2 error: there is no flag --epohcs. Did you mean --epochs?"
      it shouldNotContain "\tat "
    }
    "${ktrain("run", "ok.kts", "--device", "tpu")}" shouldStartWith
      "2 error: device: no backend for tpu:0; this process has [cpu"
    "${ktrain("rnu", "ok.kts")}" shouldBe "2 error: ktrain has no command rnu. Did you mean run?\n"
    "${ktrain("run")}" shouldContain "missing argument <script>"
  }
  test("check and summary: what a script prints is dropped") {
    bench.compiled("right.kts", "println(\"loud\")\nval net = sequential { linear(4, 2); relu() }\nnet(zeros(8, 4))")
    bench.compiled("wrong.kts", "sequential { linear(4, 2) }(zeros(1, 5))")
    "${ktrain("check", "right.kts")}" shouldBe "0 check: ok\n"
    "${ktrain("check", "wrong.kts")}" shouldStartWith "2 wrong.kts:1:1: error: linear: "
    ktrain("summary", "right.kts").run {
      code shouldBe 0
      out.lines().first() shouldBe "net: Sequential of f32[8,4]"
      out shouldContain Regex("0 +Linear-1 +.*2\\] +10\n")
    }
  }
  test("help of a script, of a command, of ktrain; versions; doctor; completion") {
    val text = "val lr by param(1e-3, search = logUniform(1e-4, 1e-1), help = \"step size\")\nprintln(\"not reached\")"
    bench.compiled("params.kts", text)
    ktrain("run", "params.kts", "--help").run {
      "$code $err" shouldBe "0 "
      out.lines().take(5).joinToString("\n") shouldBe """
        Usage: ktrain run params.kts [--PARAM VALUE]... [OPTION]...

        Params of this script:
          --lr  Double  step size; default 0.001; tuned over logUniform(1.0E-4, 0.1)

      """.trimIndent()
    }
    "${ktrain("--version")}" shouldBe "0 ktrain ${Version.ktrain}\n"
    val shown = mapOf(
      "run --help" to "--device", "--help" to "doctor", "doctor" to "JDK", "completion bash" to "__skip_opt_eq",
    )
    for ((line, word) in shown) {
      ktrain(*line.split(' ').toTypedArray()).run { code shouldBe 0; out shouldContain word }
    }
  }
  test("Ctrl-C where nothing is being fitted ends at once with 130") {
    bench.compiled("waits.kts", "println(\"ready\")\nThread.currentThread().join()")
    val process = start("run", "waits.kts")
    process.inputStream.bufferedReader().readLine() shouldBe "ready"
    ProcessBuilder("kill", "-INT", "${process.pid()}").start().waitFor() shouldBe 0
    process.waitFor() shouldBe 130
  }
  test("Ctrl-C while fitting saves, says where, and exits with 130") {
    val text = """
      val model = sequential { linear(4, 2) }
      val data = dataset(List(64) { it }) { Example(rand(4), it % 2) }
      fit(model, 1_000_000, train = data.batches(8), optimizer = Sgd(model.parameters(), lr = 0.1)) {
          step { (x, y) -> crossEntropy(model(x), y) }
          checkpoints("saved", best = trainLoss)
      }
    """
    bench.compiled("fits.kts", text)
    val process = start("run", "fits.kts", "--plain", "--device=cpu")
    val out = process.inputStream.bufferedReader()
    out.readLine() shouldStartWith "Epoch 001"
    ProcessBuilder("kill", "-INT", "${process.pid()}").start().waitFor() shouldBe 0
    out.readLines().last() shouldContain "stopped"
    process.waitFor() shouldBe 130
    launched.errors.readText().trim() shouldBe
      "stopping: fit saves what it was asked to keep (Ctrl-C again: stop at once)"
    bench.folder.resolve("saved/last.safetensors").exists() shouldBe true
  }
})

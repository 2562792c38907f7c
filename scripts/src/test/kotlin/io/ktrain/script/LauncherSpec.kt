package io.ktrain.script

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldNotContain
import io.kotest.matchers.string.shouldStartWith
import java.io.File
import java.nio.file.Path

/** The real process: what it prints, where, and its exit code. */
internal class LauncherSpec : FunSpec({
  val bench = Workbench(this)

  class Ended(val code: Int, val out: String, val err: String)

  fun start(arguments: List<String>, flags: List<String> = emptyList()): Process {
    val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
    val jvm = listOf("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-cp", System.getProperty("java.class.path"))
    return ProcessBuilder(listOf(java) + flags + jvm + Launcher::class.java.name + arguments)
      .directory(bench.folder.toFile())
      .apply { environment()["KTRAIN_CACHE"] = "${bench.folder.resolve("ktrain")}"; environment().remove("JAVA_TOOL_OPTIONS") }
      .redirectError(bench.folder.resolve("err").toFile())
      .start()
  }

  fun ktrain(vararg arguments: String, flags: List<String> = emptyList()): Ended {
    val process = start(arguments.toList(), flags)
    process.outputStream.close()
    val out = String(process.inputStream.readAllBytes())
    return Ended(process.waitFor(), out, File(bench.folder.toFile(), "err").readText())
  }

  test("run: compiled once, then from the cache without compiler, scripting or command-line library") {
    bench.script("lib.kts", "val offset by param(1)")
    bench.script("sum.ktrain.kts", "@file:Import(\"lib.kts\")\nval n by param(2)\nprintln(\"sum \${n + offset} \${sequential { linear(2, 2) }.parameters().size}\")")
    ktrain("run", "sum.ktrain.kts").run { "$code $out$err" } shouldBe "0 sum 3 2\n"
    val log = bench.folder.resolve("classes.log")
    ktrain("run", "sum.ktrain.kts", "--n", "40", "--offset=2", flags = listOf("-Xlog:class+load:file=$log")).run { "$code $out$err" } shouldBe
      "0 sum 42 2\n"
    log.toFile().readLines().filter { line ->
      listOf("com.github.ajalt", "org.jetbrains.kotlin", "kotlin.script", "KotlinCompiler").any { it in line }
    }.shouldBeEmpty()
  }
  test("a script that fails: exit 1, its lines, and Java's stack only when asked for") {
    bench.script("fails.kts", "println(\"before\")\nerror(\"broken\")")
    val failed = ktrain("run", "fails.kts")
    failed.code shouldBe 1
    failed.out shouldBe "before\n"
    failed.err shouldBe "fails.kts:2:1: error: IllegalStateException: broken\n  called at  fails.kts:2     error(\"broken\")\n"
    ktrain("run", "fails.kts", "--stacktrace").err shouldContain "at Fails.<init>(fails.kts:2)"
  }
  test("a request or a script that is wrong: exit 2, one clear message") {
    bench.script("ok.kts", "val epochs by param(1)")
    bench.script("bad.kts", "val x: Int = \"no\"\nnothing()")
    ktrain("run", "bad.kts").run { "$code $out$err" } shouldBe
      "2 bad.kts:1:12: error: Initializer type mismatch: expected 'Int', actual 'String'.\nbad.kts:2:1: error: Unresolved reference 'nothing'.\n"
    ktrain("run", "none.kts").run { "$code $out$err" } shouldBe "2 error: there is no script none.kts\n"
    ktrain("run", "ok.kts", "--epohcs", "3").run { code shouldBe 2; err shouldContain "Did you mean --epochs?"; err shouldNotContain "\tat " }
    ktrain("run", "ok.kts", "--device", "cuda").run { code shouldBe 2; err shouldContain "cuda" }
    ktrain("run", "ok.kts", "--device", "tpu").run { code shouldBe 2; err shouldContain "tpu" }
    ktrain("rnu", "ok.kts").run { "$code $out$err" } shouldBe "2 error: ktrain has no command rnu. Did you mean run?\n"
    ktrain("run").run { code shouldBe 2; err shouldContain "missing argument <script>" }
  }
  test("check: what a script prints is dropped") {
    bench.script("right.kts", "println(\"loud\")\nsequential { linear(4, 2) }(zeros(1, 4))")
    bench.script("wrong.kts", "sequential { linear(4, 2) }(zeros(1, 5))")
    ktrain("check", "right.kts").run { "$code $out$err" } shouldBe "0 check: ok\n"
    ktrain("check", "wrong.kts").run { code shouldBe 2; out shouldBe ""; err shouldStartWith "wrong.kts:1:1: error: linear: " }
  }
  test("help of a script, of a command, of ktrain; versions; doctor; completion") {
    bench.script("params.kts", "val lr by param(1e-3, search = logUniform(1e-4, 1e-1), help = \"step size\")\nprintln(\"not reached\")")
    ktrain("run", "params.kts", "--help").run {
      code shouldBe 0
      err shouldBe ""
      out.lines().take(5) shouldBe listOf(
        "Usage: ktrain run params.kts [--PARAM VALUE]... [OPTION]...", "", "Params of this script:",
        "  --lr  Double  step size; default 0.001; tuned over logUniform(1.0E-4, 0.1)", "",
      )
    }
    ktrain("run", "--help").run { code shouldBe 0; out shouldContain "--device" }
    ktrain("--help").run { code shouldBe 0; out shouldContain "doctor" }
    ktrain("--version").run { "$code $out$err" } shouldBe "0 ktrain ${Version.ktrain}\n"
    ktrain("doctor").run { code shouldBe 0; out shouldContain "JDK" }
    ktrain("completion", "bash").run { code shouldBe 0; out shouldContain "__skip_opt_eq" }
  }
  test("Ctrl-C where nothing is being fitted ends at once with 130") {
    bench.script("waits.kts", "println(\"ready\")\nThread.currentThread().join()")
    val process = start(listOf("run", "waits.kts"))
    process.inputStream.bufferedReader().readLine() shouldBe "ready"
    ProcessBuilder("kill", "-INT", "${process.pid()}").start().waitFor() shouldBe 0
    process.waitFor() shouldBe 130
  }
})

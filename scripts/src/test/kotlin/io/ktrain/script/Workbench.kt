package io.ktrain.script

import io.kotest.core.TestConfiguration
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.ktrain.tensor.Device
import io.ktrain.train.Run
import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.nio.file.Path
import java.util.spi.ToolProvider
import kotlin.io.path.createDirectories
import kotlin.io.path.writeText

/** A folder of scripts with a cache of its own, and a host that counts what it compiles. */
internal class Workbench(test: TestConfiguration) {
  val folder: Path = test.tempdir().toPath()
  val cacheFolder: Path = folder.resolve("cache/scripts")
  val compiled = ArrayList<Path>()
  private val compiler = KotlinCompiler()
  private val counting = object : ScriptCompiler {
    override fun compile(script: Path): Compilation {
      synchronized(compiled) { compiled.add(script) }
      return compiler.compile(script)
    }
  }

  fun host(run: Run = run()): ScriptHost = ScriptHost(run, ScriptCache(cacheFolder)) { counting }

  fun script(name: String, text: String): Path =
    folder.resolve(name).also { it.parent.createDirectories() }.apply { writeText(text.trimIndent() + "\n") }

  /** A script another process will find in the cache, which spares it seconds. */
  fun compiled(name: String, text: String) {
    host().open(script(name, text)) { throw AssertionError(it.joinToString("\n")) }
  }

  fun run(name: String, text: String, vararg params: Pair<String, String>): ScriptResult =
    host().run(script(name, text), params.toMap())

  fun check(name: String, text: String): ScriptResult = host().check(script(name, text))

  fun run(): Run = Run(Device.of("cpu"), 0, 1, null, Run.Output.QUIET, PrintStream(ByteArrayOutputStream()), { 80 })

  /** A jar with a class `dep.Answer` whose static `get()` gives [answer]. */
  fun jar(name: String, answer: Int): Path {
    val classes = folder.resolve("classes").createDirectories()
    val source = folder.resolve("Answer.java")
    source.writeText("package dep; public class Answer { public static int get() { return $answer; } }")
    val jar = folder.resolve(name).also { it.parent.createDirectories() }
    fun tool(name: String, vararg arguments: String) =
      ToolProvider.findFirst(name).get().run(System.out, System.err, *arguments) shouldBe 0
    tool("javac", "-d", "$classes", "$source")
    tool("jar", "cf", "$jar", "-C", "$classes", ".")
    return jar
  }

  /** A result's diagnostics as printed, with the folder's path taken out. */
  fun said(result: ScriptResult): String = result.diagnostics.joinToString("\n").replace("$folder/", "")

  /** Its exit code and what it said. */
  fun ended(result: ScriptResult): String = "${result.exitCode} ${said(result)}"
}

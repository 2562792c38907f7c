package io.ktrain.script

import io.kotest.core.TestConfiguration
import io.kotest.engine.spec.tempdir
import io.ktrain.tensor.Device
import io.ktrain.train.Run
import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.nio.file.Path
import kotlin.io.path.createDirectories
import kotlin.io.path.writeText

/** A folder of scripts with a cache of its own, and a host that counts what it compiles. */
internal class Workbench(test: TestConfiguration) {
  val folder: Path = test.tempdir().toPath()
  val cacheFolder: Path = folder.resolve("cache")
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

  fun run(name: String, text: String, vararg params: Pair<String, String>): ScriptResult =
    host().run(script(name, text), params.toMap())

  fun check(name: String, text: String): ScriptResult = host().check(script(name, text))

  fun run(): Run = Run(Device.of("cpu"), 0, 1, null, Run.Output.QUIET, PrintStream(ByteArrayOutputStream()), { 80 })
}

/** Diagnostics as printed, with the folder's path taken out. */
internal fun ScriptResult.said(bench: Workbench): String = diagnostics.joinToString("\n").replace("${bench.folder}/", "")

package io.ktrain.script

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.FileTime
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import kotlin.io.path.fileSize
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.readBytes
import kotlin.io.path.writeBytes
import kotlin.io.path.writeText

internal class ScriptCacheSpec : FunSpec({
  val bench = Workbench(this)
  fun compilations(body: () -> Unit): Int {
    val before = bench.compiled.size
    body()
    return bench.compiled.size - before
  }

  test("a script is compiled once, whatever its params, and again when its text changes") {
    val text = "val a by param(1)\na * 2"
    compilations { bench.run("once.kts", text).value shouldBe 2 } shouldBe 1
    compilations { bench.run("once.kts", text, "a" to "5").value shouldBe 10 } shouldBe 0
    compilations { bench.run("once.kts", text.replace("2", "3")).value shouldBe 3 } shouldBe 1
    bench.cacheFolder.listDirectoryEntries("once*") shouldHaveSize 1
  }
  test("a change in an import of an import is seen") {
    bench.script("inner.kts", "val number = 1")
    bench.script("outer.kts", "@file:Import(\"inner.kts\")\nval twice = number * 2")
    val text = "@file:Import(\"outer.kts\")\ntwice"
    compilations { bench.run("imports.kts", text).value shouldBe 2 } shouldBe 1
    compilations { bench.run("imports.kts", text).value shouldBe 2 } shouldBe 0
    bench.script("inner.kts", "val number = 4")
    compilations { bench.run("imports.kts", text).value shouldBe 8 } shouldBe 1
    Files.delete(bench.folder.resolve("inner.kts"))
    bench.run("imports.kts", text).exitCode shouldBe 2
  }
  test("a jar that changed is seen") {
    // Jars are told apart by size and time, and these two have one size.
    fun jar(answer: Int) =
      Files.setLastModifiedTime(bench.jar("answer.jar", answer), FileTime.fromMillis(1_000_000L * answer))
    val text = "@file:DependsOn(\"answer.jar\")\ndep.Answer.get()"
    jar(1)
    compilations { repeat(2) { bench.run("jar.kts", text).value shouldBe 1 } } shouldBe 1
    jar(2)
    compilations { repeat(2) { bench.run("jar.kts", text).value shouldBe 2 } } shouldBe 1
  }
  test("scripts of one name in two folders have an entry each") {
    bench.run("a/same.kts", "1").value shouldBe 1
    bench.run("b/same.kts", "2").value shouldBe 2
    compilations { bench.run("a/same.kts", "1").value shouldBe 1 } shouldBe 0
  }
  test("a script that does not compile leaves nothing behind") {
    bench.run("wrong.kts", "val x: Int = \"no\"").exitCode shouldBe 2
    bench.cacheFolder.listDirectoryEntries("wrong*") shouldHaveSize 0
  }
  test("a broken entry is written anew") {
    bench.run("broken.kts", "7").value shouldBe 7
    val entry = bench.cacheFolder.listDirectoryEntries("broken*").single()
    for (kept in listOf(0, 10, entry.fileSize().toInt() / 2, entry.fileSize().toInt() - 1)) {
      entry.writeBytes(entry.readBytes().copyOf(kept))
      compilations { bench.run("broken.kts", "7").value shouldBe 7 } shouldBe 1
    }
    compilations { bench.run("broken.kts", "7").value shouldBe 7 } shouldBe 0
  }
  test("runs at one time of one script all get their own result, and leave one whole entry") {
    val file = bench.script("together.kts", "val n by param(0)\nn + 1")
    Executors.newFixedThreadPool(4).use { pool ->
      val results = pool.invokeAll((1..12).map { n -> Callable { bench.host().run(file, mapOf("n" to "$n")).value } })
      results.map { it.get() } shouldBe (2..13).toList()
    }
    bench.cacheFolder.listDirectoryEntries("together*").map { it.toString().endsWith(".jar") } shouldBe listOf(true)
    compilations { bench.host().run(file).value shouldBe 1 } shouldBe 0
  }
  test("a folder that cannot be written costs the cache, not the run") {
    val file = bench.folder.resolve("file").apply { writeText("in the way") }
    val script = bench.script("unkept.kts", "5")
    val host = ScriptHost(bench.run(), ScriptCache(file.resolve("cache"))) { KotlinCompiler() }
    val result = host.run(script)
    result.value shouldBe 5
    result.diagnostics.single().toString() shouldContain "warning: the compiled script is not kept"
  }
  test("where the cache is") {
    fun folder(vararg environment: Pair<String, String>) = "${ScriptCache.defaultFolder(mapOf(*environment))}"
    folder("KTRAIN_CACHE" to "/k", "XDG_CACHE_HOME" to "/x") shouldBe "/k/scripts"
    folder("XDG_CACHE_HOME" to "/x") shouldBe "/x/ktrain/scripts"
    folder("XDG_CACHE_HOME" to "") shouldBe "${Path.of(System.getProperty("user.home"), ".cache/ktrain/scripts")}"
  }
  test("an entry keeps texts and messages as they are") {
    val said = Diagnostic(Diagnostic.Severity.WARNING, "two\nlines \\n and a \\ backslash", "/a b/c.kts", 3, null)
    val file = bench.folder.resolve("entry.jar")
    val jar = Path.of("/x y.jar")
    val sources = mapOf(Path.of("/a b/c.kts") to "text\n")
    val script = CompiledScript("Main", null, sources, listOf(jar), mapOf("Main.class" to byteArrayOf(1)))
    ScriptEntry("one\ntwo", script, mapOf(jar to "1:2"), listOf(said)).write(file)
    val read = ScriptEntry.read(file)
    read.diagnostics shouldBe listOf(said)
    read.identity shouldBe "one\ntwo"
    read.libraries shouldBe mapOf(jar to "1:2")
    read.script!!.sources shouldBe sources
  }
})

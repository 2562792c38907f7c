package io.ktrain.script

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldNotBeEmpty
import io.kotest.matchers.shouldBe
import io.ktrain.nn.Module
import io.ktrain.optim.Optimizer
import java.io.PrintWriter
import java.io.StringWriter
import java.lang.reflect.Modifier.isAbstract
import java.lang.reflect.Modifier.isPublic
import java.nio.file.Path
import java.util.spi.ToolProvider
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.nameWithoutExtension
import kotlin.io.path.readText
import kotlin.io.path.writeText

/** What the pages show compiles and is right. */
internal class DocsSpec : FunSpec({
  val bench = Workbench(this)
  val flowers by lazy { bench.script("flowers.csv", "length,width,species\n5.1,3.5,setosa\n6.2,2.9,versicolor") }
  fun text(page: String) = Path.of("../docs").resolve(page).readText()
  fun blocks(page: String, language: String = "kotlin"): List<String> =
    text(page).split("```$language\n").drop(1).map { it.substringBefore("```") }.also { it.shouldNotBeEmpty() }

  test("the tour is one script") {
    bench.check("tour.ktrain.kts", blocks("tour.md").joinToString("\n")).exitCode shouldBe 0
  }
  for (page in listOf("scripts.md", "cuda.md", "models.md", "files.md", "data.md", "pytorch.md")) {
    test("the blocks of $page are scripts") {
      blocks(page).forEachIndexed { i, text ->
        val readable = text.replace("flowers.csv", "$flowers")
        bench.ended(bench.check("block$i.ktrain.kts", readable)) shouldBe "0 "
      }
    }
  }

  test("the tables beside PyTorch run") {
    bench.ended(bench.run("tables.ktrain.kts", tables(text("pytorch.md")))) shouldBe "0 "
  }
  test("the class beside PyTorch compiles as Java") {
    val source = bench.folder.resolve("Net.java").apply { writeText(blocks("pytorch.md", "java").single()) }
    val said = StringWriter()
    val options = arrayOf("-proc:none", "-cp", System.getProperty("java.class.path"), "-d", "${bench.folder}", "$source")
    ToolProvider.findFirst("javac").get().run(PrintWriter(said), PrintWriter(said), *options)
    "$said" shouldBe ""
  }
  test("every layer and every optimizer stands beside PyTorch's") {
    val page = text("pytorch.md")
    val classes = publicClasses(Module::class.java) + publicClasses(Optimizer::class.java)
    classes.filterNot { it == "Activation" || Regex("\\b$it\\b") in page }.shouldBeEmpty()
  }
})

/**
 * A script whose lines are the page's: of the first block its text, of a table's row every right-hand expression. So an
 * error names the page's line. Each section is a function, since a method has an end.
 */
private fun tables(page: String): String {
  var preamble = 0
  var sections = 0
  var inTable = false
  return page.lines().joinToString("\n") { line ->
    when {
      line.startsWith("```") -> "//".also { preamble++ }
      preamble == 1 -> line
      line.startsWith("## ") -> (if (sections > 0) "}; s$sections(); " else "") + "fun s${++sections}() {"
      line == "| PyTorch | ktrain, in a module |" -> "sequential {".also { inTable = true }
      line.startsWith("| ") && "| ktrain" !in line -> Regex("`([^`]+)`").findAll(line.substringAfterLast(" | "))
        .joinToString("; ") { "run { ${it.groupValues[1]} }" }
      inTable && line.isEmpty() -> "}".also { inTable = false }
      else -> "//"
    }
  } + "\n}; s$sections()"
}

/** The concrete public classes beside [base] that extend it. */
private fun publicClasses(base: Class<*>): List<String> {
  val sources = Path.of("../runtime/tensor/src/main/java").resolve(base.packageName.replace('.', '/'))
  return sources.listDirectoryEntries("*.java").map { Class.forName("${base.packageName}.${it.nameWithoutExtension}") }
    .filter { base.isAssignableFrom(it) && isPublic(it.modifiers) && !isAbstract(it.modifiers) }
    .map { it.simpleName }.also { it.shouldNotBeEmpty() }
}

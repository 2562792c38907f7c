package io.ktrain.script

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldNotBeEmpty
import io.kotest.matchers.shouldBe
import java.nio.file.Path
import kotlin.io.path.readText

/** What the pages show compiles and is right. */
internal class DocsSpec : FunSpec({
  val bench = Workbench(this)
  fun blocks(page: String): List<String> =
    Path.of("../docs").resolve(page).readText().split("```kotlin\n").drop(1).map { it.substringBefore("```") }
      .also { it.shouldNotBeEmpty() }

  test("the tour is one script") {
    bench.check("tour.ktrain.kts", blocks("tour.md").joinToString("\n")).exitCode shouldBe 0
  }
  for (page in listOf("scripts.md", "cuda.md", "models.md", "files.md")) {
    test("the blocks of $page are scripts") {
      blocks(page).forEachIndexed { i, text ->
        bench.ended(bench.check("block$i.ktrain.kts", text)) shouldBe "0 "
      }
    }
  }
})

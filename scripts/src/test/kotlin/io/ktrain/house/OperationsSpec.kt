package io.ktrain.house

import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.backend.Backends
import io.ktrain.op.OpMatrix
import io.ktrain.op.OpReference
import java.nio.file.Path
import kotlin.io.path.readText
import kotlin.io.path.writeText

private const val UPDATE =
  "./mvnw -q test -pl scripts -am -Dtest=OperationsSpec -Dsurefire.failIfNoSpecifiedTests=false -Ddocs.update=true"

/** What is made from the op table for people: the reference in `docs`, and the matrix that `ktrain doctor --ops` prints. */
class OperationsSpec : StringSpec({
  "docs/operations.md is what the op table says" {
    val file = Path.of("../docs/operations.md")
    val now = OpReference.of(Backends.all())
    if (System.getProperty("docs.update").toBoolean()) file.writeText(now)
    val changes = now.lines() - file.readText().lines().toSet()
    if (file.readText() != now) {
      changes.take(20).joinToString("\n") shouldBe "docs/operations.md is not up to date. If the change is meant: $UPDATE"
    }
    now shouldContain "### softmax"
  }

  "the matrix has no hole on any backend" {
    Backends.all().map { it.type() } shouldBe listOf("cpu", "cuda")
    OpMatrix.of(Backends.all()).holes().shouldBeEmpty()
  }
})

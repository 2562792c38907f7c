package io.ktrain.house

import io.kotest.assertions.fail
import io.kotest.core.spec.style.FunSpec
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.createDirectories
import kotlin.io.path.exists
import kotlin.io.path.readLines
import kotlin.io.path.writeLines

private const val UPDATE =
  "./mvnw -q test -pl scripts -am -Dtest=PublicApiSpec -Dsurefire.failIfNoSpecifiedTests=false -Dapi.update=true"

private fun outersOf(name: String): List<String> = name.indices.filter { name[it] == '$' }.map { name.take(it) }

/** The public API of every module stands in its `api` folder, so that a change to it is a visible diff. */
class PublicApiSpec : FunSpec({
  val root = Path.of("..").toAbsolutePath().normalize()
  val modules = mapOf(
    // What tensor holds besides these packages is public to the modules above it, and internal to everyone else.
    "runtime/tensor" to listOf("tensor", "nn", "optim", "random", "format").map { "io/ktrain/$it" },
    "runtime/cuda" to null,
    "runtime/data" to null,
    "runtime/train" to null,
    "dsl" to null,
    "scripts" to null,
  )

  modules.forEach { (module, packages) ->
    test("the public API of $module is the one in its api folder") {
      val folder = root.resolve(module)
      val classes = folder.resolve("target/classes")
      val visible = Files.walk(classes).use { paths ->
        paths.filter { packages == null || classes.relativize(it).parent?.toString() in packages }
          .filter { it.toString().endsWith(".class") }.map { ApiOfClass(Files.readAllBytes(it)) }.toList()
      }.filter(ApiOfClass::isVisible).associateBy(ApiOfClass::name).toSortedMap()
      val now = visible.filterKeys { outersOf(it).all(visible::containsKey) }.values.flatMap(ApiOfClass::lines)

      val file = folder.resolve("api/${folder.fileName}.api")
      if (System.getProperty("api.update").toBoolean()) file.apply { parent.createDirectories() }.writeLines(now)
      val before = if (file.exists()) file.readLines() else emptyList()
      val changes = (before - now.toSet()).map { "- $it" } + (now - before.toSet()).map { "+ $it" }
      val message = "$module: its public API is not the one in ${root.relativize(file)}"
      if (before != now) fail(changes.take(40).joinToString("\n", "$message\n", "\nIf the change is meant: $UPDATE"))
    }
  }
})

package io.ktrain.house

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.FileTime
import java.time.Instant
import kotlin.io.path.appendText
import kotlin.io.path.copyTo
import kotlin.io.path.createDirectories
import kotlin.io.path.createFile
import kotlin.io.path.createSymbolicLinkPointingTo
import kotlin.io.path.exists
import kotlin.io.path.readLines
import kotlin.io.path.readText
import kotlin.io.path.writeText

/** The shell script `ktrain` in a checkout of its own, with a JVM and a Maven that only say what they were told. */
class LaunchScriptSpec : FunSpec({
  class Ended(val code: Int, val out: String, val err: String)

  class Checkout(folder: Path) {
    val home = folder.resolve("a home").createDirectories()
    val maven = home.resolve("maven.log")
    val cache = folder.resolve("cache")
    private val jdk = folder.resolve("jdk").createDirectories()

    init {
      Path.of("../ktrain").copyTo(home.resolve("ktrain"))
      home.resolve("pom.xml").writeText("<project/>")
      source("scripts/src/main/kotlin/A.kt")
      program(
        home.resolve("mvnw"),
        "echo \"$*\" >> '$maven'; mkdir -p scripts/target/ktrain/lib; : > scripts/target/ktrain/lib/ktrain-a.jar",
      )
      jdk.resolve("release").writeText("IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"25.0.1\"\n")
      java("printf '<%s>' \"\$@\"")
    }

    fun program(file: Path, body: String) {
      file.parent.createDirectories()
      file.writeText("#!/bin/sh\n$body\n")
      file.toFile().setExecutable(true)
    }

    fun java(body: String) = program(jdk.resolve("bin/java"), body)

    /** A source saved well before or after now, so that no clock is too coarse for these tests. */
    fun source(path: String, time: Instant = Instant.now().minusSeconds(60)) {
      val file = home.resolve(path).apply { parent.createDirectories() }
      if (!file.exists()) file.createFile()
      Files.setLastModifiedTime(file, FileTime.from(time))
    }

    fun ktrain(vararg arguments: String, script: Path = home.resolve("ktrain")): Ended {
      val (out, err, code) = listOf("out", "err", "code").map { Files.createTempFile(home, it, "") }
      // Through cat, which ends when the filter is done too: Java itself would stop reading when the program ends.
      val shell = "{ sh \"\$@\" > '$out'; echo \$? > '$code'; } 2>&1 | cat > '$err'"
      val process = ProcessBuilder(listOf("sh", "-c", shell, "sh", "$script") + arguments)
        .apply { environment().putAll(mapOf("JAVA_HOME" to "$jdk", "XDG_CACHE_HOME" to "$cache")) }.start()
      process.outputStream.close()
      process.waitFor()
      return Ended(code.readText().trim().toInt(), out.readText(), err.readText())
    }
  }

  fun checkout() = Checkout(Files.createTempDirectory(tempdir().toPath(), "x"))

  test("builds on first use, then only when a source is newer than the build") {
    val checkout = checkout()
    checkout.ktrain("doctor").err shouldContain "ktrain: building (first use"
    checkout.ktrain("doctor").err shouldBe ""
    checkout.maven.readLines().size shouldBe 1
    checkout.source("scripts/src/main/kotlin/A.kt", Instant.now().plusSeconds(60))
    checkout.ktrain("doctor").err shouldContain "ktrain: building (sources changed"
    checkout.maven.readLines().size shouldBe 2
  }
  test("what is saved while a build runs is not taken for built") {
    val checkout = checkout()
    checkout.home.resolve("mvnw").appendText("touch scripts/src/main/kotlin/A.kt\n")
    checkout.ktrain("doctor")
    checkout.ktrain("doctor").err shouldContain "ktrain: building (sources changed"
  }
  test("a build that fails: its log, exit 2, and the next start builds again") {
    val checkout = checkout()
    checkout.program(checkout.home.resolve("mvnw"), "echo 'A.kt:1 broken'; exit 1")
    repeat(2) {
      checkout.ktrain("doctor").run {
        code shouldBe 2
        err shouldContain "A.kt:1 broken"
        err shouldContain "ktrain: the build failed"
      }
    }
  }
  test("hands arguments on as they are, and the exit code back") {
    val checkout = checkout()
    checkout.java("printf '<%s>' \"\$@\"; exit 7")
    checkout.ktrain("run", "my script.kts", "--name", "", "a  b").run {
      code shouldBe 7
      out shouldContain "<io.ktrain.script.Launcher><run><my script.kts><--name><><a  b>"
      out shouldContain "<${checkout.home.toRealPath()}/scripts/target/ktrain/lib/ktrain-a.jar>"
    }
  }
  test("drops the JVM's one warning from standard error, and nothing else") {
    val checkout = checkout()
    checkout.ktrain("doctor")
    checkout.java("printf 'a\\nWARNING: Using incubator modules: jdk.incubator.vector\\nWARNING: other\\nlast' >&2")
    checkout.ktrain("doctor").err shouldBe "a\nWARNING: other\nlast\n"
  }
  test("gives the JVM the real standard error beside the filter") {
    val checkout = checkout()
    checkout.ktrain("doctor")
    checkout.java("echo \"$1 $2 $3 $4 $5 $6 $7 $8 $9\"; echo real >&3")
    checkout.ktrain("doctor").run {
      out shouldContain "-Dktrain.stderr=3"
      err shouldBe "real\n"
    }
  }
  test("works through a link, with a cache nobody can write") {
    val checkout = checkout()
    checkout.cache.parent.createDirectories()
    checkout.cache.writeText("a file, no folder")
    val link = checkout.home.parent.resolve("kt").createSymbolicLinkPointingTo(Path.of("a home/ktrain"))
    checkout.ktrain("doctor", script = link).run { "$code $out" shouldStartWith "0 <" }
  }
})

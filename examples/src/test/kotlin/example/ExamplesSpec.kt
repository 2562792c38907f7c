package example

import io.kotest.core.spec.style.StringSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.doubles.shouldBeGreaterThan
import io.kotest.matchers.doubles.shouldBeLessThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldNotContain
import io.ktrain.random.Generator
import io.ktrain.script.ScriptHost
import io.ktrain.script.ScriptResult
import io.ktrain.tensor.Context
import io.ktrain.tensor.Device
import io.ktrain.train.Run
import java.io.ByteArrayOutputStream
import java.io.DataOutputStream
import java.io.PrintStream
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.exists

/** Every example runs as a user would start it, with small settings; each trains enough to show that it learns. */
class ExamplesSpec : StringSpec({
  val printed = ByteArrayOutputStream()

  fun host(folder: Path) =
    ScriptHost(Run(Device.CPU, 0, 2, folder, Run.Output.PLAIN, PrintStream(printed, true)) { 80 })

  fun run(name: String, folder: Path, vararg params: Pair<String, String>): ScriptResult {
    printed.reset()
    val result = host(folder).run(Path.of("$name.ktrain.kts"), params.toMap())
    (result.exitCode to result.diagnostics.joinToString("\n")) shouldBe (0 to "")
    return result
  }

  fun lines() = printed.toString().lines().filter { it.startsWith("Epoch") }
  fun last(what: String) = lines().last().substringAfter("$what: ").substringBefore(" ").toDouble()

  "iris" {
    val folder = tempdir().toPath()
    val model = folder.resolve("models/iris.safetensors")
    run("iris", folder, "out" to model.toString())
    lines() shouldHaveSize 30
    last("Valid acc") shouldBeGreaterThan 0.949
    model.exists() shouldBe true
  }

  "xor" {
    run("xor", tempdir().toPath(), "steps" to "100")
  }

  "mnist, on pictures that are easy to tell apart" {
    val folder = tempdir().toPath()
    stripes(folder)
    val small = arrayOf("epochs" to "2", "validation" to "64", "batchSize" to "16", "lr" to "2e-3")
    run("mnist", folder, "data" to folder.toString(), *small)
    lines() shouldHaveSize 2
    last("Valid acc") shouldBeGreaterThan 0.9
    Files.list(folder.resolve("checkpoints/mnist")).use { it.count() } shouldBe 3
  }

  "mnist-loop, on pictures that are easy to tell apart" {
    val folder = tempdir().toPath()
    stripes(folder)
    run("mnist-loop", folder, "data" to folder.toString(), "epochs" to "1")
  }

  val few = arrayOf("steps" to "60", "evaluations" to "2", "characters" to "20")

  "gpt, on a text that repeats itself" {
    val folder = tempdir().toPath()
    verses(folder)
    val small = arrayOf("layers" to "1", "heads" to "2", "width" to "16", "context" to "16", "lr" to "1e-2")
    run("gpt", folder, "data" to folder.toString(), *few, *small)
    lines() shouldHaveSize 2
    last("Valid loss") shouldBeLessThan 1.5
  }

  "char-lstm, on a text that repeats itself" {
    val folder = tempdir().toPath()
    verses(folder)
    val small = arrayOf("hidden" to "32", "width" to "8", "length" to "16", "lr" to "2e-2")
    run("char-lstm", folder, "data" to folder.toString(), *few, *small)
    lines() shouldHaveSize 2
    last("Valid loss") shouldBeLessThan 1.5
  }

  "transfer-learning: frozen features stay as they are, unfrozen ones do not" {
    val folder = tempdir().toPath()
    val models = folder.resolve("models").toString()
    val lines = printedBy { run("transfer-learning", folder, "epochs" to "4", "folder" to models) }
    fun accuracy(line: String) = line.substringAfter(": ").take(5).toDouble()
    val (rows, frozen, unfrozen) = lines.filter { it.startsWith("rows") }
    accuracy(rows) shouldBeGreaterThan 0.9
    accuracy(frozen) shouldBeGreaterThan 0.7
    accuracy(unfrozen) shouldBeGreaterThan 0.7
    frozen shouldContain "2,056 parameters trained; features as before: true"
    unfrozen shouldContain "3,352 parameters trained; features as before: false"
  }

  for (name in listOf("iris", "xor", "mnist", "mnist-loop", "transfer-learning", "gpt", "char-lstm")) {
    "$name passes its check, with no data there at all" {
      val result = host(tempdir().toPath()).check(Path.of("$name.ktrain.kts"))
      val said = result.diagnostics.joinToString("\n")
      said shouldNotContain "error"
      result.exitCode shouldBe 0
    }
  }

  "iris from Java" {
    val file = tempdir().toPath().resolve("iris.safetensors")
    Context.current().fork(Generator(1)).run { IrisMlp.train(30, file) } shouldBeGreaterThan 0.949
    IrisMlp.species(file, 5.1f, 3.5f, 1.4f, 0.2f) shouldBe "setosa"
    IrisMlp.species(file, 6.3f, 3.3f, 6.0f, 2.5f) shouldBe "virginica"
  }

  "a misspelt param is named with the nearest" {
    val result = host(tempdir().toPath()).run(Path.of("iris.ktrain.kts"), mapOf("epoch" to "1"))
    result.exitCode shouldBe 2
    result.diagnostics.joinToString() shouldContain "epochs"
  }
})

/** The lines that a script itself prints. */
private fun printedBy(body: () -> Unit): List<String> {
  val before = System.out
  val bytes = ByteArrayOutputStream()
  System.setOut(PrintStream(bytes, true))
  try {
    body()
  } finally {
    System.setOut(before)
  }
  return bytes.toString().lines()
}

/** MNIST's four files with 384 and 64 pictures: the digit is the row of a bright stripe. */
private fun stripes(folder: Path) {
  for ((part, count) in listOf("train" to 384, "t10k" to 64)) {
    idx(folder.resolve("$part-images-idx3-ubyte"), count, 28, 28) { out ->
      for (i in 0 until count) for (pixel in 0 until 28 * 28) out.write(if (pixel / 56 - 2 == i % 10) 255 else 0)
    }
    idx(folder.resolve("$part-labels-idx1-ubyte"), count) { out -> for (i in 0 until count) out.write(i % 10) }
  }
}

/** A text of 17 different characters in place of Shakespeare's. */
private fun verses(folder: Path) {
  Files.writeString(folder.resolve("tinyshakespeare.txt"), "to be or not to be,\nthat is the question.\n".repeat(100))
}

private fun idx(file: Path, vararg sizes: Int, write: (DataOutputStream) -> Unit) {
  DataOutputStream(Files.newOutputStream(file).buffered()).use { out ->
    out.writeInt(0x800 or sizes.size)
    sizes.forEach(out::writeInt)
    write(out)
  }
}

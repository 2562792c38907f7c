package example

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.doubles.shouldBeGreaterThan
import io.kotest.matchers.paths.shouldExist
import io.kotest.matchers.shouldBe
import io.ktrain.script.ScriptHost
import io.ktrain.script.ScriptResult
import io.ktrain.train.History
import io.ktrain.train.Metric
import java.io.DataOutputStream
import java.nio.file.Path
import kotlin.io.path.outputStream

/** Every example runs, with settings that take seconds. */
class ExamplesSpec : FunSpec({
  val host = ScriptHost()

  fun run(name: String, params: Map<String, String>): ScriptResult {
    val result = host.run(Path.of(name), params)
    result.diagnostics.map { it.toString() }.shouldBeEmpty()
    result.exitCode shouldBe 0
    return result
  }

  test("iris is learnt and saved") {
    val out = tempdir().toPath().resolve("iris.safetensors")
    val result = run("iris.ktrain.kts", mapOf("out" to out.toString()))
    val history = result["history"] as History
    val acc = result["acc"] as Metric
    history.epochs.maxOf { it[acc.valid] } shouldBeGreaterThan 0.94
    out.shouldExist()
  }

  test("xor runs") {
    run("xor.ktrain.kts", mapOf("steps" to "20"))
  }

  test("mnist trains on a few pictures, by fit and by a loop") {
    val data = tempdir().toPath()
    pictures(data, "train", 96)
    pictures(data, "t10k", 32)
    run("mnist.ktrain.kts", mapOf("data" to data.toString(), "out" to "$data/out", "epochs" to "1", "validation" to "32"))
    run("mnist-loop.ktrain.kts", mapOf("data" to data.toString(), "epochs" to "1"))
  }

  test("mnist is checked with no data at all") {
    for (name in listOf("mnist.ktrain.kts", "mnist-loop.ktrain.kts")) {
      host.check(Path.of(name), mapOf("data" to "no-such-folder")).exitCode shouldBe 0
    }
  }

  test("Java trains without Kotlin") {
    IrisMlp.train(15) shouldBeGreaterThan 0.85
  }
})

/** IDX files as MNIST's, of pictures whose bright row is their label. */
private fun pictures(folder: Path, part: String, count: Int) {
  DataOutputStream(folder.resolve("$part-images-idx3-ubyte").outputStream().buffered()).use { out ->
    listOf(2051, count, 28, 28).forEach(out::writeInt)
    for (i in 0 until count) for (row in 0 until 28) for (column in 0 until 28) out.writeByte(if (row == i % 10) 255 else 0)
  }
  DataOutputStream(folder.resolve("$part-labels-idx1-ubyte").outputStream().buffered()).use { out ->
    listOf(2049, count).forEach(out::writeInt)
    for (i in 0 until count) out.writeByte(i % 10)
  }
}

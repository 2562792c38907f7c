package io.ktrain.script

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.format.Bundle
import io.ktrain.format.PyTorchFile
import io.ktrain.format.StateDictFile
import io.ktrain.nn.Linear
import io.ktrain.nn.Sequential
import io.ktrain.tensor.DType
import io.ktrain.tensor.Tensor
import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.nio.file.Files

internal class FileCommandsSpec : FunSpec({
  val folder = tempdir().toPath()
  val state = mapOf("fc.weight" to Tensor.of(floatArrayOf(1f, 2f, 3f, 4f), 2, 2), "n" to Tensor.scalar(7, DType.i64))

  class Ran(val code: Int, val out: String, val err: String)

  fun ktrain(vararg arguments: Any): Ran {
    val (out, err) = List(2) { ByteArrayOutputStream() }
    val code = CommandLine.execute(arguments.map { "$it" }, PrintStream(out, true), PrintStream(err, true))
    return Ran(code, out.toString(), err.toString())
  }

  test("inspect lists tensors, their totals, and the other values of a checkpoint") {
    val file = folder.resolve("checkpoint.pt")
    PyTorchFile.write(file, mapOf("epoch" to 3L, "model" to state, "groups" to listOf(mapOf("lr" to 0.1)), "note" to "a\nb"))
    val ran = ktrain("inspect", file)
    ran.out shouldBe """
      |$file: PyTorch, ${"%,d".format(Files.size(file))} bytes
      |name             type  shape  elements  bytes
      |model.fc.weight  f32   [2,2]         4     16
      |model.n          i64   []            1      8
      |2 tensors, 5 elements, 24 bytes
      |epoch = 3
      |groups.0.lr = 0.1
      |note = a b
      |
    """.trimMargin()
    ran.code shouldBe 0
  }

  test("inspect tells a bundle from weights alone, whatever they are called") {
    val bundle = folder.resolve("model.bin")
    Bundle.write(bundle, Sequential(Linear(2, 1)))
    ktrain("inspect", bundle).out shouldContain "model.bin: ktrain bundle, "
    ktrain("inspect", bundle).out shouldContain "ktrain.architecture = {\"class\":\"Sequential\""
    val weights = folder.resolve("weights.safetensors")
    StateDictFile.write(weights, state)
    ktrain("inspect", weights).out shouldContain "weights.safetensors: safetensors, "
  }

  test("convert there and back gives the same tensors") {
    val (first, second, third) = listOf("a.pth", "b.safetensors", "c.pt").map(folder::resolve)
    StateDictFile.write(first, state)
    ktrain("convert", first, second).out shouldBe "$second: 2 tensors, 5 elements, 24 bytes\n"
    ktrain("convert", second, third).code shouldBe 0
    val back = StateDictFile.read(third)
    back.keys shouldBe state.keys
    state.forEach { (name, t) -> back.getValue(name).toDoubleArray() shouldBe t.toDoubleArray() }
  }

  test("convert takes one dict of a checkpoint") {
    val (file, weights) = listOf("trained.pt", "trained.safetensors").map(folder::resolve)
    PyTorchFile.write(file, mapOf("epoch" to 3L, "model_state_dict" to state))
    val refused = ktrain("convert", file, weights)
    refused.code shouldBe 2
    refused.err shouldContain "error: load: $file holds more than tensors by name: epoch"
    refused.err shouldContain "by its key which of its dicts to load: \"model_state_dict\""
    Files.exists(weights) shouldBe false
    ktrain("convert", file, weights, "--key", "model_state_dict").code shouldBe 0
    StateDictFile.read(weights).keys shouldBe state.keys
  }

  test("what cannot be read or written is one sentence and exit code 2") {
    val text = folder.resolve("notes.txt").also { Files.writeString(it, "hello world") }
    ktrain("inspect", text).let { it.code to it.err.lines().size } shouldBe (2 to 2)
    ktrain("inspect", text).err shouldContain "notes.txt is neither a .safetensors nor a .pt file"
    ktrain("inspect", folder.resolve("none.pt")).err shouldContain "there is no file"
    StateDictFile.write(folder.resolve("x.pt"), state)
    ktrain("convert", folder.resolve("x.pt"), folder.resolve("x.onnx")).err shouldContain "names no format. Fix: .safetensors"
    ktrain("convert", folder.resolve("x.pt")).code shouldBe 2
  }
})

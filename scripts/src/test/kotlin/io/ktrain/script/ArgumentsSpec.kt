package io.ktrain.script

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.ktrain.tensor.ScriptError
import java.nio.file.Path

internal enum class Kind { ADAM, SGD }

internal class ArgumentsSpec : FunSpec({
  val types = mapOf(
    "epochs" to Int::class.javaObjectType, "samples" to Long::class.javaObjectType,
    "lr" to Double::class.javaObjectType, "augment" to Boolean::class.javaObjectType,
    "runName" to String::class.java, "weights" to Path::class.java,
    "kind" to Kind::class.java, "batchSize" to Int::class.javaObjectType,
  ).mapValues { ParamType.of(it.value) }
  fun parse(vararg tokens: String) = Arguments(types).parse(tokens.toList())
  fun wrong(vararg tokens: String) = shouldThrow<ScriptError> { parse(*tokens) }.message

  test("values of every type, after the flag or an equals sign") {
    val line = "--epochs 3 --samples=9000000000 --lr 3e-4 --run-name=a=b --weights a/b.pt --kind sgd"
    parse(*line.split(' ').toTypedArray()) shouldBe
      mapOf(
        "epochs" to 3, "samples" to 9_000_000_000L, "lr" to 3e-4, "runName" to "a=b", "weights" to Path.of("a/b.pt"),
        "kind" to Kind.SGD,
      )
  }
  test("kebab-case and camelCase name the same param, and the last one counts") {
    parse("--batch-size", "8", "--batchSize", "16") shouldBe mapOf("batchSize" to 16)
  }
  test("a negative number is a value, not a flag") {
    parse("--lr", "-0.5", "--epochs", "-1") shouldBe mapOf("lr" to -0.5, "epochs" to -1)
  }
  test("booleans by their flag alone, denied, or with a value") {
    parse("--augment") shouldBe mapOf("augment" to true)
    parse("--no-augment") shouldBe mapOf("augment" to false)
    parse("--augment", "false") shouldBe mapOf("augment" to false)
    parse("--augment=true", "--epochs", "1") shouldBe mapOf("augment" to true, "epochs" to 1)
    wrong("--augment=maybe") shouldBe "--augment: \"maybe\" is not a Boolean: true or false."
    wrong("--no-augment=true") shouldBe
      "--no-augment takes no value, got \"true\". Fix: --no-augment, or --augment true."
  }
  test("a value of another type names the flag, the text, the type and its range") {
    wrong("--lr", "abc") shouldBe "--lr: \"abc\" is not a Double: a number such as 0.001, 1e-3 or 5."
    wrong("--epochs", "1.5") shouldBe
      "--epochs: \"1.5\" is not an Int: a whole number from -2147483648 to 2147483647."
    wrong("--epochs", "99999999999") shouldBe
      "--epochs: \"99999999999\" is not an Int: a whole number from -2147483648 to 2147483647."
    wrong("--kind", "rms") shouldBe "--kind: \"rms\" is not a Kind: one of ADAM, SGD."
  }
  test("an unknown flag suggests the nearest of the script's and of ktrain's own") {
    wrong("--epohcs", "3") shouldBe "there is no flag --epohcs. Did you mean --epochs? " +
      "There are --epochs, --samples, --lr, --augment, --run-name, --weights, --kind, --batch-size, " +
      "--device, --threads, --seed, --run-dir, --plain, --quiet, --stacktrace, --help."
    wrong("--divice", "cpu")!!.substringBefore(" There") shouldBe "there is no flag --divice. Did you mean --device?"
    wrong("--no-epochs")!!.substringBefore(" There") shouldBe "there is no flag --no-epochs."
    wrong("--xyzzy")!!.substringBefore(" There") shouldBe "there is no flag --xyzzy."
  }
  test("a flag without its value, and a value without its flag") {
    wrong("--lr") shouldBe "--lr needs a value: a Double: a number such as 0.001, 1e-3 or 5."
    wrong("--lr", "--epochs", "3") shouldBe "--lr needs a value: a Double: a number such as 0.001, 1e-3 or 5."
    wrong("3")!!.substringBefore(" There") shouldBe "\"3\" belongs to no flag. Fix: --name value."
  }
  test("a service gives params by name") {
    Arguments(types).read(mapOf("batchSize" to "4", "run-name" to "x")) shouldBe
      mapOf("batchSize" to 4, "runName" to "x")
    val unknown = shouldThrow<ScriptError> { Arguments(types).read(mapOf("epoch" to "4")) }
    unknown.message!!.substringBefore(" There") shouldBe
      "there is no param \"epoch\". Did you mean --epochs?"
  }
  test("flags from names") {
    kebab("lr") shouldBe "lr"
    kebab("batchSize") shouldBe "batch-size"
    kebab("maxPool2d") shouldBe "max-pool2d"
    kebab("useGPU") shouldBe "use-gpu"
  }
})

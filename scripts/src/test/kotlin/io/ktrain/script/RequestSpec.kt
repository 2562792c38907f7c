package io.ktrain.script

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.ktrain.tensor.ScriptError

internal class RequestSpec : FunSpec({
  fun request(line: String) = Request.of(line.split(' '))
  fun wrong(line: String) = shouldThrow<ScriptError> { request(line) }.message

  test("ktrain's own flags stand anywhere, the script's after its name") {
    val request = request("run --seed 3 a.kts --epochs 4 --device=cpu --lr=1 --quiet")!!
    request.command shouldBe "run"
    "${request.script}" shouldBe "a.kts"
    request.params shouldBe listOf("--epochs", "4", "--lr=1")
    request.number(OwnFlag.SEED) shouldBe 3
    request[OwnFlag.DEVICE] shouldBe "cpu"
    request.has(OwnFlag.QUIET) shouldBe true
    request.has(OwnFlag.PLAIN) shouldBe false
  }
  test("no script: the command's own help or usage") {
    request("run") shouldBe null
    request("run --help") shouldBe null
  }
  test("what is wrong with usage") {
    wrong("run --epochs 3 a.kts") shouldBe
      "--epochs stands before the script and is not ktrain's own. Fix: ktrain run SCRIPT --epochs."
    wrong("run --sede 3 a.kts") shouldBe "--sede stands before the script and is not ktrain's own. Did you mean --seed?"
    wrong("run a.kts --seed") shouldBe "--seed needs a value: start of every random stream (default 0)."
    wrong("run a.kts --quiet=yes") shouldBe "--quiet takes no value. Fix: --quiet."
    shouldThrow<ScriptError> { request("run a.kts --threads 0")!!.number(OwnFlag.THREADS, 1..1024L) }.message shouldBe
      "--threads: \"0\" is not a whole number from 1 to 1024."
  }
})

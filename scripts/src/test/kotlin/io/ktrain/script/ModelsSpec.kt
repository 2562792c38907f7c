package io.ktrain.script

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith
import io.ktrain.dsl.linear
import io.ktrain.dsl.provideDelegate
import io.ktrain.dsl.zeros
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.tensor.Check
import io.ktrain.tensor.Tensor

private class Attend(width: Int) : Module() {
  val q by linear(width, width)
  val k by linear(width, width)
  operator fun invoke(query: Tensor, memory: Tensor): Tensor = q(query).matmul(k(memory).transpose(-2, -1))
}

internal class ModelsSpec : FunSpec({
  test("a model of several inputs is summed up by what its layers were called with") {
    val check = Check()
    val model = Attend(8)
    Check.run(check) { model(zeros(2, 5, 8), zeros(2, 7, 8)) }
    val table = Models(check, mapOf("attend" to model, "n" to 3, "idle" to Linear(1, 1))).tables()
    table.map { it.lines().first() } shouldContainExactly
      listOf("attend: Attend", "idle: never called, so its shapes are not known")
    table[0] shouldContain Regex("q +Linear-1 +\\[-1, 5, 8\\] +72\nk +Linear-2 +\\[-1, 7, 8\\] +72\n")
    table[0].substringAfter("Total params") shouldStartWith ": 144\n"
    Models(check, emptyMap()).called().map { it.javaClass } shouldBe listOf(Linear::class.java, Linear::class.java)
  }
})

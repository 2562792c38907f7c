package io.ktrain.train

import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import io.ktrain.nn.BatchNorm1d
import io.ktrain.nn.Embedding
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import io.ktrain.tensor.DType
import io.ktrain.tensor.Tensor

class SummarySpec : StringSpec({
  "nothing runs and nothing changes" {
    val model = Sequential(Linear(4, 8), BatchNorm1d(8), Linear(8, 3))
    model.children().getValue("0").setRequiresGrad(false)
    val before = model.values()
    summary(model, 4).let {
      it.rows.map { row -> row.layer } shouldContainExactly listOf("Linear", "BatchNorm1d", "Linear")
      it.totalParameters shouldBe 4 * 8 + 8 + 16 + 8 * 3 + 3
      it.trainableParameters shouldBe 16 + 8 * 3 + 3
    }
    model.values() shouldBe before
    model.isTraining shouldBe true
    model(Tensor.zeros(2, 4)) // the hooks are gone: no row is written any more
  }

  "a shared layer counts once, and labels may be the input" {
    class Twice : Module() {
      val table = register("table", Embedding(10, 4))
      val inner = register("inner", Linear(4, 4))

      override fun forward(x: Tensor): Tensor = inner(inner(table(x)))
    }
    val s = summary(Twice(), 7, dtype = DType.i64)
    s.rows.map { it.parameters } shouldContainExactly listOf(40L, 20L, 0L)
    s.rows.map { it.shape } shouldContainExactly List(3) { listOf(-1, 7, 4) }
    s.totalParameters shouldBe 60
  }
})

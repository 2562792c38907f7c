package io.ktrain.data

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.tensor.KtrainException
import java.util.Collections

internal class WorkersSpec : FunSpec({
  fun numbers(): MutableList<Int> = Collections.synchronizedList(mutableListOf())

  test("workerInit is called once for each worker, before the first sample of each epoch") {
    val begun = numbers()
    val early = numbers()
    val samples = dataset(List(20) { it }) { i ->
      if (begun.size % 3 != 0) early += i
      i as Number
    }
    val loader = samples.batches(2, workers = 3, workerInit = { begun += it })
    repeat(2) { loader.count() }
    begun shouldBe listOf(0, 1, 2, 0, 1, 2)
    early shouldBe emptyList()
  }

  test("persistent workers are set up once") {
    val begun = numbers()
    val loader = indices(6).batches(2, workers = 2, persistentWorkers = true, workerInit = { begun += it })
    loader.iterator().use { it.next() }
    repeat(2) { loader.map(::values) shouldBe listOf(listOf(0, 1), listOf(2, 3), listOf(4, 5)) }
    begun shouldBe listOf(0, 1)
  }

  test("without workers there is nobody to set up, and nobody to keep") {
    val begun = numbers()
    indices(4).batches(2, workerInit = { begun += it }).count() shouldBe 2
    begun shouldBe emptyList()
    val e = shouldThrow<KtrainException> { indices(4).batches(2, persistentWorkers = true) }
    e.message shouldContain "persistentWorkers needs workers to keep, and workers is 0"
  }

  test("what workerInit throws is thrown to the reader, in every epoch") {
    val loader = indices(4).batches(2, workers = 2, persistentWorkers = true, workerInit = { error("no worker $it") })
    repeat(2) { shouldThrow<IllegalStateException> { loader.toList() }.message shouldBe "no worker 0" }
  }
})

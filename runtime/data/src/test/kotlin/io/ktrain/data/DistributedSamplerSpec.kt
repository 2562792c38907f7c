package io.ktrain.data

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.shouldNotBe
import io.kotest.matchers.string.shouldContain
import io.kotest.property.Arb
import io.kotest.property.arbitrary.boolean
import io.kotest.property.arbitrary.int
import io.kotest.property.checkAll
import io.ktrain.tensor.KtrainException

internal class DistributedSamplerSpec : FunSpec({
  test("shares have one size, and together every index, or all but the last few") {
    checkAll(80, Arb.int(0..40), Arb.int(1..6), Arb.boolean(), Arb.boolean()) { n, replicas, shuffle, dropLast ->
      val shares = List(replicas) { DistributedSampler(n, replicas, it, shuffle, 5, dropLast) }
      shares.forEach { it.toList().size shouldBe it.size }
      val all = shares.flatMap { it.toList() }
      if (dropLast) {
        all.toSet().size shouldBe all.size
        all.size shouldBe n - n % replicas
      } else {
        all.toSet() shouldBe (0 until n).toSet()
        all.size shouldBe (n + replicas - 1) / replicas * replicas
      }
    }
  }

  test("an epoch has its own order, which comes again") {
    val sampler = DistributedSampler(30, 2, 0)
    val first = sampler.toList()
    sampler.toList() shouldBe first
    sampler.epoch = 1
    sampler.toList() shouldNotBe first
    sampler.epoch = 0
    sampler.toList() shouldBe first
  }

  test("a loader takes it as its sampler") {
    val sampler = DistributedSampler(10, 3, 1, shuffle = false)
    val loader = indices(10).batches(3, sampler = sampler, workers = 2)
    loader.size shouldBe 2
    loader.map(::values) shouldBe listOf(listOf(1, 4, 7), listOf(0))
  }

  test("a rank that does not exist is refused") {
    shouldThrow<KtrainException> { DistributedSampler(10, 2, 2) }.message shouldContain "rank = 2; expected 0 to 1"
    shouldThrow<KtrainException> { DistributedSampler(10, 0, 0) }.message shouldContain "numReplicas = 0"
  }
})

package io.ktrain.data

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.ints.shouldBeLessThanOrEqual
import io.kotest.matchers.shouldBe
import io.kotest.matchers.shouldNotBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.types.shouldBeInstanceOf
import io.kotest.property.Arb
import io.kotest.property.arbitrary.boolean
import io.kotest.property.arbitrary.int
import io.kotest.property.arbitrary.long
import io.kotest.property.checkAll
import io.ktrain.tensor.Check
import io.ktrain.tensor.Context
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout

class DataLoaderSpec : FunSpec({
  val workerCounts = listOf(0, 1, 2, 4)

  fun epoch(loader: DataLoader<Tensor>) = loader.map(::values)

  test("an epoch has every index exactly once, in batches of the size asked for") {
    checkAll(60, Arb.int(0..70), Arb.int(1..20), Arb.boolean(), Arb.boolean(), Arb.int(0..3)) { n, size, shuffle, dropLast, workers ->
      val loader = indices(n).batches(size, shuffle, workers, dropLast = dropLast)
      val batches = epoch(loader)
      batches.size shouldBe loader.size
      batches.size shouldBe if (dropLast) n / size else (n + size - 1) / size
      batches.dropLast(1).forEach { it.size shouldBe size }
      val all = batches.flatten()
      if (dropLast) all.toSet().size shouldBe n / size * size else all.shouldContainExactlyInAnyOrder((0 until n).toList())
      if (!shuffle) all shouldBe (0 until all.size).toList()
    }
  }

  test("one seed gives one order for any number of workers, another order every epoch") {
    checkAll(12, Arb.long(), Arb.int(20..60)) { seed, n ->
      val runs = workerCounts.map { workers ->
        val loader = indices(n).batches(7, shuffle = true, workers = workers, seed = seed)
        List(3) { epoch(loader) }
      }
      runs.toSet().size shouldBe 1
      runs[0].map { it.flatten() }.toSet().size shouldBe 3
    }
  }

  test("random numbers drawn in a sample depend on seed, epoch and index alone") {
    val noisy = dataset(List(40) { it }) { Example(Tensor.randn(3).add(Tensor.rand(3)), it) }
    val runs = workerCounts.map { workers ->
      val loader = noisy.batches(8, shuffle = true, workers = workers, seed = 5)
      List(2) { loader.flatMap { (x, y) -> values(y).zip(x.toFloatArray().toList().chunked(3)) }.toMap() }
    }
    runs.toSet().size shouldBe 1
    val (first, second) = runs[0]
    first[3] shouldNotBe second[3]
    first.values.toSet().size shouldBe 40
    val straight = noisy.batches(1, seed = 5).flatMap { (x, y) -> values(y).zip(x.toFloatArray().toList().chunked(3)) }.toMap()
    straight shouldBe first
  }

  test("a custom collate draws numbers of its own batch") {
    val runs = workerCounts.map { workers ->
      indices(20).batches(4, workers = workers, seed = 3) { Tensor.rand(2).toFloatArray().toList() }.toList()
    }
    runs.toSet().size shouldBe 1
    runs[0].toSet().size shouldBe 5
  }

  test("loading does not touch the script's own random numbers") {
    val generator = Context.current().generator()
    generator.seed(1)
    val before = generator.position()
    dataset(List(9) { it }) { Tensor.rand(1) }.batches(2, shuffle = true).toList()
    generator.position() shouldBe before
  }

  test("the seed comes from the current generator, a new one for each loader") {
    fun orders() = List(2) { epoch(indices(30).batches(30, shuffle = true)) }
    val generator = Context.current().generator()
    generator.seed(7)
    val first = orders()
    generator.seed(7)
    orders() shouldBe first
    first[0] shouldNotBe first[1]
    generator.seed(8)
    orders() shouldNotBe first
  }

  test("an epoch can be gone into at any batch") {
    for (workers in workerCounts) {
      val whole = indices(25).batches(4, shuffle = true, workers = workers, seed = 2).let { listOf(epoch(it), epoch(it)) }
      val resumed = indices(25).batches(4, shuffle = true, workers = workers, seed = 2)
      resumed.epoch = 1
      resumed.iterator(3).asSequence().map(::values).toList() shouldBe whole[1].drop(3)
      resumed.epoch shouldBe 2
    }
  }

  test("a sample that fails is named by its index, with its cause") {
    val bad = dataset(List(10) { it }) { if (it == 6) error("no such picture") else Tensor.zeros(1) }
    for (workers in workerCounts) {
      val seen = AtomicInteger()
      val e = shouldThrow<KtrainException> { bad.batches(2, workers = workers).forEach { _ -> seen.incrementAndGet() } }
      e.message shouldBe "batches: sample 6 could not be loaded: java.lang.IllegalStateException: no such picture"
      e.cause.shouldBeInstanceOf<IllegalStateException>()
      seen.get() shouldBe 3
      e.stackTrace.any { it.className.startsWith("io.ktrain.data.DataLoaderSpec") } shouldBe true
    }
  }

  test("samples of different shapes do not stack, and the error says what to do") {
    val ragged = dataset(List(4) { it }) { Tensor.full(io.ktrain.tensor.Shape.of(it + 1), it, io.ktrain.tensor.DType.f32) }
    for (workers in listOf(0, 2)) {
      val e = shouldThrow<ShapeError> { ragged.batches(2, workers = workers).toList() }
      e.message shouldContain "f32[1] and f32[2]"
      e.message shouldContain "give your own collate"
      e.stackTrace.any { it.className.startsWith("io.ktrain.data.DataLoaderSpec") } shouldBe true
    }
  }

  test("no more than workers * prefetch batches are loaded ahead") {
    for ((workers, prefetch) in listOf(1 to 1, 1 to 3, 2 to null, 3 to 2)) {
      val limit = workers * (prefetch ?: 2)
      val asked = AtomicInteger()
      val furthest = AtomicInteger()
      val full = CountDownLatch(limit)
      val watched = dataset(List(40) { it }) {
        furthest.accumulateAndGet(it - asked.get(), ::maxOf)
        full.countDown()
        it as Number
      }
      val iterator = watched.batches(1, workers = workers, prefetch = prefetch).iterator()
      full.await(30, TimeUnit.SECONDS) shouldBe true
      while (iterator.hasNext()) {
        asked.incrementAndGet()
        values(iterator.next()) shouldBe listOf(asked.get() - 1)
      }
      asked.get() shouldBe 40
      furthest.get() shouldBeLessThanOrEqual limit - 1
    }
  }

  test("closing leaves nothing running") {
    val running = AtomicInteger()
    val slow = dataset(List(1000) { it }) {
      running.incrementAndGet()
      try {
        Tensor.rand(64, 64).matmul(Tensor.rand(64, 64))
      } finally {
        running.decrementAndGet()
      }
    }
    val feed = slow.batches(4, workers = 3).feed(0) as Prefetch
    BatchIterator(feed).use { it.next() }
    feed.job.isCancelled shouldBe true
    runBlocking { withTimeout(30_000) { feed.job.join() } }
    running.get() shouldBe 0
    feed.hasNext shouldBe false
  }

  test("an epoch read to its end leaves nothing running") {
    val feed = indices(10).batches(4, workers = 2).feed(0) as Prefetch
    BatchIterator(feed).asSequence().count() shouldBe 3
    runBlocking { withTimeout(30_000) { feed.job.join() } }
    feed.job.isCancelled shouldBe false
  }

  test("an iterator that is let go of stops its workers") {
    val feed = indices(1000).batches(1, workers = 2).feed(0) as Prefetch
    fun abandon() = BatchIterator(feed).next()
    abandon()
    val deadline = System.nanoTime() + 60_000_000_000
    while (!feed.job.isCancelled && System.nanoTime() < deadline) {
      System.gc()
      Thread.onSpinWait()
    }
    feed.job.isCancelled shouldBe true
  }

  test("a flow gives the same batches, and cancelling it leaves nothing running") {
    for (workers in listOf(0, 2)) {
      val expected = epoch(indices(50).batches(3, shuffle = true, seed = 4))
      val running = AtomicInteger()
      val watched = dataset(List(50) { it }) {
        running.incrementAndGet()
        try {
          it as Number
        } finally {
          running.decrementAndGet()
        }
      }
      val loader = watched.batches(3, shuffle = true, workers = workers, seed = 4)
      runBlocking { loader.asFlow().toList() }.map(::values) shouldBe expected
      loader.epoch = 0
      runBlocking { loader.asFlow().take(2).toList() }.map(::values) shouldBe expected.take(2)
      running.get() shouldBe 0
    }
  }

  test("a sample that takes longer than the timeout is named and woken") {
    val interrupted = CountDownLatch(1)
    val stuck = dataset(List(10) { it }) {
      if (it == 5) {
        try {
          CountDownLatch(1).await()
        } catch (e: InterruptedException) {
          interrupted.countDown()
          throw e
        }
      }
      it as Number
    }
    val e = shouldThrow<KtrainException> { stuck.batches(2, workers = 2, timeout = 0.05).toList() }
    e.message shouldContain "sample 5"
    e.message shouldContain "timeout = 0.05 s"
    interrupted.await(30, TimeUnit.SECONDS) shouldBe true
  }

  test("workers share one data set object and its threads are daemons") {
    val threads = ConcurrentHashMap.newKeySet<Thread>()
    val shared = dataset(List(64) { it }) {
      threads.add(Thread.currentThread())
      it as Number
    }
    shared.batches(1, workers = 4).count() shouldBe 64
    threads.filter { !it.isDaemon }.shouldBeEmpty()
  }

  test("options that exclude each other are refused as PyTorch refuses them") {
    val d = indices(10)
    fun refused(vararg words: String, body: () -> Any) {
      val message = shouldThrow<KtrainException> { body() }.message!!
      words.forEach { message shouldContain it }
    }
    refused("shuffle", "sampler") { d.batches(2, shuffle = true, sampler = listOf(0)) }
    refused("batchSampler", "size = 2") { d.batches(2, batchSampler = listOf(listOf(0))) }
    refused("batchSampler", "shuffle") { d.batches(shuffle = true, batchSampler = listOf(listOf(0))) }
    refused("batchSampler", "sampler") { d.batches(sampler = listOf(0), batchSampler = listOf(listOf(0))) }
    refused("batchSampler", "dropLast") { d.batches(dropLast = true, batchSampler = listOf(listOf(0))) }
    refused("prefetch = 4", "workers") { d.batches(2, prefetch = 4) }
    refused("prefetch = 0") { d.batches(2, workers = 1, prefetch = 0) }
    refused("timeout = -1.0") { d.batches(2, workers = 1, timeout = -1.0) }
    refused("timeout = 1.0", "workers") { d.batches(2, timeout = 1.0) }
    refused("size = 0") { d.batches(0) }
    refused("workers = -1") { d.batches(2, workers = -1) }
    refused("index 10", "10 samples") { d.batches(2, sampler = listOf(10)).toList() }
  }

  test("samplers give the order, once an epoch, the same for any number of workers") {
    epoch(indices(9).batches(2, sampler = listOf(5, 1, 5))) shouldBe listOf(listOf(5, 1), listOf(5))
    shouldThrow<KtrainException> { indices(9).batches(batchSampler = listOf(listOf(3), listOf())).toList() }.message shouldBe
      "batches: batch 1 of the batch sampler is empty. Fix: leave it out."
    val own = indices(9).batches(batchSampler = listOf(listOf(3), listOf(1, 2, 0)))
    own.size shouldBe 2
    epoch(own) shouldBe listOf(listOf(3), listOf(1, 2, 0))
    val runs = workerCounts.map { workers ->
      val loader = indices(9).batches(4, workers = workers, sampler = RandomSampler(9, 20, replacement = true), seed = 1)
      loader.size shouldBe 5
      List(2) { epoch(loader) }
    }
    runs.toSet().size shouldBe 1
    runs[0][0] shouldNotBe runs[0][1]
    runs[0][0].flatten().size shouldBe 20
    RandomSampler(9, 9).toList().shouldContainExactlyInAnyOrder((0..8).toList())
    RandomSampler(9, 4).toSet().size shouldBe 4
    shouldThrow<KtrainException> { RandomSampler(3, 4) }.message shouldContain "4 of 3"
  }

  test("weighted samples come as often as their weights say") {
    Context.current().generator().seed(3)
    val counts = WeightedRandomSampler(listOf(0, 1, 3.0), 8000).groupingBy { it }.eachCount()
    counts[0] shouldBe null
    (counts.getValue(2) / 8000.0 - 0.75).let { Math.abs(it) < 0.02 } shouldBe true
    WeightedRandomSampler(listOf(1, 0, 2), 2, replacement = false).toSet() shouldBe setOf(0, 2)
    shouldThrow<KtrainException> { WeightedRandomSampler(listOf(1, -1), 1) }.message shouldContain "weight 1"
    shouldThrow<KtrainException> { WeightedRandomSampler(listOf(1, 0), 2, replacement = false) }.message shouldContain "2 of 1"
  }

  test("checking looks at one sample, for a full batch and the short last one") {
    val loads = AtomicInteger()
    val declared = dataset(List(10) { it }, sample = { Example(Tensor.zeros(3), 0) }) {
      loads.incrementAndGet()
      Example(Tensor.zeros(3), it)
    }
    Check.run(Check()) {
      declared.batches(4, shuffle = true, workers = 2).map { it.x.describe() to it.y.describe() } shouldBe
        listOf("f32[4,3]" to "i64[4]", "f32[2,3]" to "i64[2]")
      declared.batches(5).count() shouldBe 1
      declared.batches(4, dropLast = true).count() shouldBe 1
      declared.batches(20).map { it.x.size(0) } shouldBe listOf(10)
      declared.batches(batchSampler = listOf(listOf(1, 2), listOf(3))).map { it.x.size(0) } shouldBe listOf(2, 1)
      declared.split(7, 3)[0].batches(7).map { it.x.size(0) } shouldBe listOf(7)
    }
    loads.get() shouldBe 0
    Check.run(Check()) { dataset(listOf(1, 2)) { loads.incrementAndGet().let { Tensor.zeros(2) } }.batches(2).single().describe() shouldBe "f32[2,2]" }
    loads.get() shouldBe 1
  }
})

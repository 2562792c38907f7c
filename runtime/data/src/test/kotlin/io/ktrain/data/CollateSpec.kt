package io.ktrain.data

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.shouldBe
import io.kotest.matchers.shouldNotBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.memory.Storage
import io.ktrain.tensor.Context
import io.ktrain.tensor.DType
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Shape
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor

class CollateSpec : FunSpec({
  fun row(i: Int) = Tensor.of(floatArrayOf(i.toFloat(), -i.toFloat()))

  fun <S> of(count: Int = 3, sample: (Int) -> S) = dataset(List(count) { it }, load = sample)

  test("examples become x and y; class labels i64, other numbers f32, tensors stack") {
    val (x, y) = of { Example(row(it), it) }.batches(3).single()
    x.toFloatArray().toList() shouldBe listOf(0f, -0f, 1f, -1f, 2f, -2f)
    x.describe() shouldBe "f32[3,2]"
    y.describe() shouldBe "i64[3]"
    values(y) shouldBe listOf(0, 1, 2)
    of { Example(row(it), it.toLong()) }.batches(2).first().y.describe() shouldBe "i64[2]"
    of { Example(row(it), it / 2.0) }.batches(3).single().y.let { it.describe() to it.toFloatArray().toList() } shouldBe ("f32[3]" to listOf(0f, 0.5f, 1f))
    of { Example(row(it), it.toFloat()) }.batches(3).single().y.describe() shouldBe "f32[3]"
    of { Example(row(it), row(it)) }.batches(3).single().y.describe() shouldBe "f32[3,2]"
    of { Example(row(it), it) }.batches().first().x.describe() shouldBe "f32[1,2]"
  }

  test("tensors, numbers, strings and pairs have batches of their own type") {
    val tensors: Tensor = of { row(it) }.batches(3).single()
    tensors.describe() shouldBe "f32[3,2]"
    val texts: List<String> = of { "s$it" }.batches(3).single()
    texts shouldBe listOf("s0", "s1", "s2")
    val (a, b) = of { row(it) to row(it + 1) }.batches(2).first()
    (a.describe() to b.describe()) shouldBe ("f32[2,2]" to "f32[2,2]")
    val (c, d) = of { row(it) to (it as Number) }.batches(2).first()
    (c.describe() to d.describe()) shouldBe ("f32[2,2]" to "i64[2]")
  }

  test("maps, lists, triples and booleans recurse") {
    val batch = of { mapOf("x" to row(it), "name" to "n$it", "list" to listOf(it, it * 2.0), "flag" to (it > 0), "three" to Triple(it, row(it), Example(row(it), it))) }
      .batches<Map<String, Any>>(3).single()
    (batch["x"] as Tensor).describe() shouldBe "f32[3,2]"
    batch["name"] shouldBe listOf("n0", "n1", "n2")
    (batch["list"] as List<*>).map { (it as Tensor).describe() } shouldBe listOf("i64[3]", "f32[3]")
    (batch["flag"] as Tensor).describe() shouldBe "bool[3]"
    val (i, t, e) = batch["three"] as Triple<*, *, *>
    (i as Tensor).describe() shouldBe "i64[3]"
    (t as Tensor).describe() shouldBe "f32[3,2]"
    (e as Batch).y.describe() shouldBe "i64[3]"
  }

  test("a wrong batch type, other keys, lengths or types are said") {
    shouldThrow<KtrainException> { of { mapOf("x" to 1) }.batches<List<Tensor>>(3).single() }.message shouldContain "not to a List"
    shouldThrow<KtrainException> { of { mapOf("k$it" to 1) }.batches<Map<String, Any>>(3).single() }.message shouldContain "sample 1 has [k1]"
    shouldThrow<KtrainException> { of { List(it + 1) { 1 } }.batches<List<Any>>(3).single() }.message shouldContain "a list of 2"
    shouldThrow<KtrainException> { of { if (it == 0) 1 else "one" }.batches<Any>(3).single() }.message shouldContain "sample 1 is a String"
  }

  test("an own collate pads to the longest of the batch") {
    val ragged = of(10) { Tensor.full(Shape.of(it + 1), it, DType.f32) to it.toFloat() }
    val batches = ragged.batches(2) { all ->
      val longest = all.maxOf { it.first.size(0) }
      Batch(Tensor.stack(all.map { (x, _) -> x.pad(intArrayOf(0, longest - x.size(0)), 0.0) }, 0), Tensor.of(all.map { it.second }.toFloatArray()))
    }.toList()
    batches.size shouldBe 5
    batches[1].x.describe() shouldBe "f32[2,4]"
    batches[1].x.toFloatArray().toList() shouldBe listOf(2f, 2f, 2f, 0f, 3f, 3f, 3f, 3f)
    batches[1].y.toFloatArray().toList() shouldBe listOf(2f, 3f)
  }

  test("split is random by seed and each sample is in one part") {
    val d = indices(100)
    val (a, b) = d.split(70, 30)
    (a.size to b.size) shouldBe (70 to 30)
    val all = List(70) { a[it].toInt() } + List(30) { b[it].toInt() }
    all.shouldContainExactlyInAnyOrder((0 until 100).toList())
    all shouldNotBe (0 until 100).toList()
    d.split(70, 30).let { (c, _) -> List(70) { c[it].toInt() } } shouldBe all.take(70)
    d.split(70, 30, seed = 1).let { (c, _) -> List(70) { c[it].toInt() } } shouldNotBe all.take(70)
    d.split(5, 6).map { it.size } shouldBe listOf(5, 6)
    shouldThrow<KtrainException> { d.split(70, 31) }.message shouldContain "101 samples together, but the dataset has 100"
    shouldThrow<KtrainException> { d.split(-1) }.message shouldContain "negative"
  }

  test("rows of two tensors") {
    val d = dataset(Tensor.of(floatArrayOf(0f, 1f, 2f, 3f, 4f, 5f), 3, 2), Tensor.of(longArrayOf(7, 8, 9)))
    d.size shouldBe 3
    d[1].x.toFloatArray().toList() shouldBe listOf(2f, 3f)
    (d[1].y as Tensor).itemLong() shouldBe 8
    val (x, y) = d.batches(2, sampler = listOf(2, 0)).single()
    x.toFloatArray().toList() shouldBe listOf(4f, 5f, 0f, 1f)
    values(y) shouldBe listOf(9, 7)
    d.batches(2) { all -> all.map { it.x.toFloatArray().toList() } }.first() shouldBe listOf(listOf(0f, 1f), listOf(2f, 3f))
    shouldThrow<ShapeError> { dataset(Tensor.zeros(2, 1), Tensor.zeros(3)) }.message shouldContain "f32[2,1] and f32[3]"
  }

  test("a batch's memory comes back when the next is asked for after a step, unless it is kept") {
    val d = of(12) { Example(row(it), it) }
    val before = ArrayList<Batch>()
    for ((i, batch) in d.batches(2).withIndex()) {
      step { if (i == 1) batch.x.keep() else batch.x.sum() }
      before.add(batch)
    }
    before.map { it.x.storage.freedBy() != null } shouldBe listOf(true, false, true, true, true, true)
    before.all { it.y.storage.freedBy() != null } shouldBe true
    shouldThrow<KtrainException> { before[0].x.sum() }.message shouldContain "was freed at the end of its batch"
  }

  test("without a step, or with an own collate, batches live on") {
    val d = of(12) { Example(row(it), it) }
    d.batches(2).toList().all { it.x.storage.freedBy() == null } shouldBe true
    val own = ArrayList<Tensor>()
    for (x in d.batches(2) { all -> all[0].x }) {
      step { x.sum() }
      own.add(x)
    }
    own.all { it.storage.freedBy() == null } shouldBe true
  }

  test("tensors that a data set holds on to stay valid") {
    val cached = HashMap<Int, Tensor>()
    val d = of(8) { i -> cached.getOrPut(i) { row(i) } }
    repeat(2) { for (x in d.batches(2)) step { x.sum() } }
    cached.values.all { it.storage.freedBy() == null } shouldBe true
  }

  test("batches are made outside of an open step") {
    val d = dataset(List(4) { it }, fresh = true) { Example(row(it), it) }
    val batch = step { d.batches(4).single() }
    batch.x.toFloatArray().size shouldBe 8
  }

  test("live bytes are the same after every step where every sample is new") {
    for (source in listOf(iris(), dataset(List(60) { it }, fresh = true) { Example(row(it).mul(2.0), it) })) {
      settle()
      val live = ArrayList<Long>()
      repeat(3) {
        for ((x, y) in source.batches(10, shuffle = true)) {
          step { x.sum().add(y.sum()) }
          live.add(liveBytes())
        }
      }
      withClue(live) { live.drop(1).toSet().size shouldBe 1 }
    }
  }

  test("what a loader is handed inside a context it gives back") {
    val context = Context.current()
    of(4) { row(it) }.batches(2).toList()
    (Context.current() === context) shouldBe true
    context.scope() shouldBe null
  }
})

/** The block even where it was freed, which `storage()` refuses. */
private val Tensor.storage: Storage
  get() = Tensor::class.java.getDeclaredField("storage").apply { isAccessible = true }.get(this) as Storage

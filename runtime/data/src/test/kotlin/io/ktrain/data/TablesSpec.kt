package io.ktrain.data

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.tensor.Check
import io.ktrain.tensor.DType
import io.ktrain.tensor.FormatError
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Tensor
import java.nio.file.Files

class TablesSpec : FunSpec({
  fun table(text: String) = tempdir().toPath().resolve("t.csv").also { Files.writeString(it, text) }

  test("the first batch of iris is PyTorch's") {
    val (x, y) = iris(DType.f64).batches(4).first()
    x.describe() shouldBe "f64[4,4]"
    x.toDoubleArray().toList() shouldBe listOf(5.1, 3.5, 1.4, 0.2, 4.9, 3.0, 1.4, 0.2, 4.7, 3.2, 1.3, 0.2, 4.6, 3.1, 1.5, 0.2)
    y.describe() shouldBe "i64[4]"
    values(y) shouldBe listOf(0, 0, 0, 0)
    iris().size shouldBe 150
    iris()[149].let { it.x.describe() to it.y } shouldBe ("f32[4]" to 2)
  }

  test("iris is the file's").config(enabledOrReasonIf = { needsRealData() }) {
    val file = csv(realData!!.resolve("tabular/iris.csv"))
    val ours = iris(DType.f64)
    file.size shouldBe ours.size
    file.classes("species") shouldBe irisSpecies
    file.rows.forEachIndexed { i, row ->
      file.columns.take(4).map(row::double) shouldBe ours[i].x.toDoubleArray().toList()
      row.label("species") shouldBe ours[i].y
    }
  }

  test("quotes, line ends, empty cells and a byte order mark") {
    val t = csv(table("\uFEFFname,text,n\r\n\"a,1\",\"say \"\"yes\"\"\",3\r\n\r\nb,\"two\nlines\", \nc,,5"))
    t.columns shouldBe listOf("name", "text", "n")
    t.size shouldBe 3
    t.rows.map { it["name"] } shouldBe listOf("a,1", "b", "c")
    t[0]["text"] shouldBe "say \"yes\""
    t[1]["text"] shouldBe "two\nlines"
    t[1].has("n") shouldBe false
    t[1].intOrNull("n") shouldBe null
    t[2].int("n") shouldBe 5
    csv(table("a;b\n1;2"), ';')[0].double("b") shouldBe 2.0
    t.filter { it.has("n") }.size shouldBe 2
  }

  test("labels are places among the sorted classes, numbers by value") {
    val t = csv(table("k,n\nb,10\na,9\nb,10\nc,1"))
    t.classes("k") shouldBe listOf("a", "b", "c")
    t.rows.map { it.label("k") } shouldBe listOf(1, 0, 1, 2)
    t.classes("n") shouldBe listOf("1", "9", "10")
  }

  test("rows become examples, kept as two tensors") {
    val d = csv(table("a,b,k\n1,2,x\n3,4,y\n5,6,x")).dataset { Example(it.floats("a", "b"), it.label("k")) }
    val (x, y) = d.batches(2, sampler = listOf(2, 1)).single()
    x.toFloatArray().toList() shouldBe listOf(5f, 6f, 3f, 4f)
    values(y) shouldBe listOf(0, 1)
    d[1].y shouldBe 1
    (d is Rows) shouldBe true
    csv(table("a\n1\n2")).dataset { it.double("a") to it["a"] }.let { it[1] } shouldBe (2.0 to "2")
  }

  test("a bad cell is found at once, with file, line, column, value and type") {
    val file = table("a,age\n1,20\n2,\"x\"\n3,\n")
    val e = shouldThrow<FormatError> { csv(file).dataset { Example(it.floats("a", "age"), 0) } }
    e.message shouldContain "$file:3:2: the cell in column \"age\" is \"x\"; expected a number (f64)"
    shouldThrow<FormatError> { csv(file)[2].double("age") }.message shouldContain "$file:4:2: the cell in column \"age\" is empty"
    shouldThrow<FormatError> { csv(file)[1].int("age") }.message shouldContain "whole number"
    shouldThrow<KtrainException> { csv(file)[0].double("agee") }.message shouldContain "Fix: \"age\"?"
  }

  test("a table that is none is refused, with the line") {
    shouldThrow<FormatError> { csv(table("a,b\n1,2\n3\n")) }.message shouldContain ":3: 1 cells, but the header has 2 columns: a, b"
    shouldThrow<FormatError> { csv(table("a,b\n1,\"2\n")) }.message shouldContain ":2:2: a quoted cell has no closing quote"
    shouldThrow<FormatError> { csv(table("a,b\n1,\"2\"x\n")) }.message shouldContain "after a closing quote"
    shouldThrow<FormatError> { csv(table("")) }.message shouldContain "is empty"
    shouldThrow<FormatError> { csv(table("a,a\n1,2")) }.message shouldContain "named 2 times"
    shouldThrow<KtrainException> { csv("no-such.csv") }.message shouldContain "there is no file"
    val latin = tempdir().toPath().resolve("l.csv").also { Files.write(it, byteArrayOf(0x61, 0x0A, 0xE9.toByte())) }
    shouldThrow<FormatError> { csv(latin) }.message shouldContain "not UTF-8"
  }

  test("checking makes a sample of the first row only") {
    val file = table("a,k\n1,x\nbad,y\n3,x")
    Check.run(Check()) {
      val d = csv(file).dataset { Example(it.floats("a"), it.label("k")) }
      d.batches(2).map { it.x.describe() } shouldBe listOf("f32[2,1]", "f32[1,1]")
      iris().batches(100).map { it.x.describe() } shouldBe listOf("f32[100,4]", "f32[50,4]")
    }
  }

  test("transforms") {
    val x = Tensor.of(floatArrayOf(0f, 0.5f, 1f, 0.25f), 2, 1, 2)
    normalize(0.5, 0.5)(x).toFloatArray().toList() shouldBe listOf(-1f, 0f, 1f, -0.5f)
    normalize(listOf(0.0, 1.0), listOf(0.5, 0.25))(x).toFloatArray().toList() shouldBe listOf(0f, 1f, 0f, -3f)
    (compose(normalize(0.5, 0.5), normalize(0.0, 2.0)) as Transform).pointwise shouldBe true
    compose({ it.add(1.0) }, normalize(0.0, 2.0))(x).toFloatArray().toList() shouldBe listOf(0.5f, 0.75f, 1f, 0.625f)
    shouldThrow<KtrainException> { normalize(0.0, 0.0) }.message shouldContain "std is 0.0"
    shouldThrow<io.ktrain.tensor.ShapeError> { normalize(listOf(0.0), listOf(1.0))(x) }.message shouldContain "has 1 means"
    shouldThrow<io.ktrain.tensor.DTypeError> { normalize(0.0, 1.0)(x.to(DType.u8)) }.message shouldContain "u8[2,1,2]"
    listOf(1, 2) shouldContain 2
  }
})

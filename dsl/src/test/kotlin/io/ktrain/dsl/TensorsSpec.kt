package io.ktrain.dsl

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.floats.plusOrMinus
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.tensor.DType
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Shape
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor

class TensorsSpec : StringSpec({
  fun Tensor.list() = toFloatArray().toList()
  fun floats(vararg v: Number) = v.map { it.toFloat() }

  "the gradients of the first lesson" {
    val w = tensor(2.0, requiresGrad = true)
    val z = 10 * w.pow(2) + 2
    z.backward()
    w.grad.toString() shouldBe "tensor(40.)"

    val a = tensor(listOf(2.0, 3.0), requiresGrad = true)
    val b = tensor(listOf(6.0, 4.0), requiresGrad = true)
    val q = 3 * a.pow(3) - b.pow(2)
    q.backward(gradient = tensor(listOf(1.0, 1.0)))
    a.grad.toString() shouldBe "tensor([36., 81.])"
    b.grad.toString() shouldBe "tensor([-12.,  -8.])"
  }

  "lists become tensors of the type PyTorch gives them" {
    tensor(listOf(2.0, 3.0)).dtype shouldBe f32
    tensor(listOf(2.0, 3.0), dtype = f64).let {
      it.dtype shouldBe f64
      it.toDoubleArray().toList() shouldBe listOf(2.0, 3.0)
    }
    tensor(listOf(0.1), dtype = f64).item() shouldBe 0.1
    tensor(listOf(listOf(3, 5), listOf(10, 5))).let {
      it.dtype shouldBe i64
      it.shape shouldBe Shape.of(2, 2)
      it.toLongArray().toList() shouldBe listOf(3L, 5L, 10L, 5L)
    }
    tensor(listOf(1, 2.5)).let { it.dtype to it.list() } shouldBe (f32 to floats(1, 2.5))
    tensor(listOf(true, false)).dtype shouldBe bool
    tensor(listOf(1, 2), dtype = u8).dtype shouldBe u8
    tensor(emptyList<Int>()).shape shouldBe Shape.of(0)
    tensor(listOf(listOf(listOf(1L)))).shape shouldBe Shape.of(1, 1, 1)
    tensor(3).dtype shouldBe i64
    tensor(3.5f).dtype shouldBe f32
    tensor(true).dtype shouldBe bool
    tensor(Long.MAX_VALUE).itemLong() shouldBe Long.MAX_VALUE
    tensor(floatArrayOf(1f)).dtype to tensor(intArrayOf(1)).dtype shouldBe (f32 to i64)
    tensor(doubleArrayOf(0.1), dtype = f64).item() shouldBe 0.1
    tensor(longArrayOf(7)).itemLong() + tensor(booleanArrayOf(true)).itemLong() shouldBe 8
  }

  "lists that are no tensors say why" {
    shouldThrow<ShapeError> { tensor(listOf(listOf(1, 2), listOf(3))) }.message shouldContain "rows differ in length: 2 and 1 in dim 1"
    shouldThrow<ShapeError> { tensor(listOf(listOf(1), 2)) }.message shouldContain "mixed in dim 0"
    shouldThrow<KtrainException> { tensor(listOf(1, true)) }.message shouldContain "numbers and booleans"
    shouldThrow<KtrainException> { tensor(listOf("a")) }.message shouldContain "neither a number nor a boolean"
  }

  "creation" {
    zeros(2, 3).shape shouldBe Shape.of(2, 3)
    zeros(Shape.of(2), f64).dtype shouldBe f64
    ones(2, dtype = i64, requiresGrad = false).toLongArray().toList() shouldBe listOf(1L, 1L)
    ones(Shape.of(2)).list() shouldBe floats(1, 1)
    full(listOf(2, 2), 7.0).list() shouldBe floats(7, 7, 7, 7)
    full(listOf(1), 7).dtype shouldBe i64
    arange(10).reshape(2, 5).let { it.dtype to it.shape } shouldBe (i64 to Shape.of(2, 5))
    arange(1, 2, 0.25).list() shouldBe floats(1, 1.25, 1.5, 1.75)
    eye(2).list() shouldBe floats(1, 0, 0, 1)
    zerosLike(onesLike(zeros(3, dtype = f64))).let { it.dtype to it.shape } shouldBe (f64 to Shape.of(3))
    randint(3, 5, 100).toLongArray().toSet() shouldBe setOf(3L, 4L)
    randperm(5).toLongArray().sorted() shouldBe listOf(0L, 1L, 2L, 3L, 4L)
    manualSeed(7)
    val first = rand(2, 1, 2).list() + randn(2, 2).list()
    manualSeed(7L)
    rand(2, 1, 2).list() + randn(2, 2).list() shouldBe first
    rand(3, requiresGrad = true).requiresGrad shouldBe true
  }

  "numbers on either side" {
    val a = tensor(listOf(2.0, 4.0))
    (a - 1).list() shouldBe floats(1, 3)
    (1 - a).list() shouldBe floats(-1, -3)
    (2 * a).list() shouldBe floats(4, 8)
    (a * 0.5).list() shouldBe floats(1, 2)
    (1.0 / a).list() shouldBe floats(0.5, 0.25)
    (a / 2L).list() shouldBe floats(1, 2)
    (10 + a).list() shouldBe floats(12, 14)
    (-a).list() shouldBe floats(-2, -4)
    (1 / tensor(listOf(2, 4))).list() shouldBe floats(0.5, 0.25)
    (tensor(listOf(-3, 3)) % 2).toLongArray().toList() shouldBe listOf(1L, 1L)
    (2 * tensor(listOf(1, 2))).dtype shouldBe i64
    (a * 2 + 1).dtype shouldBe f32
  }

  "comparisons and masks" {
    val a = tensor(listOf(1.0, 2.0, 3.0))
    val b = tensor(listOf(1.0, 5.0, 2.0))
    fun Tensor.truths() = toLongArray().map { it == 1L }
    (a eqTo b).truths() shouldBe listOf(true, false, false)
    (a ne b).truths() shouldBe listOf(false, true, true)
    (a gt b).truths() shouldBe listOf(false, false, true)
    (a ge b).truths() shouldBe listOf(true, false, true)
    (a lt b).truths() shouldBe listOf(false, true, false)
    (a le 2).truths() shouldBe listOf(true, true, false)
    (a gt 1.5 and !(a eqTo 3)).truths() shouldBe listOf(false, true, false)
    ((a lt 2) or (a ge 3.0)).truths() shouldBe listOf(true, false, true)
    a[a gt 1.5].list() shouldBe floats(2, 3)
    where(a gt b, a, b).list() shouldBe floats(1, 5, 3)
  }

  "indexing by numbers and ranges, mixed" {
    val t = arange(24).reshape(4, 6)
    t[1].toLongArray().toList() shouldBe (6L..11L).toList()
    t[-1].toLongArray().toList() shouldBe (18L..23L).toList()
    t[1..<3].shape shouldBe Shape.of(2, 6)
    t[0..<2, 1..<3].toLongArray().toList() shouldBe listOf(1L, 2L, 7L, 8L)
    t[0, 1..<3].toLongArray().toList() shouldBe listOf(1L, 2L)
    t[1..2, 0].toLongArray().toList() shouldBe listOf(6L, 12L)
    t[1, 2].itemLong() shouldBe 8
    t[1][2].itemLong() shouldBe 8
    t[0..3 step 2, 5 downTo 0 step 5].toLongArray().toList() shouldBe listOf(5L, 0L, 17L, 12L)
    t[-2..-1, 0].toLongArray().toList() shouldBe listOf(12L, 18L)
    t[0 until 0].shape shouldBe Shape.of(0, 6)
    t[tensor(listOf(3, 0))].shape shouldBe Shape.of(2, 6)
    t[0..<0].shape shouldBe Shape.of(0, 6)
    t[-3..-1].toLongArray().first() shouldBe 6L
    shouldThrow<KtrainException> { t[1..-1] }.message shouldContain "1..-1 begins at the front of dim 0 of i64[4,6]"
    shouldThrow<KtrainException> { t[1..-1] = 9 }.message shouldContain "Fix: count both places from one side, as 1..<4 or -3..-1."
    (7 % tensor(listOf(3.0, 4.0))).toFloatArray().toList() shouldBe listOf(1f, 3f)
    shouldThrow<KtrainException> { t[2..<9] }.message shouldContain "2..8 is outside dim 0 of i64[4,6]"
    shouldThrow<KtrainException> { t[0, "a"] }.message shouldContain "an index is an Int, a range, a tensor or null"
    shouldThrow<ShapeError> { t[7] }
    val w = zeros(3, 2, requiresGrad = true)
    w[0..<2, 1].sum().backward()
    w.grad!!.list() shouldBe floats(0, 1, 0, 1, 0, 0)
  }

  "named arguments" {
    val t = tensor(listOf(listOf(1.0, 2.0, 3.0), listOf(6.0, 5.0, 4.0)))
    t.sum(1, keepDim = true).shape shouldBe Shape.of(2, 1)
    t.sum(dim = 0).list() shouldBe floats(7, 7, 7)
    t.sum(dims = listOf(0, 1)).item() shouldBe 21.0
    t.mean(dim = 1, keepDim = true).list() shouldBe floats(2, 5)
    t.max(dim = 1).values.list() shouldBe floats(3, 6)
    t.min(dim = 0).indices.toLongArray().toList() shouldBe listOf(0L, 0L, 0L)
    t.argmax(dim = 1, keepDim = true).shape shouldBe Shape.of(2, 1)
    t.argmin(dim = 1, keepDim = true).shape shouldBe Shape.of(2, 1)
    t.amax(dim = 0, keepDim = true).list() shouldBe floats(6, 5, 4)
    t.std(dim = 1).list() shouldBe floats(1, 1)
    t.variance(dim = 1, unbiased = false).list()[0] shouldBe (0.6666667f plusOrMinus 1e-6f)
    t.softmax(dim = 1).sum(1).list() shouldBe floats(1, 1)
    softmax(t, dim = 1).sum().item() shouldBe 2.0
    t.sort(descending = true).values[0].list() shouldBe floats(3, 2, 1)
    t.topk(k = 1).values.list() shouldBe floats(3, 6)
    t.clamp(min = 2.5).list() shouldBe floats(2.5, 2.5, 3, 6, 5, 4)
    t.flatten(startDim = 0).shape shouldBe Shape.of(6)
    t.transpose(dim0 = 0, dim1 = 1).shape shouldBe Shape.of(3, 2)
    t.unsqueeze(dim = 0).squeeze(dim = 0).shape shouldBe t.shape
    t.narrow(dim = 1, start = 1, length = 2).list() shouldBe floats(2, 3, 5, 4)
    t.select(dim = 1, index = 0).list() shouldBe floats(1, 6)
    t.indexSelect(dim = 0, index = tensor(listOf(1))).list() shouldBe floats(6, 5, 4)
    t.gather(dim = 1, index = tensor(listOf(listOf(2), listOf(0)))).list() shouldBe floats(3, 6)
    t.maskedFill(mask = t gt 3, value = 0).list() shouldBe floats(1, 2, 3, 0, 0, 0)
    t.cumsum(dim = 1)[0].list() shouldBe floats(1, 3, 6)
    t.tril(diagonal = 0).list() shouldBe floats(1, 0, 0, 6, 5, 0)
    t.to("cpu").device.toString() shouldBe "cpu"
    t.to(f64).dtype shouldBe DType.f64
    val x = ones(1, 1, 4, 4)
    x.maxPool2d(2).shape shouldBe Shape.of(1, 1, 2, 2)
    x.maxPool2d(kernel = 3, stride = 1, padding = 1).shape shouldBe Shape.of(1, 1, 4, 4)
    x.avgPool2d(kernel = 2).item(0) shouldBe 1.0
    x.conv2d(ones(2, 1, 3, 3), padding = 1).shape shouldBe Shape.of(1, 2, 4, 4)
    val w = ones(2, requiresGrad = true)
    val y = (w * w).sum()
    y.backward(retainGraph = true)
    y.backward()
    w.grad!!.list() shouldBe floats(4, 4)
  }

  "infix matmul binds looser than +" {
    val x = ones(2, 3)
    val w = ones(3, 4)
    (x matmul w).shape shouldBe Shape.of(2, 4)
    (x.matmul(w) + ones(4)).list()[0] shouldBe 4f
    (x matmul w + ones(4)).list()[0] shouldBe 6f
    x.mm(w).shape shouldBe (x matmul w).shape
  }

  "joining, padding, one-hot" {
    val a = ones(2)
    cat(listOf(a, a), dim = 0).shape shouldBe Shape.of(4)
    stack(listOf(a, a)).shape shouldBe Shape.of(2, 2)
    stack(listOf(a, zeros(2)), dim = 1).list() shouldBe floats(1, 0, 1, 0)
    pad(ones(1, 2), 0, 1).list() shouldBe floats(1, 1, 0)
    pad(ones(2), 1, 0, value = 5.0).list() shouldBe floats(5, 1, 1)
    pad(listOf(listOf(1, 2, 3), listOf(4))).toLongArray().toList() shouldBe listOf(1L, 2, 3, 4, 0, 0)
    pad(listOf(listOf(1), listOf(2, 3)), value = -1).toLongArray().toList() shouldBe listOf(1L, -1, 2, 3)
    pad(listOf(ones(2, 3), ones(1, 3))).let { it.shape to it[1, 1].list() } shouldBe (Shape.of(2, 2, 3) to floats(0, 0, 0))
    oneHot(tensor(listOf(0, 2))).toLongArray().toList() shouldBe listOf(1L, 0, 0, 0, 0, 1)
    oneHot(tensor(listOf(1)), classes = 4).shape shouldBe Shape.of(1, 4)
    einsum("ij,jk->ik", ones(2, 3), ones(3, 2)).list()[0] shouldBe 3f
  }

  "losses" {
    val logits = tensor(listOf(listOf(2.0, 0.0), listOf(0.0, 2.0)))
    val loss = crossEntropy(logits, tensor(listOf(0, 1)))
    loss.item().toFloat() shouldBe (0.126928f plusOrMinus 1e-5f)
    nllLoss(logSoftmax(logits, dim = 1), tensor(listOf(0, 1))).item().toFloat() shouldBe (0.126928f plusOrMinus 1e-5f)
    crossEntropy(logits, tensor(listOf(0, 0)), ignoreIndex = 0, reduction = io.ktrain.tensor.Reduction.SUM).item() shouldBe 0.0
    mseLoss(ones(2), zeros(2)).item() shouldBe 1.0
    bceWithLogits(zeros(2), ones(2)).item().toFloat() shouldBe (0.693147f plusOrMinus 1e-5f)
    bceWithLogits(zeros(2), ones(2), posWeight = tensor(listOf(2.0))).item().toFloat() shouldBe (1.386294f plusOrMinus 1e-5f)
  }

  "tensors and nulls as indices" {
    val t = arange(24).reshape(2, 3, 4)
    val index = tensor(listOf(2, 0))
    t[null, index].shape shouldBe Shape.of(2, 2, 4)
    t[null, index][0, 0].toLongArray().toList() shouldBe listOf(8L, 9L, 10L, 11L)
    t[1, index, tensor(listOf(3, 1))].toLongArray().toList() shouldBe listOf(23L, 13L)
    t[0..<1, 1..2, index].shape shouldBe Shape.of(1, 2, 2)
    t[index.gt(0), 0].shape shouldBe Shape.of(1, 4)
    where(t gt 21).map { it.toLongArray().toList() } shouldBe listOf(listOf(1L, 1L), listOf(2L, 2L), listOf(2L, 3L))
  }

  "elements are written between brackets" {
    val t = zeros(3, 4)
    t[0] = 1
    t[1, 2] = 5.5
    t[2, 0..<2] = tensor(listOf(7.0, 8.0))
    t[t gt 6.0] = -1
    t[tensor(listOf(1)), tensor(listOf(3))] = 9
    t[null, 0] = t[null, 0] + 10
    t.list() shouldBe floats(11, 1, 1, 1, 10, 0, 5.5, 9, 9, -1, 0, 0)
    shouldThrow<KtrainException> { t[2 downTo 0] = 1 }.message shouldContain "goes down"
    shouldThrow<KtrainException> { t[0] = "a" }.message shouldContain "a value is a number or a tensor"
  }

  "bits, and truth" {
    val a = tensor(listOf(12, 10))
    (a and 6).toLongArray().toList() shouldBe listOf(4L, 2L)
    (a or 1).toLongArray().toList() shouldBe listOf(13L, 11L)
    (a xor a).toLongArray().toList() shouldBe listOf(0L, 0L)
    (a shl 2).toLongArray().toList() shouldBe listOf(48L, 40L)
    (a shr 1).toLongArray().toList() shouldBe listOf(6L, 5L)
    ((a gt 11) and (a lt 13)).toLongArray().toList() shouldBe listOf(1L, 0L)
  }

  "made and joined" {
    linspace(0, 1, 3).list() shouldBe floats(0, 0.5, 1)
    logspace(0, 2, 3).list() shouldBe floats(1, 10, 100)
    fullLike(ones(2), 7).list() shouldBe floats(7, 7)
    val (x, y) = meshgrid(arange(2), arange(3))
    (x * 10 + y).toLongArray().toList() shouldBe listOf(0L, 1, 2, 10, 11, 12)
    hstack(listOf(ones(1), zeros(2))).list() shouldBe floats(1, 0, 0)
    pow(2, tensor(listOf(1.0, 3.0))).list() shouldBe floats(2, 8)
    tensor(listOf(3.0, 1.0, 2.0)).median(dim = 0).values.item() shouldBe 2.0
    ones(2).allClose(ones(2) + 1e-7) shouldBe true
    arange(5).split(size = 2).map { it.size(0) } shouldBe listOf(2, 2, 1)
    tensor(listOf(0.5, 2.0)).clamp(min = 1).list() shouldBe floats(1, 2)
  }

  "functions of one tensor" {
    val x = tensor(listOf(-1.0, 1.0))
    relu(x).list() shouldBe floats(0, 1)
    dropout(x, 0.5, training = false).list() shouldBe floats(-1, 1)
    sigmoid(zeros(1)).item() shouldBe 0.5
    (tanh(x) + gelu(x) + silu(x)).shape shouldBe x.shape
    noGrad { (ones(1, requiresGrad = true) * 2).requiresGrad } shouldBe false
  }
})

private fun Tensor.item(flat: Int): Double = flatten()[flat].item()

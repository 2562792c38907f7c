package io.ktrain.train

import io.ktrain.tensor.CustomFunction
import io.ktrain.tensor.DType
import io.ktrain.tensor.DTypeError
import io.ktrain.tensor.Host
import io.ktrain.tensor.Shape
import io.ktrain.tensor.Tensor
import java.lang.foreign.Arena
import java.lang.foreign.MemorySegment
import java.lang.foreign.ValueLayout
import kotlin.Double.Companion.POSITIVE_INFINITY
import kotlinx.serialization.json.jsonObject

internal typealias Replay = GoldenCase.() -> Replayed

private fun differentiated(out: GoldenCase.() -> Tensor): Replay = { differentiated { out() } }

internal fun replay(run: Replay): Replay = run

private fun activation(f: GoldenCase.(Tensor) -> Tensor): Replay = { differentiated { f(this["x"]) } }

/** How the groups seed, ops, activation and autograd are replayed, by operation. */
internal val TENSOR_CASES: Map<String, Replay> = mapOf(
  "z=10*w**2+2; z.backward()" to differentiated { this["w"].pow(2) * 10 + 2 },
  "Q=3a^3-b^2; Q.backward([1,1])" to differentiated { this["a"].pow(3) * 3 - this["b"].pow(2) },
  "softmax" to differentiated { this["x"].softmax(int("dim")) },
  "one_hot" to differentiated { this["labels"].oneHot(int("num_classes")) },
  "mm" to differentiated { this["a"].mm(this["b"]) },
  "matmul" to differentiated { this["a"].matmul(this["b"]) },
  "view/reshape" to replay {
    val shape = ints("shape")
    check(this["x"].view(*shape).sharesStorage(this["x"]))
    differentiated { this["x"].reshape(*shape) }
  },
  "unsqueeze" to replay {
    Replayed(ints("dims").withIndex().associate { (i, dim) -> "u$i" to this["x"].unsqueeze(dim) })
  },
  "squeeze" to differentiated { this["x"].squeeze() },
  "index/flatten/ones_like/dtype" to replay {
    val x = this["x"]
    val rows = x.narrow(0, 1, x.size(0) - 1)
    val corner = x.narrow(0, 0, 2).narrow(1, 1, x.size(1) - 1)
    Replayed(mapOf("x[1:]" to rows, "x[:2,1:]" to corner, "flatten" to x.flatten(), "ones_like" to Tensor.onesLike(x)))
  },
  "view/reshape/from_numpy/clone share storage?" to replay { Replayed(sharing(this["x"])) },
  "gather" to differentiated { this["x"].gather(int("dim"), this["i"]) },
  "x*w+b" to differentiated { this["x"] * this["w"] + this["b"] },
  "var" to differentiated { this["x"].`var`(int("dim"), flag("unbiased"), flag("keepdim")) },
  "std" to differentiated { this["x"].std() },
  "prod" to differentiated { this["x"].prod(int("dim"), false) },
  "max(dim).values" to differentiated { this["x"].max(int("dim")).values },
  "amax" to differentiated { this["x"].amax(int("dim"), false) },
  "cumprod(cumsum(x,0),1)" to differentiated { this["x"].cumsum(0).cumprod(1) },
  "logsumexp" to differentiated { this["x"].logsumexp(int("dim"), false) },
  "where(x>0, clamp(x,max=1), 0.1*x)" to differentiated {
    val x = this["x"]
    Tensor.where(x.gt(0), x.clamp(-POSITIVE_INFINITY, 1.0), x * 0.1)
  },
  "index_select" to differentiated { this["x"].indexSelect(int("dim"), longs(*ints("index"))) },
  "x[[0,1,1],[2,0,2]]" to differentiated { this["x"].index(longs(0, 1, 1), longs(2, 0, 2)) },
  "zeros(3,4).scatter_add(1,i,x)" to differentiated { Tensor.zeros(3, 4).scatterAdd(int("dim"), this["i"], this["x"]) },
  "einsum bij,bkj->bik" to differentiated { Tensor.einsum("bij,bkj->bik", this["a"], this["b"]) },
  "F.normalize" to differentiated { this["x"].normalize(int("dim"), double("eps")) },
  "topk/sort(stable)/argmax/argmin" to replay {
    val (k, dim) = int("k") to int("dim")
    val top = this["x"].topk(k, dim)
    val sorted = this["x"].sort(dim, false)
    Replayed(
      mapOf(
        "topk_values" to top.values, "topk_indices" to top.indices, "sort_values" to sorted.values,
        "sort_indices" to sorted.indices, "argmax" to this["x"].argmax(dim), "argmin" to this["x"].argmin(dim),
      ),
    )
  },
  "// % / fmod" to replay {
    val (a, b) = this["a"] to this["b"]
    Replayed(
      mapOf(
        "floor_divide" to a.floorDivide(b), "trunc" to a.truncDivide(b), "remainder" to a.remainder(b),
        "fmod" to a.fmod(b), "true_divide" to a.div(b),
      ),
    )
  },
  "promote_types" to replay { Replayed(promotions()) },
  "to(float16)/to(bfloat16)" to replay {
    val (half, brain) = this["x"].to(DType.f16) to this["x"].to(DType.bf16)
    val bits = mapOf("half_bits" to bits(half), "bf16_bits" to bits(brain))
    Replayed(bits + mapOf("half" to half.to(DType.f32), "bfloat16" to brain.to(DType.f32)))
  },
  "max/min/sum/nansum/sign/sqrt/log/round" to replay {
    val x = this["x"]
    Replayed(
      mapOf(
        "max" to x.max(), "min" to x.min(), "nansum" to x.narrow(0, 0, 4).sum(), "sign" to x.sign(), "log" to x.log(),
        "sqrt" to x.sqrt(), "relu" to x.relu(), "clamp" to x.clamp(-2.0, 2.0),
        "round_half_even" to Tensor.of(floatArrayOf(.5f, 1.5f, 2.5f, -.5f)).round(), "isfinite" to x.isFinite(),
      ),
    )
  },
  "relu" to activation { it.relu() },
  "leaky_relu" to activation { it.leakyRelu(double("negative_slope")) },
  "elu" to activation { it.elu(double("alpha")) },
  "celu" to activation { it.celu(double("alpha")) },
  "selu" to activation { it.selu() },
  "gelu_exact" to activation { it.gelu() },
  "gelu_tanh" to activation { it.geluTanh() },
  "silu" to activation { it.silu() },
  "mish" to activation { it.mish() },
  "softplus" to activation { it.softplus(double("beta"), double("threshold")) },
  "hardswish" to activation { it.hardswish() },
  "hardsigmoid" to activation { it.hardsigmoid() },
  "hardtanh" to activation { it.hardtanh() },
  "relu6" to activation { it.relu6() },
  "sigmoid" to activation { it.sigmoid() },
  "logsigmoid" to activation { it.logSigmoid() },
  "tanh" to activation { it.tanh() },
  "softsign" to activation { it.softsign() },
  "tanhshrink" to activation { it.tanhshrink() },
  "prelu" to activation { it.prelu(this["w"]) },
  "glu" to activation { it.glu(int("dim")) },
  "log_softmax" to activation { it.logSoftmax(int("dim")) },
  "sqrt" to replay { gradientOf { it.sqrt() } },
  "abs" to replay { gradientOf { it.abs() } },
  "grad(grad(sum x^3))" to replay {
    val x = this["x"].also { it.requiresGrad = true }
    val first = x.pow(3).sum().gradients(listOf(x), null, true).single()!!
    Replayed(mapOf("first" to first, "second" to first.sum().gradients(listOf(x), null, false).single()))
  },
  "x0^2*x1+exp(x1)*x0" to replay {
    val x = this["x"].also { it.requiresGrad = true }
    val value = x[0].pow(2) * x[1] + x[1].exp() * x[0]
    val jacobian = value.gradients(listOf(x), null, true).single()!!
    val rows = (0 until 2).map { jacobian[it].gradients(listOf(x), null, true).single()!! }
    Replayed(mapOf("value" to value, "jacobian" to jacobian, "hessian" to Tensor.stack(rows, 0)))
  },
  "d/dW |d(sum tanh(Wx+b)^2)/dx|^2" to replay {
    val x = this["x"].also { it.requiresGrad = true }
    val loss = x.linear(this["W"], this["b"]).tanh().pow(2).sum()
    val penalty = loss.gradients(listOf(x), null, true).single()!!.pow(2).sum()
    penalty.backward()
    Replayed(mapOf("penalty" to penalty))
  },
  "two backward() calls add up" to replay {
    repeat(2) { (this["x"] * 2).sum().backward() }
    Replayed()
  },
  "y=2x; hook(g->10g); (y*y).backward" to replay {
    val y = this["x"] * 2
    y.retainGrad()
    y.registerHook { it * 10 }
    (y * y).sum().backward()
    Replayed(mapOf("y" to y), mapOf("y" to y.grad))
  },
  "sum(detach(x*x)*x)" to replay {
    val out = (this["x"] * this["x"]).detach() * this["x"]
    out.sum().backward()
    Replayed(mapOf("out" to out))
  },
  "y=x.clone(); y[1]=10*y[0]; y[2:]*=x[2:]; sum y^2" to replay {
    val x = this["x"]
    val y = x.copy()
    y[1].copy_(y[0] * 10)
    y.narrow(0, 2, y.size(0) - 2).mul_(x.narrow(0, 2, x.size(0) - 2))
    y.pow(2).sum().backward()
    Replayed(mapOf("y" to y))
  },
  "sum(x.t()[1:].reshape(-1)*[1,2,3,4])" to replay {
    val v = this["x"].t().narrow(0, 1, this["x"].size(1) - 1)
    (v.reshape(-1) * Tensor.of(floatArrayOf(1f, 2f, 3f, 4f))).sum().backward()
    Replayed(mapOf("v" to v))
  },
  "custom forward x*x, custom backward 7*g" to replay {
    CustomFunction.of("square", { it[0] * it[0] }) { g, _, _ -> listOf(g * 7) }.apply(this["x"]).sum().backward()
    Replayed()
  },
)

private fun GoldenCase.gradientOf(f: (Tensor) -> Tensor): Replayed {
  f(this["x"]).sum().backward()
  return Replayed()
}

private fun longs(vararg values: Int): Tensor = Tensor.of(LongArray(values.size) { values[it].toLong() })

private fun sharing(x: Tensor): Map<String, Boolean> {
  val (rows, columns) = x.size(0) to x.size(1)
  val n = rows * columns
  val ints = longArrayOf(1, 2)
  val copied = Tensor.of(ints).to(DType.f32)
  ints[0] = 9
  return Arena.ofConfined().use { arena ->
    val memory: MemorySegment = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1f, 2f)
    val wrapped = Tensor.wrap(memory, 2)
    memory.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 9f)
    mapOf(
      "view_shares" to x.view(n).sharesStorage(x), "reshape_contiguous_shares" to x.reshape(n).sharesStorage(x),
      "reshape_of_transposed_shares" to x.t().reshape(n).sharesStorage(x), "clone_shares" to x.copy().sharesStorage(x),
      "FloatTensor(int ndarray)_shares" to (copied[0].item() == 9.0), "from_numpy_shares" to (wrapped[0].item() == 9.0),
    )
  }
}

private fun GoldenCase.promotions(): Map<String, Any> {
  val names = outputs.getValue("table").jsonObject.keys
  fun of(dtype: DType, vararg sizes: Int) = Tensor.zeros(Shape.of(*sizes), dtype)
  fun sum(a: String, b: String) = of(dtype(a), 1).add(of(dtype(b), 1)).dtype.torchName()
  val table = names.associateWith { a -> names.associateWith { b -> sum(a, b) } }
  val mean = try {
    of(DType.i64, 1).mean().dtype.torchName()
  } catch (_: DTypeError) {
    "error"
  }
  return mapOf(
    "table" to table,
    "int64_tensor + 1.5" to of(DType.i64, 1).add(1.5).dtype.torchName(),
    "float32_tensor*python_double" to of(DType.f32, 1).mul(2.5).dtype.torchName(),
    "int32[1]+int64 0-dim" to of(DType.i32, 1).add(of(DType.i64)).dtype.torchName(),
    "float32[1]+float64 0-dim" to of(DType.f32, 1).add(of(DType.f64)).dtype.torchName(),
    "sum(int32)" to of(DType.i32, 1).sum().dtype.torchName(),
    "sum(bool)" to of(DType.bool, 1).sum().dtype.torchName(),
    "int/int" to of(DType.i64, 1).div(of(DType.i64, 1)).dtype.torchName(),
    "mean(int64)" to mean,
  )
}

/** The elements' own bits, as 16-bit whole numbers. */
private fun bits(t: Tensor): Tensor = Tensor.of(Host.bytes(t), DType.i16, *t.shape.toArray())

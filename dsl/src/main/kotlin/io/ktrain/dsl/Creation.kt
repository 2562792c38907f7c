package io.ktrain.dsl

import io.ktrain.tensor.Context
import io.ktrain.tensor.DType
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Shape
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor

/** 64-bit floating point. */
public val f64: DType = DType.f64

/** 32-bit floating point, the default. */
public val f32: DType = DType.f32

/** IEEE 16-bit floating point. */
public val f16: DType = DType.f16

/** The upper half of an f32. */
public val bf16: DType = DType.bf16

/** 64-bit whole numbers, the default of whole numbers; class labels are i64. */
public val i64: DType = DType.i64

/** 32-bit whole numbers. */
public val i32: DType = DType.i32

/** 16-bit whole numbers. */
public val i16: DType = DType.i16

/** 8-bit whole numbers. */
public val i8: DType = DType.i8

/** Bytes from 0 to 255, as pictures have them. */
public val u8: DType = DType.u8

/** True and false. */
public val bool: DType = DType.bool

/** One value: i64 for whole numbers, else f32, unless [dtype] says otherwise. */
public fun tensor(value: Number, dtype: DType? = null, requiresGrad: Boolean = false): Tensor =
  Tensor.scalar(value, dtype ?: value.defaultDType()).needing(requiresGrad)

/** One truth value. */
public fun tensor(value: Boolean): Tensor = Tensor.scalar(if (value) 1 else 0, DType.bool)

/**
 * Nested lists of numbers or booleans: whole numbers give i64, fractions f32, a mixture f32, unless [dtype] says
 * otherwise. ShapeError where rows differ in length.
 */
public fun tensor(data: List<*>, dtype: DType? = null, requiresGrad: Boolean = false): Tensor {
  val sizes = ArrayList<Int>()
  var at: Any? = data
  while (at is List<*>) {
    sizes += at.size
    at = at.firstOrNull()
  }
  val values = ArrayList<Any>()
  collect(data, sizes, 0, values)
  val shape = sizes.toIntArray()
  val made = when {
    values.isEmpty() -> Tensor.zeros(Shape.of(*shape), dtype ?: DType.f32)
    values.all { it is Boolean } -> Tensor.of(BooleanArray(values.size) { values[it] as Boolean }, *shape)
    values.all { it is Number && it.isWhole() } ->
      Tensor.of(LongArray(values.size) { (values[it] as Number).toLong() }, *shape)
    values.all { it is Number } -> doubles(DoubleArray(values.size) { (values[it] as Number).toDouble() }, shape, dtype)
    else -> throw KtrainException("tensor: numbers and booleans are mixed. Fix: one kind of them.")
  }
  return (if (dtype == null) made else made.to(dtype)).needing(requiresGrad)
}

private fun collect(data: List<*>, sizes: List<Int>, depth: Int, into: ArrayList<Any>) {
  if (data.size != sizes[depth]) {
    throw ShapeError("tensor: rows differ in length: ${sizes[depth]} and ${data.size} in dim $depth. Fix: pad(rows).")
  }
  for (value in data) {
    val isRow = value is List<*>
    if (isRow != (depth + 1 < sizes.size)) throw ShapeError("tensor: numbers and lists are mixed in dim $depth.")
    when (value) {
      is List<*> -> collect(value, sizes, depth + 1, into)
      is Number, is Boolean -> into += value
      else -> throw KtrainException("tensor: $value is neither a number nor a boolean.")
    }
  }
}

/** Rounded once: to f32 by Java, and only to other types by a kernel. */
private fun doubles(values: DoubleArray, shape: IntArray, dtype: DType?): Tensor =
  if (dtype == null || dtype == DType.f32) Tensor.of(FloatArray(values.size) { values[it].toFloat() }, *shape)
  else Tensor.of(values, *shape)

/** A vector, f32 unless [dtype] says otherwise. */
public fun tensor(data: FloatArray, dtype: DType = DType.f32, requiresGrad: Boolean = false): Tensor =
  Tensor.of(data).to(dtype).needing(requiresGrad)

/** A vector, f32 unless [dtype] says otherwise. */
public fun tensor(data: DoubleArray, dtype: DType = DType.f32, requiresGrad: Boolean = false): Tensor =
  Tensor.of(data).to(dtype).needing(requiresGrad)

/** A vector, i64 unless [dtype] says otherwise. */
public fun tensor(data: LongArray, dtype: DType = DType.i64): Tensor = Tensor.of(data).to(dtype)

/** A vector, i64 unless [dtype] says otherwise. */
public fun tensor(data: IntArray, dtype: DType = DType.i64): Tensor = Tensor.of(data).to(dtype)

/** A vector of truth values. */
public fun tensor(data: BooleanArray): Tensor = Tensor.of(data)

private fun Number.isWhole() = this is Int || this is Long || this is Short || this is Byte
private fun Number.defaultDType() = if (isWhole()) DType.i64 else DType.f32
private fun Tensor.needing(grad: Boolean) = also { if (grad) it.requiresGrad = true }

/** Zeros; with no sizes a single one. */
public fun zeros(vararg shape: Int, dtype: DType = DType.f32, requiresGrad: Boolean = false): Tensor =
  Tensor.zeros(Shape.of(*shape), dtype).needing(requiresGrad)

/** Zeros. */
public fun zeros(shape: Shape, dtype: DType = DType.f32): Tensor = Tensor.zeros(shape, dtype)

/** Ones; with no sizes a single one. */
public fun ones(vararg shape: Int, dtype: DType = DType.f32, requiresGrad: Boolean = false): Tensor =
  Tensor.ones(Shape.of(*shape), dtype).needing(requiresGrad)

/** Ones. */
public fun ones(shape: Shape, dtype: DType = DType.f32): Tensor = Tensor.ones(shape, dtype)

/** [value] everywhere: i64 for whole numbers, else f32, unless [dtype] says otherwise. */
public fun full(shape: List<Int>, value: Number, dtype: DType? = null, requiresGrad: Boolean = false): Tensor =
  full(Shape.of(*shape.toIntArray()), value, dtype).needing(requiresGrad)

/** As above. */
public fun full(shape: Shape, value: Number, dtype: DType? = null): Tensor =
  Tensor.full(shape, value, dtype ?: value.defaultDType())

/** Zeros of the shape, type and device of [t]. */
public fun zerosLike(t: Tensor): Tensor = Tensor.zerosLike(t)

/** Ones of the shape, type and device of [t]. */
public fun onesLike(t: Tensor): Tensor = Tensor.onesLike(t)

/** [value] everywhere, in the shape, type and device of [t]. */
public fun fullLike(t: Tensor, value: Number): Tensor = Tensor.fullLike(t, value)

/** Uniform random numbers in [0, 1), in the shape, type and device of [t]. */
public fun randLike(t: Tensor): Tensor = Tensor.randLike(t)

/** Normal random numbers, in the shape, type and device of [t]. */
public fun randnLike(t: Tensor): Tensor = Tensor.randnLike(t)

/** Memory whose contents do not matter; here zeros, so that every run is the same. */
public fun empty(vararg shape: Int, dtype: DType = DType.f32): Tensor = Tensor.empty(Shape.of(*shape), dtype)

/** [steps] numbers from [start] to [end], both included, evenly apart. */
public fun linspace(start: Number, end: Number, steps: Int, dtype: DType = DType.f32): Tensor =
  Tensor.linspace(start, end, steps, dtype)

/** [base] to the power of [linspace]. */
public fun logspace(start: Number, end: Number, steps: Int, base: Double = 10.0, dtype: DType = DType.f32): Tensor =
  Tensor.logspace(start, end, steps, base, dtype)

/** Normal random numbers, each by its own [mean] and standard deviation [std]. */
public fun normal(mean: Tensor, std: Tensor): Tensor = Tensor.normal(mean, std)

/** Uniform random numbers in [0, 1). */
public fun rand(vararg shape: Int, dtype: DType = DType.f32, requiresGrad: Boolean = false): Tensor =
  Tensor.rand(Shape.of(*shape), dtype).needing(requiresGrad)

/** Uniform random numbers in [0, 1). */
public fun rand(shape: Shape, dtype: DType = DType.f32): Tensor = Tensor.rand(shape, dtype)

/** Normal random numbers of mean 0 and variance 1. */
public fun randn(vararg shape: Int, dtype: DType = DType.f32, requiresGrad: Boolean = false): Tensor =
  Tensor.randn(Shape.of(*shape), dtype).needing(requiresGrad)

/** Normal random numbers of mean 0 and variance 1. */
public fun randn(shape: Shape, dtype: DType = DType.f32): Tensor = Tensor.randn(shape, dtype)

/** Random whole numbers from [low] up to but not [high], i64. */
public fun randint(low: Long, high: Long, vararg shape: Int): Tensor = Tensor.randint(low, high, *shape)

/** 0 until [n] in random order, i64. */
public fun randperm(n: Int): Tensor = Tensor.randperm(n)

/** 0, 1, ... up to but not [end], i64. */
public fun arange(end: Int): Tensor = Tensor.arange(end)

/** [start], start + [step], ... before [end]: i64 if all three are whole, else f32, unless [dtype] says otherwise. */
public fun arange(start: Number, end: Number, step: Number = 1, dtype: DType? = null): Tensor {
  val whole = start.isWhole() && end.isWhole() && step.isWhole()
  return Tensor.arange(start, end, step, dtype ?: if (whole) DType.i64 else DType.f32)
}

/** The identity matrix of [n] rows. */
public fun eye(n: Int, dtype: DType = DType.f32): Tensor = Tensor.eye(n).to(dtype)

/** Ones on the diagonal of a matrix of zeros. */
public fun eye(rows: Int, columns: Int, dtype: DType = DType.f32): Tensor = Tensor.eye(rows, columns).to(dtype)

/** Starts all random numbers of this thread again, from [seed]: parameters, dropout, shuffles. */
public fun manualSeed(seed: Long) {
  Context.current().generator().seed(seed)
}

/** As above. */
public fun manualSeed(seed: Int): Unit = manualSeed(seed.toLong())

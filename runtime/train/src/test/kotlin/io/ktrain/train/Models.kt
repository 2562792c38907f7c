package io.ktrain.train

import io.ktrain.data.DataLoader
import io.ktrain.data.Example
import io.ktrain.data.batches
import io.ktrain.data.dataset
import io.ktrain.data.iris
import io.ktrain.data.split
import io.ktrain.nn.Activation
import io.ktrain.nn.Linear
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import io.ktrain.tensor.Context
import io.ktrain.tensor.Device
import io.ktrain.tensor.Tensor
import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.lang.ref.PhantomReference
import java.lang.ref.ReferenceQueue
import java.nio.file.Path

internal fun mlp(vararg sizes: Int): Sequential = Sequential(
  sizes.toList().zipWithNext().flatMapIndexed { i, (a, b) ->
    listOf<Module>(Linear(a, b)) + if (i < sizes.size - 2) listOf(Activation("Tanh", "", Tensor::tanh)) else emptyList()
  },
)

internal fun seeded(seed: Long) = Context.current().generator().seed(seed)

/** 150 flowers as four numbers each: 120 to train with and 30 to validate. */
internal class Iris(batch: Int, workers: Int = 0) {
  private val parts = iris().split(120, 30)
  val train = parts[0].batches(batch, shuffle = true, workers = workers)
  val valid = parts[1].batches(16)
}

/** Samples whose x and y are both their index, in order. */
internal fun counting(n: Int, batch: Int, dropLast: Boolean = false): DataLoader<io.ktrain.data.Batch> =
  dataset(List(n) { it }) { Example(Tensor.of(floatArrayOf(it.toFloat())), Tensor.of(floatArrayOf(it.toFloat()))) }
    .batches(batch, dropLast = dropLast)

/** What `fit` prints in [output] mode, with the body's result. */
internal class Printed(val directory: Path? = null, private val output: Run.Output = Run.Output.PLAIN, private val columns: Int = 80) {
  private val bytes = ByteArrayOutputStream()
  lateinit var run: Run
  val text get() = bytes.toString()
  val lines get() = text.lines().filter { it.isNotEmpty() }

  fun <T> of(seed: Long = 0, threads: Int = 2, body: () -> T): T {
    run = Run(Device.CPU, seed, threads, directory, output, PrintStream(bytes, true)) { columns }
    return Run.with(run, body)
  }
}

/** Runs quietly. */
internal fun <T> quietly(seed: Long = 0, threads: Int = 2, directory: Path? = null, body: () -> T): T =
  Printed(directory, Run.Output.QUIET).of(seed, threads, body)

internal fun Module.values(): List<Float> = stateDict().values.flatMap { it.toFloatArray().toList() }

/** Lets the collector find what earlier tests dropped, so that live bytes are this test's own. */
internal fun collectGarbage() = repeat(2) {
  val queue = ReferenceQueue<Any>()
  val marker = PhantomReference(Any(), queue)
  System.gc()
  check(queue.remove(10_000) === marker) { "no collection within ten seconds" }
}

package io.ktrain.data

import io.kotest.core.test.Enabled
import io.ktrain.backend.Backends
import io.ktrain.tensor.Context
import io.ktrain.tensor.Device
import io.ktrain.tensor.Tensor
import java.io.ByteArrayOutputStream
import java.io.DataOutputStream
import java.nio.file.Files
import java.nio.file.Path
import java.util.zip.GZIPOutputStream

/** The indices themselves, as samples. */
internal fun indices(size: Int): Dataset<Number> = dataset(List(size) { it }) { it as Number }

internal fun values(batch: Tensor): List<Int> = batch.toLongArray().map { it.toInt() }

internal fun liveBytes(): Long = Backends.of(Device.CPU).pool(Device.CPU).live()

/** Takes back what earlier tests dropped, so that no garbage collection in between disturbs a count of bytes. */
internal fun settle() {
  var before = -1L
  var same = 0
  while (same < 3) {
    System.gc()
    val marker = java.lang.ref.PhantomReference(Any(), java.lang.ref.ReferenceQueue<Any>())
    while (!marker.refersTo(null)) System.gc()
    val now = liveBytes()
    same = if (now == before) same + 1 else 0
    before = now
  }
}

/** What `step {}` of the DSL does to the thread's context. */
internal fun <T> step(body: () -> T): T {
  val context = Context.current()
  val scope = context.open("a step")
  try {
    return body()
  } finally {
    context.close(scope)
    context.stepDone()
  }
}

internal fun idx(magic: Int, sizes: IntArray, bytes: ByteArray): ByteArray = ByteArrayOutputStream().also { to ->
  DataOutputStream(to).run {
    writeInt(magic)
    sizes.forEach(::writeInt)
    write(bytes)
  }
}.toByteArray()

internal fun gzip(bytes: ByteArray): ByteArray = ByteArrayOutputStream().also { to -> GZIPOutputStream(to).use { it.write(bytes) } }.toByteArray()

/** Pixel p of picture i, as it stands in the files of [writeMnist]. */
internal fun pixel(i: Int, p: Int): Int = (i * 31 + p * 7) % 256

/** The four files with a few pictures each: the training part gzipped, the test part plain. */
internal fun writeMnist(dir: Path, train: Int, test: Int) {
  Files.createDirectories(dir)
  fun pictures(n: Int) = idx(0x803, intArrayOf(n, 28, 28), ByteArray(n * 784) { pixel(it / 784, it % 784).toByte() })
  fun labels(n: Int) = idx(0x801, intArrayOf(n), ByteArray(n) { (it % 10).toByte() })
  Files.write(dir.resolve("train-images-idx3-ubyte.gz"), gzip(pictures(train)))
  Files.write(dir.resolve("train-labels-idx1-ubyte.gz"), gzip(labels(train)))
  Files.write(dir.resolve("t10k-images-idx3-ubyte"), pictures(test))
  Files.write(dir.resolve("t10k-labels-idx1-ubyte"), labels(test))
}

/** The folder with real data, for tests that compare with it where it is there. */
internal val realData: Path? =
  (System.getenv("KTRAIN_DATA")?.let { listOf(Path.of(it)) } ?: listOf("../shared/data", "../../../shared/data").map { Path.of(it) })
    .firstOrNull(Files::isDirectory)

internal fun needsRealData(): Enabled {
  if (realData != null) return Enabled.enabled
  val why = "skipped: needs the real data; set KTRAIN_DATA to its folder"
  println(why)
  return Enabled.disabled(why)
}

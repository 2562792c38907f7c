@file:JvmName("Data")
@file:JvmMultifileClass

package io.ktrain.data

import io.ktrain.tensor.Check
import io.ktrain.tensor.FormatError
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Tensor
import java.nio.file.Files
import java.nio.file.Path

/** The two parts of a set of labelled pictures. */
public class Images internal constructor(public val train: Dataset<Example>, public val test: Dataset<Example>)

private const val MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"

/** The four files and the SHA-256 of their content. */
private val FILES = mapOf(
  "train-images-idx3-ubyte" to "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  "train-labels-idx1-ubyte" to "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
  "t10k-images-idx3-ubyte" to "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  "t10k-labels-idx1-ubyte" to "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
)

/**
 * Handwritten digits (LeCun, Cortes and Burges): 60,000 pictures to train on and 10,000 to test, x = f32 `[1,28,28]`
 * in 0..1, y = the digit. Reads the four IDX files, plain or .gz, from [dir], else from `$KTRAIN_DATA/mnist`; each part
 * is read when it is first used. Other sets in the same files (Fashion-MNIST, KMNIST) read as well.
 *
 * @param transform of every picture; [normalize] costs nothing, since a table of the 256 grey values serves them all
 * @param download fetches what is missing from [url] into [dir]; nothing is ever fetched without this being asked for
 */
@JvmOverloads
public fun mnist(
  dir: String = "data",
  transform: (Tensor) -> Tensor = Unchanged,
  download: Boolean = false,
  url: String = MNIST_URL,
): Images {
  val dataRoot = System.getenv("KTRAIN_DATA")
  val files = if (Check.active()) emptyMap() else mnistFiles(Path.of(dir), dataRoot, url.takeIf { download })
  return Images(
    Pictures(files["train-images-idx3-ubyte"], files["train-labels-idx1-ubyte"], 60_000, transform),
    Pictures(files["t10k-images-idx3-ubyte"], files["t10k-labels-idx1-ubyte"], 10_000, transform),
  )
}

/** Where each of the four files is; those in neither place are fetched from [url] unless that is null. */
internal fun mnistFiles(dir: Path, dataRoot: String?, url: String?): Map<String, Path> {
  val folders = listOfNotNull(dir, dataRoot?.let { Path.of(it, "mnist") })
  val found = FILES.keys.associateWith { name ->
    folders.flatMap { listOf(it.resolve(name), it.resolve("$name.gz")) }.firstOrNull(Files::isRegularFile)
  }
  val missing = found.filterValues { it == null }.keys
  if (missing.isNotEmpty() && url == null) {
    throw KtrainException(
      "mnist: no ${missing.joinToString()} (plain or .gz) in ${dir.toAbsolutePath()}" +
        (if (dataRoot == null) ", and KTRAIN_DATA is not set" else " nor in ${folders.last().toAbsolutePath()}") +
        ". Fix: put the four files ${FILES.keys.joinToString()} there, " +
        "set KTRAIN_DATA to the folder that has mnist/, or mnist(download = true).",
    )
  }
  return found.mapValues { (name, file) ->
    file ?: dir.resolve("$name.gz").also { download("${url!!.removeSuffix("/")}/$name.gz", it, FILES.getValue(name)) }
  }
}

private const val SIDE = 28
private const val PIXELS = SIDE * SIDE

/** Grey pictures that stay as bytes until a batch needs them. */
private class Pictures(
  private val images: Path?,
  private val labels: Path?,
  private val declared: Int,
  private val transform: (Tensor) -> Tensor,
) : Gathers {
  private class Content(val pixels: ByteArray, val labels: ByteArray)

  private val content by lazy {
    val x = readIdx(images!!, 3)
    val y = readIdx(labels!!, 1)
    val (count, height, width) = x.sizes
    if (height != SIDE || width != SIDE) {
      throw FormatError("mnist: $images has pictures of ${height}x$width; expected ${SIDE}x$SIDE.")
    }
    if (count != y.sizes[0]) {
      throw FormatError("mnist: $images has $count pictures, but $labels ${y.sizes[0]} labels.")
    }
    Content(x.bytes, y.bytes)
  }

  /** What each grey value becomes, where that is the same for every picture. */
  private val table by lazy {
    val greys = FloatArray(256) { it / 255f }
    if (gathers) transform(Tensor.of(greys, 1, 16, 16)).toFloatArray() else greys
  }

  override val size: Int get() = if (Check.active()) declared else content.labels.size
  override val sample: () -> Example get() = { Example(transform(Tensor.zeros(1, SIDE, SIDE)), 0) }
  override val fresh: Boolean get() = transform is Transform
  override val gathers: Boolean get() = (transform as? Transform)?.pointwise == true

  override fun get(index: Int): Example {
    val x = Tensor.of(values(intArrayOf(index)), 1, SIDE, SIDE)
    return Example(if (gathers) x else transform(x), content.labels[index].toInt() and 0xFF)
  }

  override fun gather(indices: IntArray): Batch {
    val y = content.labels
    return Batch(
      Tensor.of(values(indices), indices.size, 1, SIDE, SIDE),
      Tensor.of(LongArray(indices.size) { y[indices[it]].toLong() and 0xFF }),
    )
  }

  private fun values(indices: IntArray): FloatArray {
    val pixels = content.pixels
    val table = table
    val out = FloatArray(indices.size * PIXELS)
    for (i in indices.indices) {
      val from = indices[i] * PIXELS
      val to = i * PIXELS
      for (p in 0 until PIXELS) out[to + p] = table[pixels[from + p].toInt() and 0xFF]
    }
    return out
  }
}

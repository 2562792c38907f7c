@file:JvmName("Data")
@file:JvmMultifileClass

package io.ktrain.data

import io.ktrain.tensor.Check
import io.ktrain.tensor.DType
import io.ktrain.tensor.DTypeError
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Shape
import io.ktrain.tensor.ShapeError
import io.ktrain.tensor.Tensor
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.readText

/** The different characters of a text in their order, each with its number: the vocabulary of a character model. */
public class Characters(text: String) {
  private val all = text.toSet().sorted()
  private val places = all.withIndex().associate { (i, c) -> c to i.toLong() }

  /** How many there are. */
  public val size: Int get() = all.size

  /** The number of each character of [text], i64 `[length]`. */
  public fun encode(text: String): Tensor = onCpu {
    Tensor.of(
      LongArray(text.length) {
        places[text[it]] ?: throw KtrainException(
          "characters: '${text[it]}' at $it is none of the $size known ones: ${all.joinToString("")}.",
        )
      },
    )
  }

  /** The text of these numbers. */
  public fun decode(ids: Iterable<Number>): String = buildString {
    for (id in ids) {
      append(all.getOrNull(id.toInt()) ?: throw KtrainException("characters: there is no number $id; there are $size."))
    }
  }

  /** The text of a vector of numbers. */
  public fun decode(ids: Tensor): String = decode(ids.toLongArray().asIterable())
}

/**
 * Stretches of a long sequence i64 `[n]`, to predict what comes next: x = [length] tokens, y = the same shifted by one,
 * so that y[i] follows x[i]. Windows begin [stride] apart; with [length] they do not overlap, and each token but the
 * first few is predicted once.
 */
@JvmOverloads
public fun windows(tokens: Tensor, length: Int, stride: Int = 1): Dataset<Example> {
  if (tokens.dtype != DType.i64) throw DTypeError("windows: tokens are i64, got ${tokens.describe()}.")
  if (length < 1 || stride < 1) throw ShapeError("windows: length $length and stride $stride must be positive.")
  if (tokens.ndim != 1 || tokens.size(0) <= length) {
    throw ShapeError("windows: needs more than $length tokens in a row, got ${tokens.describe()}.")
  }
  return Windows(tokens, length, stride)
}

private class Windows(tokens: Tensor, private val length: Int, private val stride: Int) : Gathers {
  override val size: Int = (tokens.size(0) - 1 - length) / stride + 1
  private val tokens by lazy { tokens.toLongArray() }
  override val sample: () -> Example = {
    val window = Tensor.zeros(Shape.of(length), DType.i64)
    Example(window, window)
  }
  override val fresh: Boolean get() = true
  override val gathers: Boolean get() = true

  override fun get(index: Int): Example =
    Example(rows(intArrayOf(index), 0).select(0, 0), rows(intArrayOf(index), 1).select(0, 0))

  override fun gather(indices: IntArray): Batch = Batch(rows(indices, 0), rows(indices, 1))

  private fun rows(indices: IntArray, shift: Int): Tensor {
    val all = LongArray(indices.size * length)
    for (i in indices.indices) {
      val from = indices[i] * stride + shift
      tokens.copyInto(all, i * length, from, from + length)
    }
    return Tensor.of(all, indices.size, length)
  }
}

private const val SHAKESPEARE = "tinyshakespeare.txt"

/**
 * Plays of Shakespeare, 1.1 million characters, 65 different ones (Karpathy's char-rnn): tinyshakespeare.txt in [dir],
 * else in `$KTRAIN_DATA/text`. While checking, a text of its length and characters.
 */
@JvmOverloads
public fun tinyShakespeare(dir: String = "data"): String {
  if (Check.active()) return SHAKESPEARE_CHARACTERS.repeat(SHAKESPEARE_LENGTH / SHAKESPEARE_CHARACTERS.length)
  val dataRoot = System.getenv("KTRAIN_DATA")
  val folders = listOfNotNull(Path.of(dir), dataRoot?.let { Path.of(it, "text") })
  val file = folders.map { it.resolve(SHAKESPEARE) }.firstOrNull(Files::isRegularFile) ?: throw KtrainException(
    "tinyShakespeare: no $SHAKESPEARE in ${folders.joinToString(" nor in ") { "${it.toAbsolutePath()}" }}" +
      (if (dataRoot == null) ", and KTRAIN_DATA is not set" else "") +
      ". Fix: put the file there, or set KTRAIN_DATA to the folder that has text/.",
  )
  return file.readText()
}

private const val SHAKESPEARE_LENGTH = 1_115_394
private const val SHAKESPEARE_CHARACTERS = "\n !\$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

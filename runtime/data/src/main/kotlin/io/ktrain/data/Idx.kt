package io.ktrain.data

import io.ktrain.tensor.FormatError
import java.io.BufferedInputStream
import java.io.DataInputStream
import java.io.EOFException
import java.io.IOException
import java.io.InputStream
import java.nio.file.Files
import java.nio.file.Path
import java.util.zip.GZIPInputStream
import java.util.zip.ZipException

/** The bytes of an IDX file (u8 elements, row-major) and their shape. */
internal class Idx(val sizes: IntArray, val bytes: ByteArray)

/** Deflate cannot make more of a byte. */
private const val MOST_PER_BYTE = 1032L

/**
 * Reads an IDX file of u8 elements, plain or gzip, with [dims] dims. What the header promises is held against the
 * length of the file before memory is taken for it.
 */
internal fun readIdx(file: Path, dims: Int): Idx {
  try {
    BufferedInputStream(Files.newInputStream(file)).use { raw ->
      raw.mark(2)
      val gzip = raw.read() == 0x1F && raw.read() == 0x8B
      raw.reset()
      val input = if (gzip) GZIPInputStream(raw, 1 shl 16) else raw
      val sizes = header(file, input, dims)
      val headerBytes = 4L + 4L * dims
      val length = Files.size(file)
      val total = sizes.fold(1L) { n, s -> if (s < 0 || n > Int.MAX_VALUE) -1 else n * s }
      val says = "its header says ${sizes.joinToString("x")} elements,"
      if (total !in 0..Int.MAX_VALUE - 8L) throw damaged(file, "$says which no array can hold.")
      val expected = "$says so $total bytes are expected after the header;"
      val possible = if (gzip) length * MOST_PER_BYTE else length - headerBytes
      if (total > possible || !gzip && total < possible) {
        throw damaged(file, "$expected the file has ${if (gzip) "$length compressed" else possible}.")
      }
      val bytes = ByteArray(total.toInt())
      val got = fill(input, bytes)
      if (got < total) throw damaged(file, "$expected it ends after $got.")
      if (input.read() >= 0) throw damaged(file, "$expected it goes on after them.")
      return Idx(sizes, bytes)
    }
  } catch (e: ZipException) {
    throw FormatError("idx: $file: the compressed data is damaged (${e.message}). Fix: get the file again.", e)
  } catch (e: IOException) {
    throw FormatError("idx: $file cannot be read: $e", e)
  }
}

private fun header(file: Path, input: InputStream, dims: Int): IntArray {
  val data = DataInputStream(input)
  try {
    val magic = data.readInt()
    val expected = 0x0800 or dims
    if (magic != expected) {
      throw damaged(file, "it begins with 0x%08X; expected 0x%08X (u8 elements, $dims dims).".format(magic, expected))
    }
    return IntArray(dims) { data.readInt() }
  } catch (e: EOFException) {
    throw FormatError("idx: $file ends inside its header of ${4 + 4 * dims} bytes. Fix: get the file again.", e)
  }
}

private fun fill(input: InputStream, to: ByteArray): Int {
  var got = 0
  try {
    while (got < to.size) {
      val n = input.read(to, got, to.size - got)
      if (n < 0) break
      got += n
    }
  } catch (_: EOFException) {
    // A gzip stream that was cut off says so by throwing; how far it came is told by the caller.
  }
  return got
}

private fun damaged(file: Path, what: String) = FormatError("idx: $file: $what Fix: get the file again.")

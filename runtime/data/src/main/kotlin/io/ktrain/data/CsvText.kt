package io.ktrain.data

import io.ktrain.tensor.FormatError
import io.ktrain.tensor.KtrainException
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException
import java.nio.file.Files
import java.nio.file.Path

/** The cells of one record, and the line it begins on, from 1. */
internal class Record(val line: Int, val cells: List<String>)

/** The records of an RFC 4180 file in UTF-8; lines with nothing on them are no records. */
internal fun readRecords(path: Path, separator: Char): List<Record> {
  if (!Files.isRegularFile(path)) throw KtrainException("csv: there is no file ${path.toAbsolutePath()}.")
  val text = try {
    Charsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(Files.readAllBytes(path))).toString()
  } catch (e: CharacterCodingException) {
    throw FormatError("csv: $path is not UTF-8. Fix: save it as UTF-8.", e)
  } catch (e: IOException) {
    throw KtrainException("csv: $path cannot be read: $e", e)
  }
  return CsvText(path, text.removePrefix("\uFEFF"), separator).records()
}

private class CsvText(private val path: Path, private val text: String, private val separator: Char) {
  private var at = 0
  private var line = 1

  fun records(): List<Record> = buildList {
    while (at < text.length) {
      if (!lineEnd()) add(record())
    }
  }

  private fun record(): Record {
    val first = line
    val cells = ArrayList<String>()
    do {
      cells.add(cell(cells.size + 1))
    } while (accept(separator))
    if (at < text.length && !lineEnd()) {
      throw FormatError(
        "csv: $path:$line:${cells.size}: text after a closing quote. " +
          "Fix: a quote inside a quoted cell is written twice.",
      )
    }
    return Record(first, cells)
  }

  private fun cell(column: Int): String {
    if (!accept('"')) {
      val from = at
      while (at < text.length && text[at] != separator && text[at] != '\n' && text[at] != '\r') at++
      return text.substring(from, at)
    }
    val out = StringBuilder()
    val first = line
    while (true) {
      if (at == text.length) throw FormatError("csv: $path:$first:$column: a quoted cell has no closing quote.")
      val c = text[at++]
      if (c == '"' && !accept('"')) return out.toString()
      if (c == '\n') line++
      out.append(c)
    }
  }

  private fun accept(c: Char): Boolean = (at < text.length && text[at] == c).also { if (it) at++ }

  private fun lineEnd(): Boolean {
    val length = if (text.startsWith("\r\n", at)) 2 else if (text[at] == '\n' || text[at] == '\r') 1 else return false
    at += length
    line++
    return true
  }
}

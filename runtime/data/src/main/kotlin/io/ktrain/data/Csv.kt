@file:JvmName("Data")
@file:JvmMultifileClass

package io.ktrain.data

import io.ktrain.tensor.Check
import io.ktrain.tensor.FormatError
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Tensor
import java.nio.file.Path

/**
 * A table with a header line, as text: `"quoted"` cells may hold separators, line ends and doubled quotes; empty cells
 * are missing values. Cells get their type where they are asked for, and one that does not fit is a FormatError with
 * file, line and column.
 *
 * ```
 * val flowers = csv("iris.csv").dataset { row ->
 *   Example(row.floats("sepal_length", "sepal_width"), row.label("species"))
 * }
 * ```
 */
@JvmOverloads
public fun csv(path: String, separator: Char = ','): Csv = csv(Path.of(path), separator)

@JvmOverloads
public fun csv(path: Path, separator: Char = ','): Csv {
  val records = readRecords(path, separator)
  val header = records.firstOrNull()
    ?: throw FormatError("csv: $path is empty; expected a line with the names of the columns.")
  val names = header.cells.map { it.trim() }
  names.groupingBy { it }.eachCount().entries.firstOrNull { it.value > 1 }?.let {
    throw FormatError("csv: $path:${header.line}: the column \"${it.key}\" is named ${it.value} times.")
  }
  val rows = records.drop(1)
  rows.firstOrNull { it.cells.size != names.size }?.let {
    throw FormatError(
      "csv: $path:${it.line}: ${it.cells.size} cells, " +
        "but the header has ${names.size} columns: ${names.joinToString()}.",
    )
  }
  return Csv(path, names, rows)
}

/** A table read by [csv]. */
public class Csv internal constructor(
  private val path: Path,
  public val columns: List<String>,
  private val records: List<Record>,
) {
  private val places = columns.withIndex().associate { it.value to it.index }
  private val classes = HashMap<String, Map<String, Int>>()

  /** Rows, the header not counted. */
  public val size: Int get() = records.size

  public val rows: List<Row> get() = List(size, ::get)

  public operator fun get(index: Int): Row = Row(this, records[index])

  /** The rows that [keep], for example those without a missing value: `filter { it.has("age") }`. */
  public fun filter(keep: (Row) -> Boolean): Csv = Csv(path, columns, records.filter { keep(Row(this, it)) })

  /** The distinct values of a column in order, numbers by value: a cell's place here is its [Row.label]. */
  public fun classes(column: String): List<String> = codes(column).keys.toList()

  /**
   * The rows as a data set. [build] makes a sample of each row here and now, so that a bad cell is found before
   * training begins; in `ktrain check` only of the first. Examples are kept as two tensors, from which batches are cut.
   */
  public fun <S> dataset(build: (Row) -> S): Dataset<S> {
    if (Check.active()) {
      if (size == 0) throw KtrainException("csv: $path has no rows.")
      val first = { build(this[0]) }
      return dataset(records, first) { first() }
    }
    return onCpu { packed(rows.map(build)) }
  }

  internal fun place(column: String): Int = places[column] ?: throw KtrainException(
    "csv: $path has no column \"$column\"; it has ${columns.joinToString()}." +
      (nearest(column, columns)?.let { " Fix: \"$it\"?" } ?: ""),
  )

  internal fun code(record: Record, column: String): Int =
    codes(column).getValue(text(record, column) ?: throw bad(record, column, "is empty", "a class"))

  @Synchronized
  private fun codes(column: String): Map<String, Int> = classes.getOrPut(column) {
    place(column)
    val distinct = records.mapNotNullTo(LinkedHashSet()) { text(it, column) }
    val numbers = distinct.associateWith { it.toDoubleOrNull() }
    val order = if (numbers.values.all { it != null }) distinct.sortedBy { numbers[it] } else distinct.sorted()
    order.withIndex().associate { it.value to it.index }
  }

  /** Null where the cell is empty. */
  internal fun text(record: Record, column: String): String? = record.cells[place(column)].trim().ifEmpty { null }

  internal fun bad(record: Record, column: String, what: String, expected: String): FormatError =
    FormatError(
      "csv: $path:${record.line}:${place(column) + 1}: the cell in column \"$column\" $what; expected $expected.",
    )
}

/** One line of a [Csv]. A column that does not exist is an error that names the nearest one. */
public class Row internal constructor(private val table: Csv, private val record: Record) {
  /** The text of a cell, without spaces around it; empty where there is none. */
  public operator fun get(column: String): String = table.text(record, column) ?: ""

  /** Whether the cell holds anything. */
  public fun has(column: String): Boolean = table.text(record, column) != null

  public fun double(column: String): Double = doubleOrNull(column) ?: throw empty(column, "a number", "doubleOrNull")

  /** Null where the cell is empty. */
  public fun doubleOrNull(column: String): Double? = table.text(record, column)?.let {
    it.toDoubleOrNull() ?: throw table.bad(record, column, "is \"$it\"", "a number (f64)")
  }

  public fun int(column: String): Int = intOrNull(column) ?: throw empty(column, "a whole number", "intOrNull")

  /** Null where the cell is empty. */
  public fun intOrNull(column: String): Int? = table.text(record, column)?.let {
    it.toIntOrNull() ?: throw table.bad(record, column, "is \"$it\"", "a whole number (i32)")
  }

  /** The cells of some columns as f32 `[n]`. */
  public fun floats(vararg columns: String): Tensor =
    Tensor.of(FloatArray(columns.size) { double(columns[it]).toFloat() })

  /** The cell's class: its place in [Csv.classes]. */
  public fun label(column: String): Int = table.code(record, column)

  private fun empty(column: String, expected: String, otherwise: String): FormatError = table.bad(
    record, column, "is empty", "$expected. Fix: $otherwise(\"$column\") ?: a value, or filter { it.has(\"$column\") }",
  )
}

/** Samples that were made once; examples of one shape as two tensors. */
@Suppress("UNCHECKED_CAST")
private fun <S> packed(samples: List<S>): Dataset<S> {
  val examples = samples.filterIsInstance<Example>()
  val alike = examples.size == samples.size && examples.isNotEmpty() && examples.all { alike(it, examples[0]) }
  if (!alike) return dataset(samples) { it }
  val all = collateExamples(examples)
  val targets = examples.map { it.y }
  val tensors = targets[0] is Tensor
  return Rows(all.x, all.y) { if (tensors) all.y.select(0, it) else targets[it] } as Dataset<S>
}

private fun alike(a: Example, b: Example): Boolean {
  val ay = a.y
  val by = b.y
  return a.x.shape == b.x.shape && a.x.dtype == b.x.dtype &&
    if (ay is Tensor) by is Tensor && ay.shape == by.shape && ay.dtype == by.dtype else ay::class == by::class
}

private fun nearest(name: String, names: List<String>): String? {
  val distances = names.associateWith { distance(name.lowercase(), it.lowercase()) }
  return distances.minByOrNull { it.value }?.takeIf { it.value <= 1 + name.length / 3 }?.key
}

/** Letters to put in, take out or change (Levenshtein). */
private fun distance(a: String, b: String): Int {
  var row = IntArray(b.length + 1) { it }
  for (i in 1..a.length) {
    val next = IntArray(b.length + 1)
    next[0] = i
    for (j in 1..b.length) next[j] = minOf(row[j] + 1, next[j - 1] + 1, row[j - 1] + if (a[i - 1] == b[j - 1]) 0 else 1)
    row = next
  }
  return row[b.length]
}

package io.ktrain.script

import com.github.ajalt.clikt.core.CliktCommand
import com.github.ajalt.clikt.core.CliktError
import com.github.ajalt.clikt.core.Context
import com.github.ajalt.clikt.parameters.arguments.argument
import com.github.ajalt.clikt.parameters.options.option
import com.github.ajalt.clikt.parameters.types.path
import io.ktrain.format.Contents
import io.ktrain.format.StateDictFile
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Tensor
import java.io.PrintStream
import java.nio.file.Files
import java.nio.file.Path
import java.util.Locale

/** `ktrain inspect FILE`: what is in it, without reading a tensor's elements. */
internal class InspectCommand(private val out: PrintStream) : CliktCommand("inspect") {
  val file by argument(help = "a .pt, .pth, .safetensors or .ktrain file").path()

  override fun help(context: Context): String = "List a file's tensors and values: names, types, shapes, totals. Runs nothing of it."

  override fun run() = refusing { out.print(inspected(file)) }
}

/** `ktrain convert IN OUT`: the tensors by name in the other format. */
internal class ConvertCommand(private val out: PrintStream) : CliktCommand("convert") {
  val input by argument("IN", help = "a .pt, .pth, .safetensors or .ktrain file, or a checkpoint with --key").path()
  val output by argument("OUT", help = "a .safetensors, .pt or .pth file; its ending says which").path()
  val key by option("--key", metavar = "NAME", help = "which of a checkpoint's dicts, as model_state_dict")

  override fun help(context: Context): String = "Write a file's tensors in another format."

  override fun run() = refusing {
    val tensors = StateDictFile.read(input, key)
    StateDictFile.write(output, tensors)
    out.println("$output: ${totals(tensors.values)}")
  }
}

private fun refusing(body: () -> Unit) = try {
  body()
} catch (e: KtrainException) {
  throw CliktError("error: ${e.message}", statusCode = ScriptResult.WRONG)
}

private fun inspected(file: Path): String {
  val contents = Contents.of(file)
  val leaves = contents.leaves()
  val tensors = leaves.filterValues { it is Tensor }.mapValues { it.value as Tensor }
  val text = StringBuilder("$file: ${contents.format}, %,d bytes\n".format(Locale.ROOT, Files.size(file)))
  val rows = listOf(listOf("name", "type", "shape", "elements", "bytes")) + tensors.map { (name, t) ->
    listOf(name.ifEmpty { "(the value itself)" }, "${t.dtype}", "${t.shape}") +
      listOf(t.numel(), t.bytes()).map { "%,d".format(Locale.ROOT, it) }
  }
  val widths = rows[0].indices.map { column -> rows.maxOf { it[column].length } }
  for (row in rows) {
    val cells = row.mapIndexed { i, cell -> if (i < 3) cell.padEnd(widths[i]) else cell.padStart(widths[i]) }
    text.append(cells.joinToString("  ").trimEnd()).append('\n')
  }
  text.append(totals(tensors.values)).append('\n')
  val others = contents.metadata + leaves.filterValues { it !is Tensor }
  for ((name, value) in others) text.append("${name.ifEmpty { "(the value itself)" }} = ${shown(value)}\n")
  return text.toString()
}

private fun totals(tensors: Collection<Tensor>) = "%,d tensors, %,d elements, %,d bytes"
  .format(Locale.ROOT, tensors.size, tensors.sumOf { it.numel() }, tensors.sumOf { it.bytes() })

private fun Tensor.bytes() = numel() * dtype.bytes()

/** One line of at most [VALUE] characters. */
private fun shown(value: Any?): String {
  val text = if (value is ByteArray) "${value.size} bytes" else value.toString()
  val line = text.map { if (it.isISOControl()) ' ' else it }.joinToString("")
  return if (line.length > VALUE) line.take(VALUE) + "..." else line
}

private const val VALUE = 80

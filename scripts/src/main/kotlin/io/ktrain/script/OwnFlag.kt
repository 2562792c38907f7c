package io.ktrain.script

/** ktrain's own flags of `run`, `check` and `summary`: no param may take one. [value]: what follows it, if anything. */
internal enum class OwnFlag(val flag: String, val value: String?, val help: String) {
  DEVICE("--device", "DEVICE", "auto, cpu or cuda[:N]: where models and batches live (default auto)"),
  THREADS("--threads", "N", "threads that compute (default: one per core)"),
  SEED("--seed", "N", "start of every random stream (default 0)"),
  RUN_DIR("--run-dir", "DIR", "where relative paths of checkpoints(..) and csvLog(..) begin"),
  PLAIN("--plain", null, "one line per epoch instead of a live bar"),
  QUIET("--quiet", null, "no progress at all"),
  STACKTRACE("--stacktrace", null, "add Java's stack trace to errors"),
  HELP("--help", null, "the script's own params, then leave"),
}

/** `batchSize` to `batch-size`. */
internal fun kebab(name: String): String = buildString {
  for ((i, c) in name.withIndex()) {
    if (c.isUpperCase() && i > 0 && !name[i - 1].isUpperCase()) append('-')
    append(c.lowercaseChar())
  }
}

/** The one of [options] that [word] was probably meant to be, or null. */
internal fun nearest(word: String, options: Collection<String>): String? =
  options.map { it to distance(word, it) }
    .filter { (option, edits) -> edits <= maxOf(1, minOf(word.length, option.length) / 3) }
    .minByOrNull { it.second }?.first

/** Edits (insert, delete, replace, swap of neighbours) from [a] to [b]. */
private fun distance(a: String, b: String): Int {
  val rows = Array(a.length + 1) { IntArray(b.length + 1) }
  for (i in 0..a.length) rows[i][0] = i
  for (j in 0..b.length) rows[0][j] = j
  for (i in 1..a.length) for (j in 1..b.length) {
    val same = if (a[i - 1] == b[j - 1]) 0 else 1
    rows[i][j] = minOf(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same)
    if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
      rows[i][j] = minOf(rows[i][j], rows[i - 2][j - 2] + 1)
    }
  }
  return rows[a.length][b.length]
}

package io.ktrain.script

import java.io.File
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption
import kotlin.io.path.isDirectory
import kotlin.io.path.isRegularFile
import kotlin.io.path.readText

/**
 * Compiled scripts on disk, one jar a script, in [folder]. An entry serves only if all it was made from is as it was:
 * the texts of the script and of its imports, the jars it depends on, the class path, the compiler's options, and the
 * versions of ktrain (by its jars on the class path), Kotlin and the JDK. Anything else is compiled anew and replaces
 * the entry in one rename, so that concurrent runs never see half of one.
 */
internal class ScriptCache(private val folder: Path = defaultFolder()) {
  /** Null: not there, or not what would be compiled now. */
  fun find(source: Path): CompiledScript? {
    val file = fileOf(source)
    if (!file.isRegularFile()) return null
    try {
      val entry = ScriptEntry.read(file)
      val script = entry.script ?: return null
      val asItWas = entry.identity == identity && script.sources.keys.first() == source &&
        script.sources.all { (path, text) -> path.isRegularFile() && path.readText() == text } &&
        entry.libraries.all { (path, stamp) -> stamp(path) == stamp }
      return script.takeIf { asItWas }
    } catch (_: IOException) {
      return null // a broken entry is no entry; it is written anew
    }
  }

  /** @throws IOException when the folder cannot be written */
  fun store(script: CompiledScript) {
    Files.createDirectories(folder)
    val file = fileOf(script.sources.keys.first())
    val part = Files.createTempFile(folder, file.fileName.toString(), ".part")
    try {
      ScriptEntry(identity, script, script.libraries.associateWith(::stamp)).write(part)
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING)
    } finally {
      Files.deleteIfExists(part)
    }
  }

  private fun fileOf(source: Path): Path = folder.resolve("${source.fileName}-${hex(hash("$source\n$identity"))}.jar")

  companion object {
    /** `scripts` in `KTRAIN_CACHE`, else in `ktrain` in `XDG_CACHE_HOME`, else in `~/.cache/ktrain`. */
    fun defaultFolder(environment: Map<String, String> = System.getenv()): Path {
      fun folder(name: String) = environment[name]?.takeIf { it.isNotEmpty() }?.let(Path::of)
      val ktrain = folder("KTRAIN_CACHE")
        ?: (folder("XDG_CACHE_HOME") ?: Path.of(System.getProperty("user.home"), ".cache")).resolve("ktrain")
      return ktrain.resolve("scripts").toAbsolutePath()
    }

    /** Everything but the texts that decides what the compiler makes of a script. */
    private val identity: String by lazy(LazyThreadSafetyMode.PUBLICATION) {
      val classPath = System.getProperty("java.class.path").split(File.pathSeparator).filter { it.isNotEmpty() }
      buildString {
        append("entry 1\nkotlin ").append(KotlinVersion.CURRENT).append("\njdk ").append(Runtime.version())
        append("\noptions ").append(scriptCompilerOptions.joinToString(" "))
        classPath.forEach { append('\n').append(stamp(Path.of(it))).append(' ').append(it) }
      }
    }

    /** A file by size and time; a folder by those of every file in it; `-` for nothing. */
    private fun stamp(path: Path): String {
      val file = path.toFile()
      if (!path.isDirectory()) return if (file.exists()) "${file.length()}:${file.lastModified()}" else "-"
      val files = file.walk().filter { it.isFile }.map { "$it:${it.length()}:${it.lastModified()}" }.sorted()
      return hex(hash(files.joinToString("\n")))
    }

    /** FNV-1a. A chance collision costs one compile, since the entry itself is compared in full. */
    private fun hash(text: String): Long =
      text.fold(-0x340d631b7bdddcdbL) { hash, c -> (hash xor c.code.toLong()) * 0x100000001b3L }

    private fun hex(value: Long): String = value.toULong().toString(16).padStart(16, '0')
  }
}

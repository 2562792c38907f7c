package io.ktrain.data

import io.ktrain.tensor.FormatError
import io.ktrain.tensor.KtrainException
import java.io.IOException
import java.io.InputStream
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption
import java.security.MessageDigest
import java.time.Duration
import java.util.HexFormat
import java.util.zip.GZIPInputStream
import kotlin.random.Random

/**
 * Fetches `url` to [file] and holds the SHA-256 of its unpacked content against [sha256]: mirrors pack the same content
 * differently. Until all is right the file does not exist under its name.
 */
internal fun download(url: String, file: Path, sha256: String) {
  // A name of its own: several threads or processes may fetch the same file.
  val part = file.resolveSibling("${file.fileName}.${Random.nextLong(Long.MAX_VALUE).toString(36)}.part")
  try {
    Files.createDirectories(file.toAbsolutePath().parent)
    fetch(url, part, Progress(file.fileName.toString()))
    val seen = Files.newInputStream(part).use { contentHash(it) }
    if (seen != sha256) {
      throw FormatError(
        "download: $url has the content SHA-256 $seen; expected $sha256. " +
          "Fix: try again, or another mirror (url = ...).",
      )
    }
    Files.move(part, file, StandardCopyOption.REPLACE_EXISTING)
  } catch (e: IOException) {
    val folder = file.toAbsolutePath().parent
    throw KtrainException(
      "download: $url could not be fetched: $e. " +
        "Fix: look at the network, or put ${file.fileName} into $folder yourself.",
      e,
    )
  } finally {
    Files.deleteIfExists(part)
  }
}

private fun fetch(url: String, to: Path, progress: Progress) {
  val client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL)
  client.connectTimeout(Duration.ofSeconds(20)).build().use {
    val request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(60)).build()
    val response = it.send(request, BodyHandlers.ofInputStream())
    response.body().use { body ->
      if (response.statusCode() != 200) throw IOException("the server answered ${response.statusCode()}")
      val expected = response.headers().firstValueAsLong("content-length").orElse(-1)
      val got = Files.newOutputStream(to).use { out ->
        val buffer = ByteArray(1 shl 16)
        generateSequence { body.read(buffer).takeIf { n -> n >= 0 } }.fold(0L) { sum, n ->
          out.write(buffer, 0, n)
          (sum + n).also { done -> progress.at(done, expected) }
        }
      }
      progress.end(got)
    }
  }
}

private fun contentHash(packed: InputStream): String {
  val digest = MessageDigest.getInstance("SHA-256")
  val buffer = ByteArray(1 shl 16)
  GZIPInputStream(packed).use { input ->
    while (true) {
      val n = input.read(buffer)
      if (n < 0) break
      digest.update(buffer, 0, n)
    }
  }
  return HexFormat.of().formatHex(digest.digest())
}

/** On a terminal a figure that moves, elsewhere one line when the file is there. */
private class Progress(private val name: String) {
  private val live = System.console()?.isTerminal == true
  private var shown = -1L

  fun at(bytes: Long, of: Long) {
    if (!live || bytes shr 18 == shown) return
    shown = bytes shr 18
    System.err.print("\r$name: ${megabytes(bytes)}${if (of > 0) " of ${megabytes(of)}" else ""} MB ")
  }

  fun end(bytes: Long) {
    System.err.println("${if (live) "\r" else ""}$name: ${megabytes(bytes)} MB fetched")
  }

  private fun megabytes(bytes: Long) = "%.1f".format(java.util.Locale.ROOT, bytes / 1e6)
}

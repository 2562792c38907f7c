package io.ktrain.data

import com.sun.net.httpserver.HttpServer
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.tensor.Check
import io.ktrain.tensor.FormatError
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Tensor
import java.net.InetAddress
import java.net.InetSocketAddress
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.ConcurrentLinkedQueue

class MnistSpec : FunSpec({
  fun folder(train: Int = 50, test: Int = 20): Path = tempdir().toPath().also { writeMnist(it, train, test) }

  /** Serves the files of a folder on loopback while [body] runs; gives it the address and the paths that were asked for. */
  fun served(dir: Path, body: (String, Collection<String>) -> Unit) {
    val asked = ConcurrentLinkedQueue<String>()
    val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
    server.createContext("/") { exchange ->
      asked.add(exchange.requestURI.path)
      val file = dir.resolve(exchange.requestURI.path.substringAfterLast('/'))
      val bytes = if (Files.exists(file)) Files.readAllBytes(file) else null
      exchange.sendResponseHeaders(if (bytes == null) 404 else 200, bytes?.size?.toLong() ?: -1)
      exchange.responseBody.use { if (bytes != null) it.write(bytes) }
    }
    server.start()
    try {
      body("http://localhost:${server.address.port}/set/", asked)
    } finally {
      server.stop(0)
    }
  }

  test("pictures are f32 in 0..1 as [1,28,28], from plain files and gzip alike") {
    val images = mnist(folder().toString())
    images.train.size shouldBe 50
    images.test.size shouldBe 20
    for (part in listOf(images.train, images.test)) {
      val (x, y) = part[13]
      x.describe() shouldBe "f32[1,28,28]"
      x.toFloatArray().toList() shouldBe List(784) { pixel(13, it) / 255f }
      y shouldBe 3
    }
  }

  test("a batch made at once is bit-equal to one made of samples") {
    val dir = folder().toString()
    val table = mnist(dir, transform = normalize(0.1307, 0.3081)).train
    val single = mnist(dir, transform = { (it.sub(0.1307)).div(0.3081) }).train
    val channels = mnist(dir, transform = normalize(listOf(0.1307), listOf(0.3081))).train
    val batches = listOf(table, single, channels, table.split(50)[0].split(50)[0]).map { d ->
      val picked = d.batches(7, sampler = listOf(3, 44, 3, 0, 49, 12, 7)).single()
      picked.x.describe() shouldBe "f32[7,1,28,28]"
      picked.x.toFloatArray().toList() to values(picked.y)
    }
    batches[1] shouldBe batches[0]
    batches[2].second shouldBe batches[0].second
    batches[2].first.zip(batches[0].first).all { (a, b) -> Math.abs(a - b) < 1e-6 } shouldBe true
    batches[0].second shouldBe listOf(3, 4, 3, 0, 9, 2, 7)
  }

  test("a split of a split keeps pictures and labels together") {
    val (a) = mnist(folder().toString()).train.split(30, 20)
    val (b) = a.split(10)
    val (x, y) = b.batches(10).single()
    List(10) { b[it] }.forEachIndexed { i, e ->
      values(y)[i] shouldBe e.y
      x.select(0, i).toFloatArray().toList() shouldBe e.x.toFloatArray().toList()
    }
  }

  test("live bytes are the same after every step, with our transforms of any kind") {
    val dir = folder().toString()
    val shift = object : Transform() {
      override fun invoke(x: Tensor): Tensor = x.add(Tensor.rand(1)).mul(2.0)
    }
    for (transform in listOf(normalize(0.1307, 0.3081), normalize(listOf(0.1307), listOf(0.3081)), shift)) {
      val train = mnist(dir, transform).train
      settle()
      val live = ArrayList<Long>()
      repeat(3) {
        for ((x, _) in train.batches(10, shuffle = true)) {
          step { x.sum() }
          live.add(liveBytes())
        }
      }
      withClue(live) { live.drop(1).toSet().size shouldBe 1 }
    }
  }

  test("missing files are listed, with what to do") {
    val dir = folder()
    Files.delete(dir.resolve("t10k-labels-idx1-ubyte"))
    val e = shouldThrow<KtrainException> { mnistFiles(dir, "/nowhere", null) }
    e.message shouldContain "mnist: no t10k-labels-idx1-ubyte (plain or .gz) in $dir nor in /nowhere/mnist"
    e.message shouldContain "download = true"
    shouldThrow<KtrainException> { mnistFiles(dir, null, null) }.message shouldContain "KTRAIN_DATA is not set"
  }

  test("what dir lacks is taken from the data folder") {
    val root = tempdir().toPath()
    writeMnist(root.resolve("mnist"), 5, 5)
    mnistFiles(Path.of("no-such-folder"), root.toString(), null).values.map { it.parent }.toSet() shouldBe setOf(root.resolve("mnist"))
  }

  test("checking opens nothing, not even the folder, and applies the transform") {
    Check.run(Check()) {
      val images = mnist("no-such-folder", transform = normalize(0.1307, 0.3081))
      images.train.size shouldBe 60_000
      val (train, valid) = images.train.split(55_000, 5_000)
      train.batches(64, shuffle = true, workers = 4).map { it.x.describe() } shouldBe listOf("f32[64,1,28,28]", "f32[24,1,28,28]")
      valid.batches(1000).map { it.y.describe() } shouldBe listOf("i64[1000]")
      shouldThrow<io.ktrain.tensor.ShapeError> { mnist("none", transform = normalize(listOf(0.1, 0.2), listOf(1.0, 1.0))).train.batches(2).toList() }
    }
  }

  test("damaged files are refused, with what was expected and seen") {
    val bytes = ByteArray(3 * 784)
    val cases = mapOf(
      "wrong magic" to (idx(0x801, intArrayOf(3, 28, 28), bytes) to "0x00000801; expected 0x00000803"),
      "truncated" to (idx(0x803, intArrayOf(3, 28, 28), bytes.copyOf(1000)) to "3x28x28 elements, so 2352 bytes are expected after the header; the file has 1000"),
      "too long" to (idx(0x803, intArrayOf(3, 28, 28), bytes.copyOf(3000)) to "the file has 3000"),
      "no header" to (byteArrayOf(0, 0, 8) to "ends inside its header of 16 bytes"),
      "empty" to (ByteArray(0) to "ends inside its header"),
      "huge" to (idx(0x803, intArrayOf(Int.MAX_VALUE, Int.MAX_VALUE, 28), bytes) to "no array can hold"),
      "negative" to (idx(0x803, intArrayOf(-1, 28, 28), bytes) to "no array can hold"),
      "gzip cut off" to (gzip(idx(0x803, intArrayOf(3, 28, 28), ByteArray(3 * 784) { it.toByte() })).copyOf(200) to "it ends after"),
      "gzip short" to (gzip(idx(0x803, intArrayOf(3, 28, 28), bytes.copyOf(1000))) to "it ends after 1000"),
      "gzip long" to (gzip(idx(0x803, intArrayOf(3, 28, 28), bytes.copyOf(3000))) to "it goes on"),
      "gzip that promises too much" to (gzip(idx(0x803, intArrayOf(1_000_000, 28, 28), bytes)) to "compressed"),
      "gzip damaged" to (gzip(idx(0x803, intArrayOf(3, 28, 28), bytes)).also { it[12] = 0x7F } to "idx"),
    )
    for ((name, case) in cases) {
      val file = tempdir().toPath().resolve("some-idx3-ubyte")
      Files.write(file, case.first)
      val e = shouldThrow<FormatError> { readIdx(file, 3) }
      e.message shouldContain case.second
      e.message shouldContain file.toString()
      check(e.message!!.isNotEmpty()) { name }
    }
    val dir = folder()
    Files.write(dir.resolve("train-labels-idx1-ubyte.gz"), idx(0x801, intArrayOf(3), ByteArray(3)))
    shouldThrow<FormatError> { mnist(dir.toString()).train.batches(4).size }.message shouldContain "50 pictures"
  }

  test("a download is checked, and leaves nothing behind where it is wrong") {
    served(folder()) { url, asked ->
      val target = tempdir().toPath().resolve("new")
      val e = shouldThrow<FormatError> { mnistFiles(target, null, url) }
      e.message shouldContain "SHA-256"
      e.message shouldContain "expected ba891046"
      Files.list(target).use { it.toList() }.shouldBeEmpty()
      asked.toList() shouldBe listOf("/set/train-images-idx3-ubyte.gz")
      shouldThrow<KtrainException> { download("${url}none.gz", target.resolve("none.gz"), "") }.message shouldContain "the server answered 404"
    }
    val nobody = shouldThrow<KtrainException> { download("http://localhost:1/x.gz", tempdir().toPath().resolve("x.gz"), "") }
    nobody.message shouldContain "could not be fetched"
  }

  test("a right download arrives under its name") {
    val content = "some content".toByteArray()
    val dir = tempdir().toPath()
    Files.write(dir.resolve("a.gz"), gzip(content))
    val sum = java.util.HexFormat.of().formatHex(java.security.MessageDigest.getInstance("SHA-256").digest(content))
    served(dir) { url, _ ->
      val target = tempdir().toPath().resolve("a.gz")
      download("${url}a.gz", target, sum)
      Files.readAllBytes(target).toList() shouldBe gzip(content).toList()
    }
  }

  test("nothing is fetched when everything is there") {
    val dir = folder()
    served(dir) { url, asked ->
      mnist(dir.toString(), download = true, url = url).test.size shouldBe 20
      asked.toList().shouldBeEmpty()
    }
  }

  test("the real files, fetched and read").config(enabledOrReasonIf = { needsRealData() }) {
    served(realData!!.resolve("mnist")) { url, asked ->
      val target = tempdir().toPath()
      val images = mnist(target.toString(), download = true, url = url)
      asked.size shouldBe 4
      images.train.size shouldBe 60_000
      images.test.size shouldBe 10_000
      images.train.batches(10).first().let { (x, y) ->
        values(y) shouldBe listOf(5, 0, 4, 1, 9, 2, 1, 3, 1, 4)
        x.describe() shouldBe "f32[10,1,28,28]"
      }
      val mean = images.test.batches(1000).sumOf { it.x.mean().item() } / 10
      (Math.abs(mean - 0.1325) < 0.0005) shouldBe true
    }
  }
})

package io.ktrain.script

import io.kotest.core.spec.style.FunSpec
import io.kotest.core.test.Enabled
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldNotContain
import io.kotest.matchers.string.shouldStartWith
import io.ktrain.tensor.Devices
import java.nio.file.Path
import kotlin.io.path.createDirectories
import kotlin.io.path.createSymbolicLinkPointingTo
import kotlin.io.path.exists
import kotlin.io.path.readLines
import kotlin.io.path.readText

/** The command line beside a GPU's driver: missing, refusing, and, by the stand-in, working. */
internal class CudaSpec : FunSpec({
  val bench = Workbench(this)
  val launched = Launched(bench)
  val standin = Path.of("../runtime/cuda/target/standin").toAbsolutePath().normalize()
  val build = ProcessBuilder("sh", "../runtime/cuda/src/test/standin/build.sh", "$standin").inheritIO().start()
  val hasStandin = build.waitFor() == 0 && standin.resolve("libcuda.so.1").exists()

  fun ktrain(
    line: String, vararg environment: Pair<String, String>, flags: List<String> = emptyList(),
  ): Launched.Ended {
    val usual = mapOf(
      "KTRAIN_CUDA_LIBRARIES" to "$standin",
      "XDG_CACHE_HOME" to "$standin/cache", // compiled kernels, also for the next build
    )
    return launched.ktrain(*line.split(' ').toTypedArray(), flags = flags, environment = usual + environment)
  }

  fun where(has: Boolean, what: String) =
    if (has) Enabled.enabled else Enabled.disabled(what).also { println("SKIPPED: $what") }
  fun withStandin() = where(hasStandin, "no g++ to build the stand-in driver with, so no run on CUDA is tried")

  beforeSpec {
    bench.compiled("adds.kts", "println(\"\$device \" + (ones(2) + 1).toFloatArray().sum())")
  }

  test("no driver: one line says so, the CPU runs, and nothing of JCuda is loaded").config(
    enabledOrReasonIf = {
      val found = Devices.whyNoGpu()?.contains("not found") != true
      where(!found, "this machine has a driver of NVIDIA's, so life without one is not tried")
    },
  ) {
    val nowhere = "KTRAIN_CUDA_LIBRARIES" to "${bench.folder}"
    val log = bench.folder.resolve("classes.log")
    val line = "ktrain: on the CPU: there is no NVIDIA driver: libcuda.so.1 was not found\n"
    "${ktrain("run adds.kts", nowhere, flags = listOf("-Xlog:class+load:file=$log"))}" shouldBe "0 cpu 4.0\n$line"
    log.readLines().filter { " jcuda." in it || "JCuda" in it }.shouldBeEmpty()
    "${ktrain("run adds.kts --device cuda", nowhere)}" shouldBe
      "2 error: device: there is no cuda:0: there is no NVIDIA driver: libcuda.so.1 was not found. Fix: --device cpu.\n"
  }
  test("who asked for the CPU, for quiet or only for shapes is told nothing of a GPU") {
    val off = "KTRAIN_CUDA" to "off"
    "${ktrain("run adds.kts", off)}" shouldBe "0 cpu 4.0\nktrain: on the CPU: KTRAIN_CUDA=off\n"
    "${ktrain("run adds.kts --device cpu", off)}" shouldBe "0 cpu 4.0\n"
    "${ktrain("run adds.kts --quiet", off)}" shouldBe "0 cpu 4.0\n"
    ktrain("check adds.kts", off).err shouldBe ""
  }
  listOf(
    100 to "CUDA_ERROR_NO_DEVICE", 999 to "CUDA_ERROR_UNKNOWN",
    803 to "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", 804 to "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE",
  ).forEach { (code, name) ->
    test("a driver whose cuInit gives $name: one line and the CPU, or exit 2").config(
      enabledOrReasonIf = { withStandin() },
    ) {
      val failing = "STANDIN_INIT" to "$code"
      ktrain("run adds.kts", failing).run {
        "${this.code} $out" shouldBe "0 cpu 4.0\n"
        err shouldStartWith "ktrain: on the CPU: the NVIDIA driver does not start: cuInit gives $name ($code): "
        err.lines().size shouldBe 2
      }
      ktrain("run adds.kts --device cuda:0", failing).run {
        this.code shouldBe 2
        err shouldStartWith "error: device: there is no cuda:0: the NVIDIA driver does not start: cuInit gives $name"
      }
    }
  }
  test("a driver that is too old, finds no device, has no compiler, or is no library").config(
    enabledOrReasonIf = { withStandin() },
  ) {
    ktrain("run adds.kts", "STANDIN_VERSION" to "11080").err shouldBe
      "ktrain: on the CPU: the NVIDIA driver is too old: it serves CUDA 11.8, ktrain needs 12.0\n"
    ktrain("run adds.kts", "STANDIN_DEVICES" to "0").err shouldBe
      "ktrain: on the CPU: the NVIDIA driver finds no device. Is CUDA_VISIBLE_DEVICES empty?\n"
    val alone = bench.folder.resolve("alone").createDirectories()
    alone.resolve("libcuda.so.1").createSymbolicLinkPointingTo(standin.resolve("libcuda.so.1"))
    val system = listOf("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/local/cuda/lib64").map(Path::of)
    if (system.none { folder -> listOf(12, 13).any { folder.resolve("libnvrtc.so.$it").exists() } }) {
      ktrain("run adds.kts", "KTRAIN_CUDA_LIBRARIES" to "$alone", "LD_LIBRARY_PATH" to "").run {
        "$code $out" shouldBe "0 cpu 4.0\n"
        err shouldStartWith "ktrain: on the CPU: there is a driver, but no NVRTC to compile kernels with: "
      }
    }
    val folder = bench.folder.resolve("text").createDirectories()
    folder.resolve("libcuda.so.1").createSymbolicLinkPointingTo(Path.of("/dev/null"))
    ktrain("run adds.kts", "KTRAIN_CUDA_LIBRARIES" to "$folder").run {
      "$code $out" shouldBe "0 cpu 4.0\n"
      // The JVM, too, has something to say of such a file.
      err shouldContain "ktrain: on the CPU: the NVIDIA driver $folder/libcuda.so.1 could not be loaded: "
    }
  }
  test("a device that is not there is refused with those that are").config(enabledOrReasonIf = { withStandin() }) {
    "${ktrain("run adds.kts --device cuda:7")}" shouldBe
      "2 error: device: there is no cuda:7; this machine has cuda:0.\n"
    "${ktrain("run adds.kts --device cuda:2", "STANDIN_DEVICES" to "2")}" shouldBe
      "2 error: device: there is no cuda:2; this machine has cuda:0 to cuda:1.\n"
  }
  test("doctor names driver, devices and libraries").config(enabledOrReasonIf = { withStandin() }) {
    ktrain("doctor", "STANDIN_DEVICES" to "2").run {
      code shouldBe 0
      val lines = out.lines().map { it.trim().removePrefix("devices").trim() }
      lines shouldContain "cuda: driver for CUDA 13.0, 2 devices"
      lines shouldContain "cuda:1: stand-in, sm_90, 4 multiprocessors, 1024 MiB"
      lines shouldContain "driver: $standin/libcuda.so.1"
      lines shouldContain "NVRTC 13.0 ($standin/libnvrtc.so.13)"
      out shouldContain "--device auto is cuda:0"
    }
  }
  test("doctor --ops: how each operation runs on each backend, without a hole") {
    ktrain("doctor --ops").run {
      out.lines().first() shouldContain Regex("op +kind +cpu +cuda +cpu native +gradient +second +autocast +dtypes")
      out shouldContain Regex("sigmoid +expression +expression +expression +plain")
      out shouldContain Regex("solve +kernel +kernel +host")
      "$code $err" shouldBe "0 "
    }
  }
  test("with a GPU, auto is the GPU and says nothing").config(enabledOrReasonIf = { withStandin() }) {
    "${ktrain("run adds.kts")}" shouldBe "0 cuda:0 4.0\n"
    "${ktrain("run adds.kts --device cuda:1", "STANDIN_DEVICES" to "2")}" shouldBe "0 cuda:1 4.0\n"
  }
  test("pinMemory without a GPU says so, once") {
    val text = "repeat(2) { for (x in dataset(List(4) { it }) { it }.batches(2, pinMemory = true)) println(x) }"
    bench.compiled("pins-nothing.kts", text)
    ktrain("run pins-nothing.kts --device cpu", "KTRAIN_CUDA" to "off").err shouldBe
      "ktrain: pinMemory has no effect: KTRAIN_CUDA=off\n"
  }
  test("a label out of range that nothing reads is told at the end").config(enabledOrReasonIf = { withStandin() }) {
    bench.compiled("label.kts", "crossEntropy(rand(2, 3), tensor(listOf(0, 9)).to(i64))\nprintln(\"done\")")
    ktrain("run label.kts --device cuda").run {
      "$code $out" shouldBe "1 done\n"
      err shouldContain "crossEntropy: label 9 at index 1 is out of range for the 3 classes of f32[2,3]. Fix: "
    }
  }
  test("the xor example learns on CUDA").config(enabledOrReasonIf = { withStandin() }) {
    bench.compiled("xor.ktrain.kts", Path.of("../examples/xor.ktrain.kts").readText())
    ktrain("run xor.ktrain.kts --steps 200 --device cuda").run {
      "$code $err" shouldBe "0 "
      Regex("step 200  loss ([0-9.]+)").find(out)!!.groupValues[1].toDouble().let { (it < 0.01) shouldBe true }
      out shouldContain "device='cuda:0'"
    }
  }
  test("a model saved on CUDA goes on on the CPU, and back").config(enabledOrReasonIf = { withStandin() }) {
    val text = $$"""
      val file by param(Path("model.safetensors"))
      val more by param(false)
      val model = sequential { linear(4, 8); batchNorm1d(8); relu(); linear(8, 3) }
      if (more) model.load(file)
      val data = dataset(List(24) { it }) { i -> Example(tensor(List(4) { (i * (it + 3) % 7) / 7.0 }), i % 3) }
      fit(model, 2, train = data.batches(8), optimizer = Sgd(model.parameters(), lr = 0.05)) {
        step { (x, y) -> crossEntropy(model(x), y) }
      }
      model.save(file)
      println("on ${model.parameters().first().device}")
    """
    bench.compiled("trains.kts", text)
    fun losses(vararg devices: String): List<Double> {
      val file = bench.folder.resolve("of-${devices.joinToString("-")}.safetensors")
      return devices.withIndex().flatMap { (i, device) ->
        val ended = ktrain("run trains.kts --device $device --file $file --more=${i > 0}")
        "${ended.code} ${ended.err}" shouldBe "0 "
        ended.out.lines().last { it.isNotEmpty() } shouldBe "on ${if (device == "cuda") "cuda:0" else device}"
        Regex("Loss: ([0-9.]+)").findAll(ended.out).map { it.groupValues[1].toDouble() }.toList()
      }
    }
    val expected = losses("cpu", "cpu", "cpu")
    expected.size shouldBe 6
    for ((a, b) in losses("cuda", "cpu", "cuda") zip expected) (kotlin.math.abs(a - b) < 2e-5) shouldBe true
    for ((a, b) in losses("cpu", "cuda", "cpu") zip expected) (kotlin.math.abs(a - b) < 2e-5) shouldBe true
  }
  test("a loss that diverges on CUDA is told with its own step, though it is read later").config(
    enabledOrReasonIf = { withStandin() },
  ) {
    val text = $$"""
      val model = sequential { linear(1, 1) }
      val data = dataset(List(20) { it }) { i -> Example(tensor(listOf(i / 20.0)), tensor(listOf(1.0))) }
      fit(model, 1, train = data.batches(2), optimizer = Sgd(model.parameters(), lr = 0.1)) {
        step { (x, y) ->
          println("step ${index + 1}")
          val loss = (model(x) - y).square().mean()
          log("same", loss)
          if (index == 2) loss * Double.NaN else loss
        }
      }
    """
    bench.compiled("diverges.kts", text)
    ktrain("run diverges.kts --device cuda").run {
      code shouldBe 1
      err shouldContain "fit: the loss is NaN at step 3 of epoch 1"
      out shouldContain "step 10"
    }
    ktrain("run diverges.kts --device cpu").run {
      err shouldContain "fit: the loss is NaN at step 3 of epoch 1"
      out shouldNotContain "step 4"
    }
  }
  test("batches in page-locked memory: the same values, and no memory left behind").config(
    enabledOrReasonIf = { withStandin() },
  ) {
    val text = $$"""
      import io.ktrain.backend.Backends
      import io.ktrain.tensor.Device
      import io.ktrain.tensor.Devices

      val pin by param(true)
      val data = dataset(List(40) { it }, fresh = true) { i -> Example(tensor(List(3) { (i * 3 + it).toDouble() }), i) }
      repeat(3) { epoch ->
        var sum = 0.0
        for ((x, y) in data.batches(8, workers = 2, pinMemory = pin)) step {
          sum += x.to(device).toFloatArray().sum() + y.to(device).toLongArray().sum()
        }
        val live = listOf(device, Device.of("cpu")).map(Devices::liveBytes) + Backends.named("cuda").pinned().live()
        println("$epoch: $sum $live")
      }
    """
    bench.compiled("pins.kts", text)
    fun lines(pin: Boolean) = ktrain("run pins.kts --device cuda --pin=$pin").run {
      "$code $err" shouldBe "0 "
      out.trim().lines().map { it.substringAfter(": ") }
    }
    val lines = lines(pin = true)
    lines.toSet() shouldBe setOf("${(0 until 120).sum() + (0 until 40).sum()}.0 [0, 0, 0]")
    lines(pin = false).toSet() shouldBe lines.toSet()
  }
})

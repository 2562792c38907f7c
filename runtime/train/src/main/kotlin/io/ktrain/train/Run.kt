package io.ktrain.train

import io.ktrain.random.Generator
import io.ktrain.tensor.Context
import io.ktrain.tensor.Device
import io.ktrain.tensor.Devices
import io.ktrain.tensor.KtrainException
import java.io.PrintStream
import java.nio.file.Path

/**
 * What surrounds a training run: where it computes, from what seed, and how loud it is. The command line makes one of
 * its flags; a service makes its own and runs scripts or code [with] it. Without any, code runs on the CPU and `fit` prints
 * one line an epoch to `System.out`.
 *
 * @param device where models and new tensors belong
 * @param seed what all random numbers of the run begin from
 * @param threads how many threads CPU kernels use at most; never changes what they compute
 * @param directory what relative paths of checkpoints and logs count from; null: the working folder
 * @param output how `fit` reports
 * @param out where it reports to
 * @param width columns of the terminal, asked for before each line of the live bar
 */
public class Run(
  public val device: Device,
  public val seed: Long,
  public val threads: Int,
  public val directory: Path?,
  public val output: Output,
  public val out: PrintStream,
  public val width: () -> Int,
) {
  /** How `fit` reports: a live bar and epoch lines, epoch lines alone, or not at all. */
  public enum class Output { LIVE, PLAIN, QUIET }

  @Volatile private var stop = false
  @Volatile private var fitting = 0

  /** Asks `fit` to save and stop at the end of its batch; from any thread. */
  public fun requestStop() {
    stop = true
  }

  /** Whether somebody asked to stop; a loop of your own may look at it too. */
  public val stopRequested: Boolean get() = stop

  /** Whether a `fit` is under way, which will see a request to stop. */
  public val isFitting: Boolean get() = fitting > 0

  /** [path], counted from [directory] if it is relative. */
  internal fun resolve(path: Path): Path = directory?.resolve(path) ?: path

  internal fun <T> fitting(body: () -> T): T {
    fitting++
    try {
      return bound(this, body)
    } finally {
      fitting--
    }
  }

  public companion object {
    private val bound = ThreadLocal<Run>()

    /** The run this thread is part of. */
    public fun current(): Run = bound.get()
      ?: Run(Device.CPU, 0, Devices.threads(), null, Output.PLAIN, System.out) { 80 }

    /**
     * Runs [body] as part of [run]: new tensors are made on its device, random numbers start from its seed, kernels use
     * its threads. What was there before is put back. What a device finds wrong late is thrown here at the latest.
     */
    public fun <T> with(run: Run, body: () -> T): T {
      val threads = Devices.threads()
      val context = Context.current().fork(Generator(run.seed))
      context.setDevice(run.device)
      Devices.setThreads(run.threads)
      try {
        return context.run { bound(run, body).also { Devices.synchronize() } }
      } finally {
        Devices.setThreads(threads)
      }
    }

    private fun <T> bound(run: Run, body: () -> T): T {
      val before = bound.get()
      bound.set(run)
      try {
        return body()
      } finally {
        if (before == null) bound.remove() else bound.set(before)
      }
    }
  }
}

/**
 * `fit` was asked to stop and did.
 *
 * @param saved the files that hold the models, the best first
 */
public class Interrupted(message: String, public val saved: List<Path>) : KtrainException(message)

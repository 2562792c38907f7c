package io.ktrain.bench;

import io.ktrain.memory.Scope;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Devices;
import io.ktrain.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * One workload in a process of its own: {@code Workload W1 [--threads 2] [--blocks 15] [--secs 0.3] [--warm 6]
 * [--device cuda] [--dtype bf16]}. Prints one line of name=value pairs. The same fixed batch every step: zero gradients,
 * forward, loss, backward, optimizer. The warm-up is long because the JIT compiler shares the cores with the kernels it
 * compiles. A device that computes beside the host is waited for at the end of each block.
 */
public final class Workload {
  private Workload() {}

  public static void main(String[] args) throws IOException {
    var a = new Arguments(args).only("--threads", "--device", "--dtype", "--blocks", "--secs", "--warm");
    String name = a.first();
    Devices.setThreads(a.count("--threads", 2));
    Device device = Devices.named(a.text("--device", "cpu"));
    Context.current().setDevice(device);
    Context.current().generator().seed(0);
    if (name.equals("W9")) latency(a);
    else train(name, a);
  }

  private static void train(String name, Arguments a) throws IOException {
    Training t = Training.of(name, DType.valueOf(a.text("--dtype", "f32")));
    int blocks = a.count("--blocks", 15);
    double seconds = a.number("--secs", 0.3);
    long end = System.nanoTime() + (long) (a.number("--warm", 6) * 1e9), last = 0;
    for (int done = 0; System.nanoTime() < end || done < 3; done++) {
      long t0 = System.nanoTime();
      t.step();
      t.await();
      last = System.nanoTime() - t0;
    }
    int each = (int) Math.max(1, seconds * 1e9 / last);
    double[] ms = new double[blocks];
    for (int b = 0; b < blocks; b++) {
      long t0 = System.nanoTime();
      for (int i = 0; i < each; i++) t.step();
      t.await();
      ms[b] = (System.nanoTime() - t0) / 1e6 / each;
    }
    Arrays.sort(ms);
    double median = ms[blocks / 2];
    System.out.printf(Locale.ROOT, "%s ktrain %dthr samples/s=%.1f step_ms=%.4f min_ms=%.4f max_ms=%.4f rss_mb=%.0f mflop=%.2f%n", name, a.count("--threads", 2),
        t.x().size(0) / median * 1e3, median, ms[0], ms[blocks - 1], peakMegabytes(), t.flops() / 1e6);
  }

  private static void latency(Arguments a) throws IOException {
    Training t = Training.of("W9");
    t.model().setTraining(false);
    Tensor one = t.x().narrow(0, 0, 1).copy();
    double[] us = new double[10_000];
    Context.current().withGrad(false, () -> {
      for (int i = -5_000; i < us.length; i++) {
        long t0 = System.nanoTime();
        Context context = Context.current();
        Scope scope = context.open("the call");
        Tensor y = t.model().invoke(one);
        if (!one.getDevice().equals(Device.CPU)) y.toFloatArray(); // waits for the answer
        context.close(scope);
        if (i >= 0) us[i] = (System.nanoTime() - t0) / 1e3;
      }
      return null;
    });
    Arrays.sort(us);
    System.out.printf(Locale.ROOT, "W9 ktrain %dthr p50_us=%.1f p90_us=%.1f p99_us=%.1f rss_mb=%.0f mflop=%.2f%n", a.count("--threads", 1), us[5_000], us[9_000], us[9_900], peakMegabytes(),
        2 * (784 * 512 + 512 * 256 + 256 * 10) / 1e6);
  }

  /** The largest resident size this process had, from Linux's /proc; 0 elsewhere. */
  private static double peakMegabytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) return 0;
    for (String line : Files.readAllLines(status)) if (line.startsWith("VmHWM:")) return Double.parseDouble(line.replaceAll("\\D", "")) / 1024;
    return 0;
  }
}

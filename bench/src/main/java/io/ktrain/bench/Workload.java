package io.ktrain.bench;

import io.ktrain.memory.Scope;
import io.ktrain.nn.Activation;
import io.ktrain.nn.Conv2d;
import io.ktrain.nn.Flatten;
import io.ktrain.nn.Linear;
import io.ktrain.nn.MaxPool2d;
import io.ktrain.nn.Module;
import io.ktrain.nn.Sequential;
import io.ktrain.optim.Adam;
import io.ktrain.optim.Optimizer;
import io.ktrain.optim.Sgd;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.Devices;
import io.ktrain.tensor.Pool2dOptions;
import io.ktrain.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * One workload in a process of its own: {@code Workload W1 [--threads 2] [--blocks 15] [--secs 0.3] [--warm 6]}. Prints
 * one line of name=value pairs. The same fixed batch every step: zero gradients, forward, loss, backward, optimizer. The
 * warm-up is long because the JIT compiler shares the cores with the kernels it compiles.
 */
public final class Workload {
  private Workload() {}

  /** What is trained; {@code flops}: floating-point operations of one step's matrix products and convolutions. */
  private record Training(Module model, Tensor x, Tensor y, Optimizer optimizer, double flops) {}

  public static void main(String[] args) throws IOException {
    var a = new Arguments(args);
    String name = a.first();
    Devices.setThreads(a.count("--threads", 2));
    Context.current().generator().seed(0);
    if (name.equals("W9")) latency(a);
    else train(name, a);
  }

  private static Training make(String name) {
    return switch (name) {
      case "W1", "W9" -> {
        Module m = mlp(784, 512, 256, 10);
        yield new Training(m, Tensor.randn(64, 784), Tensor.randint(0, 10, 64), new Sgd(m.parameters(), 0.01, 0.9), 2.0 * 64 * (784 * 512 * 2 + (512 * 256 + 256 * 10) * 3));
      }
      case "W2" -> {
        Module m = new Sequential(new Conv2d(1, 32, 3), relu(), new Conv2d(32, 64, 3), relu(), new MaxPool2d(Pool2dOptions.of(2)), new Flatten(), new Linear(9216, 128), relu(), new Linear(128, 10));
        double conv1 = 26 * 26 * 32 * 9.0, conv2 = 24 * 24 * 64 * 32 * 9.0, dense = 9216 * 128 + 128 * 10.0;
        yield new Training(m, Tensor.randn(64, 1, 28, 28), Tensor.randint(0, 10, 64), new Adam(m.parameters(), 1e-3), 2 * 64 * (conv1 * 2 + (conv2 + dense) * 3));
      }
      case "W6" -> {
        Module m = mlp(4, 16, 3);
        yield new Training(m, Tensor.randn(16, 4), Tensor.randint(0, 3, 16), new Adam(m.parameters(), 1e-2), 2.0 * 16 * (4 * 16 * 2 + 16 * 3 * 3));
      }
      default -> throw new IllegalArgumentException("bench: no workload " + name + "; there are W1, W2, W6, W8 and W9.");
    };
  }

  private static Module mlp(int... sizes) {
    var layers = new java.util.ArrayList<Module>();
    for (int i = 0; i + 1 < sizes.length; i++) {
      layers.add(new Linear(sizes[i], sizes[i + 1]));
      if (i + 2 < sizes.length) layers.add(relu());
    }
    return new Sequential(layers);
  }

  private static Activation relu() {
    return new Activation("ReLU", "", Tensor::relu);
  }

  private static void step(Training t) {
    Context context = Context.current();
    Scope scope = context.open("the step");
    try {
      t.optimizer.zeroGrad();
      t.model.invoke(t.x).crossEntropy(t.y).backward();
      t.optimizer.step();
    } finally {
      context.close(scope);
    }
  }

  private static void train(String name, Arguments a) throws IOException {
    Training t = make(name);
    int blocks = a.count("--blocks", 15);
    double seconds = a.number("--secs", 0.3);
    long end = System.nanoTime() + (long) (a.number("--warm", 6) * 1e9), last = 0;
    for (int done = 0; System.nanoTime() < end || done < 3; done++) {
      long t0 = System.nanoTime();
      step(t);
      last = System.nanoTime() - t0;
    }
    int each = (int) Math.max(1, seconds * 1e9 / last);
    double[] ms = new double[blocks];
    for (int b = 0; b < blocks; b++) {
      long t0 = System.nanoTime();
      for (int i = 0; i < each; i++) step(t);
      ms[b] = (System.nanoTime() - t0) / 1e6 / each;
    }
    Arrays.sort(ms);
    double median = ms[blocks / 2];
    System.out.printf(Locale.ROOT, "%s ktrain %dthr samples/s=%.1f step_ms=%.4f min_ms=%.4f max_ms=%.4f rss_mb=%.0f mflop=%.2f%n", name, a.count("--threads", 2),
        t.x.size(0) / median * 1e3, median, ms[0], ms[blocks - 1], peakMegabytes(), t.flops / 1e6);
  }

  private static void latency(Arguments a) throws IOException {
    Training t = make("W9");
    t.model.setTraining(false);
    Tensor one = t.x.narrow(0, 0, 1).copy();
    double[] us = new double[10_000];
    Context.current().withGrad(false, () -> {
      for (int i = -5_000; i < us.length; i++) {
        long t0 = System.nanoTime();
        Context context = Context.current();
        Scope scope = context.open("the call");
        t.model.invoke(one);
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

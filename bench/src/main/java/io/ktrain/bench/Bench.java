package io.ktrain.bench;

import io.ktrain.tensor.Context;
import io.ktrain.tensor.Devices;
import io.ktrain.tensor.Tensor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs workloads, each round in fresh processes, ktrain and its peer in turn, and prints medians. */
public final class Bench {
  private static final String USAGE = """
      Usage: ktrain bench [<workload>]... [<options>]

        Time workloads in fresh processes, ktrain and a peer in turn, and print medians. All workloads unless some are named.

      Workloads:
        W1  MLP 784-512-256-10, batch 64, SGD with momentum     W6  MLP 4-16-3, batch 16, Adam
        W2  CNN of two convolutions, batch 64, Adam             W8  a whole process: ten steps of W6
        W4  LSTM over characters, Adam                          W9  inference of W1, one sample
        W5  GPT of four layers, AdamW

      Options:
        --rounds 5      processes of each side
        --threads 2     threads of each (W8 and W9: one)
        --device cpu    cpu or cuda
        --peer COMMAND  takes a workload's name (tiny10 for W8) and --threads N, and prints a line with step_ms= or p50_us=,
                        and rss_mb=; else $KTRAIN_PEER, else none
      """;

  private static final Pattern PAIR = Pattern.compile("([a-z0-9_]+)=([-0-9.]+)");
  private static final List<String> ALL = List.of("W1", "W2", "W4", "W5", "W6", "W8", "W9");

  private final int rounds;
  private final int threads;
  private final String device;
  private final String peer;

  private Bench(Arguments a) {
    rounds = a.count("--rounds", 5);
    threads = a.count("--threads", 2);
    device = a.text("--device", "cpu");
    peer = a.text("--peer", System.getenv().getOrDefault("KTRAIN_PEER", ""));
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    if (List.of(args).contains("--help") || List.of(args).contains("-h")) {
      System.out.print(USAGE);
      return;
    }
    try {
      var a = new Arguments(args).only("--rounds", "--threads", "--device", "--peer");
      for (String w : a.words()) if (!ALL.contains(w)) throw new IllegalArgumentException("bench: no workload " + w + "; there are " + ALL + ".");
      new Bench(a).run(a.words().isEmpty() ? ALL : a.words());
    } catch (IllegalArgumentException e) {
      System.err.println("ktrain: error: " + e.getMessage());
      System.exit(2);
    }
  }

  private void run(List<String> names) throws IOException, InterruptedException {
    double peak = peakGflops();
    System.out.printf(Locale.ROOT, "matrix products reach %.0f GFLOP/s on %s; the floor is a step's products at that speed%n", peak, device.equals("cpu") ? threads + " threads" : device);
    if (peer.isEmpty()) System.out.println("no peer: give --peer COMMAND or KTRAIN_PEER to compare");
    System.out.printf("%-4s %-18s %10s %10s %10s %10s %8s %8s %7s%n", "", "figure", "ktrain", "min", "max", "peer", "ratio", "floor", "MB (peer)");
    for (String name : names) workload(name, peak);
  }

  private void workload(String name, double peak) throws IOException, InterruptedException {
    boolean latency = name.equals("W9"), start = name.equals("W8");
    String figure = latency ? "p50_us" : start ? "wall_ms" : "step_ms";
    String used = latency ? "1" : Integer.toString(threads);
    var ours = new ArrayList<Map<String, Double>>();
    var theirs = new ArrayList<Map<String, Double>>();
    List<String> command = start ? startCommand() : workloadCommand(name, used);
    if (start) measure(command); // compiles the script, once
    for (int r = 0; r < rounds; r++) {
      ours.add(measure(command));
      if (!peer.isEmpty()) theirs.add(measure(List.of("sh", "-c", peer + " " + (start ? "tiny10" : name) + " --threads " + used)));
    }
    double[] mine = column(ours, figure), other = column(theirs, figure);
    double[] ratios = new double[other.length];
    for (int r = 0; r < ratios.length; r++) ratios[r] = ours.get(r).get(figure) / theirs.get(r).get(figure);
    double floor = ours.getFirst().containsKey("mflop") ? ours.getFirst().get("mflop") / peak * (latency ? 2e3 : 1) : Double.NaN; // latency: us, and one thread
    System.out.printf(Locale.ROOT, "%-4s %-18s %10.3f %10.3f %10.3f %10s %8s %8s %s%n", name, figure, median(mine), min(mine), max(mine), other.length == 0 ? "-" : "%.3f".formatted(median(other)),
        ratios.length == 0 ? "-" : "%.2f".formatted(median(ratios)), Double.isNaN(floor) ? "-" : "%.3f".formatted(floor),
        memory(ours) + (theirs.isEmpty() ? "" : " (" + memory(theirs) + ")"));
  }

  private static String memory(List<Map<String, Double>> runs) {
    double[] mb = column(runs, "rss_mb");
    return mb.length == 0 ? "-" : "%.0f".formatted(median(mb));
  }

  /** A workload in a JVM like this one. */
  private List<String> workloadCommand(String name, String threads) {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) if (!flag.startsWith("-XX:AOT") && !flag.startsWith("-XX:SharedArchive")) command.add(flag);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Workload.class.getName(), name, "--threads", threads, "--device", device));
    return command;
  }

  /** The whole of {@code ktrain run}, from the checkout this was built in. */
  private List<String> startCommand() {
    for (Path p = Path.of(Bench.class.getProtectionDomain().getCodeSource().getLocation().getPath()); p != null; p = p.getParent())
      if (Files.isExecutable(p.resolve("ktrain")) && Files.exists(p.resolve("bench/tiny10.ktrain.kts")))
        return List.of(p.resolve("ktrain").toString(), "run", p.resolve("bench/tiny10.ktrain.kts").toString(), "--threads", "1", "--device", device);
    throw new IllegalArgumentException("bench: W8 runs the checkout's ktrain, and there is none around " + Bench.class.getSimpleName() + ".");
  }

  private static Map<String, Double> measure(List<String> command) throws IOException, InterruptedException {
    long t0 = System.nanoTime();
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(10, TimeUnit.MINUTES) || process.exitValue() != 0) throw new IllegalArgumentException("bench: " + String.join(" ", command) + " failed:\n" + text);
    var values = new LinkedHashMap<String, Double>();
    values.put("wall_ms", (System.nanoTime() - t0) / 1e6);
    for (Matcher m = PAIR.matcher(text); m.find(); ) values.put(m.group(1), Double.parseDouble(m.group(2)));
    return values;
  }

  private double peakGflops() {
    Devices.setThreads(threads);
    Context.current().setDevice(Devices.named(device));
    int n = device.equals("cpu") ? 1024 : 4096;
    Tensor a = Tensor.randn(n, n), b = Tensor.randn(n, n);
    double best = 0;
    for (int i = 0; i < 60; i++) {
      long t0 = System.nanoTime();
      a.mm(b).narrow(0, 0, 1).toFloatArray(); // waits for the device
      best = Math.max(best, 2.0 * n * n * n / (System.nanoTime() - t0));
    }
    return best;
  }

  private static double[] column(List<Map<String, Double>> runs, String name) {
    return runs.stream().filter(r -> r.containsKey(name)).mapToDouble(r -> r.get(name)).toArray();
  }

  private static double median(double[] v) {
    double[] s = v.clone();
    Arrays.sort(s);
    return s.length == 0 ? Double.NaN : s[s.length / 2];
  }

  private static double min(double[] v) {
    return Arrays.stream(v).min().orElse(Double.NaN);
  }

  private static double max(double[] v) {
    return Arrays.stream(v).max().orElse(Double.NaN);
  }
}

package io.ktrain.bench;

import io.ktrain.backend.Backends;
import io.ktrain.memory.Pool;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Devices;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Trains for 1,000 steps and requires that memory does not grow after 100: {@code Memory [--device cuda]}. */
public final class Memory {
  private Memory() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    Device device = Devices.named(new Arguments(args).text("--device", "cuda"));
    Context.current().setDevice(device);
    Training t = Training.of(Training.SMALL ? "W6" : "W2");
    Pool pool = Backends.of(device).pool(device);
    int first = Training.SMALL ? 20 : 100, last = first * 10;
    long live = 0, reserved = 0, used = 0;
    for (int step = 1; step <= last; step++) {
      t.step();
      if (step != first && step != last) continue;
      t.await();
      System.out.printf("after step %d: %d bytes live, %d reserved, %d MiB of the device in use%n", step, pool.live(),
          pool.reserved(), used());
      if (step == first) {
        live = pool.live();
        reserved = pool.reserved();
        used = used();
      }
    }
    same("memory.live", live, pool.live(), first, last, "bytes");
    same("memory.reserved", reserved, pool.reserved(), first, last, "bytes");
    if (used > 0) same("memory.device", used, used(), first, last, "MiB");
  }

  private static void same(String name, long before, long after, int first, int last, String unit) {
    String figure = after + " " + unit + " after step " + last;
    Report.check(name, figure, before + " after step " + first, after == before);
  }

  /** MiB of the device that all processes use, as nvidia-smi says it; 0 without one. */
  private static long used() throws IOException, InterruptedException {
    try {
      Process p = new ProcessBuilder("nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0")
          .start();
      String text = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return p.waitFor() == 0 ? Long.parseLong(text) : 0;
    } catch (IOException e) {
      return 0; // no such program here
    }
  }
}

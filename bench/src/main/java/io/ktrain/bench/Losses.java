package io.ktrain.bench;

import io.ktrain.tensor.Context;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Devices;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Trains the same weights on the same batches on the CPU and on a device, and compares the losses:
 * {@code Losses [--device cuda]}.
 */
public final class Losses {
  private static final double LIMIT = 1e-3;

  private Losses() {}

  public static void main(String[] args) {
    Device device = Devices.named(new Arguments(args).text("--device", "cuda"));
    int steps = Training.SMALL ? 5 : 50;
    compare("losses.mlp", "W1", steps, device);
    compare("losses.cnn", "W2", steps, device);
  }

  private static void compare(String name, String workload, int steps, Device device) {
    Context context = Context.current();
    context.generator().seed(0);
    Training here = Training.of(workload);
    context.setDevice(device);
    Training there = Training.of(workload);
    context.setDevice(Device.CPU);
    there.model().load(here.model().stateDict());
    Tensor x = here.x();
    List<Tensor> batches = Stream.generate(() -> Tensor.randn(x.getShape(), x.getDtype())).limit(10).toList();
    double worst = 0, last = 0;
    for (int s = 0; s < steps; s++) {
      Tensor batch = batches.get(s % batches.size());
      double expected = here.step(batch, here.y(), true);
      context.setDevice(device);
      double got = there.step(batch.to(device), here.y().to(device), true);
      context.setDevice(Device.CPU);
      last = Math.abs(got - expected) / Math.abs(expected);
      worst = Math.max(worst, last);
      System.out.printf(Locale.ROOT, "%s step %d: cpu %.7f, %s %.7f, relative difference %.2e%n", name, s + 1, expected,
          device, got, last);
    }
    Report.check(name, String.format(Locale.ROOT, "%.1e at step %d, %.1e at worst", last, steps, worst),
        LIMIT + " at the last step", last <= LIMIT);
  }
}

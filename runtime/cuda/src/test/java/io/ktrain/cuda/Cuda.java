package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ktrain.backend.Backend;
import io.ktrain.backend.Backends;
import io.ktrain.random.Generator;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Tensor;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assumptions;

/** What tests need that hold the CUDA backend against the CPU. */
final class Cuda {
  static final Device DEVICE = Device.of("cuda");

  private Cuda() {}

  /** Skips the test, aloud, where there is neither a GPU nor the stand-in driver. */
  static void require() {
    Backend cuda = Backends.named("cuda");
    if (!cuda.isUsable()) System.out.println("SKIPPED: nothing is run on CUDA, since " + cuda.status());
    Assumptions.assumeTrue(cuda.isUsable(), cuda.status());
  }

  /** Runs the body with tensors that are made on the device, and the same random numbers on every one. */
  static <T> T on(Device device, Supplier<T> body) {
    Context context = Context.current().fork(new Generator(5));
    context.setDevice(device);
    return context.run(body);
  }

  /** Holds what the body computes on CUDA against what it computes on the CPU. */
  static void same(String what, double tolerance, Supplier<Tensor> body) {
    Tensor expected = on(Device.CPU, body), got = on(DEVICE, body);
    assertEquals(expected.describe(), got.describe(), what);
    assertEquals(DEVICE, got.getDevice(), what);
    close(what, tolerance, expected, got);
  }

  static void close(String what, double tolerance, Tensor expected, Tensor got) {
    if (!expected.getDtype().isFloating()) assertArrayEquals(expected.toLongArray(), got.toLongArray(), what);
    else {
      double[] e = expected.toDoubleArray(), g = got.toDoubleArray();
      for (int i = 0; i < e.length; i++) {
        double scale = Math.abs(e[i]) > 1 ? Math.abs(e[i]) : 1;
        assertEquals(e[i], g[i], tolerance * scale, what + " at " + i);
      }
    }
  }
}

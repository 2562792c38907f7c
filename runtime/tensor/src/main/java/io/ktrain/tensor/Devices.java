package io.ktrain.tensor;

import io.ktrain.backend.Backend;
import io.ktrain.backend.Backends;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What this process computes with. */
public final class Devices {
  private Devices() {}

  /**
   * The device a name means in this process; {@code auto} is {@code cuda:0} if there is one, else {@code cpu}.
   *
   * @throws DeviceError when the name is none, or no backend of this process has it
   */
  public static Device named(String name) {
    if (name.equals("auto")) return whyNoGpu() == null ? Device.of("cuda:0") : Device.CPU;
    Device device = Device.of(name);
    Backends.of(device).pool(device);
    return device;
  }

  /** Why {@code auto} means the CPU here, as one clause; null where it means a GPU. */
  public static @Nullable String whyNoGpu() {
    Backend cuda = Backends.named("cuda");
    return cuda == null ? "the CUDA backend is not installed" : cuda.isUsable() ? null : cuda.status();
  }

  /** What there is to compute with: a line for each backend's state or why it cannot be used, then its details. */
  public static List<String> report() {
    var lines = new ArrayList<String>();
    for (Backend b : Backends.all()) {
      lines.add(b.type() + ": " + b.status());
      for (String detail : b.details()) lines.add("  " + detail);
    }
    return lines;
  }

  /** How many threads kernels on the CPU use at most, the calling one included. */
  public static int threads() {
    return Backends.of(Device.CPU).threads();
  }

  /** Takes effect from the next operation on. Changes how fast kernels are, never what they compute. */
  public static void setThreads(int count) {
    if (count < 1) throw new KtrainException("threads: expected at least 1, the calling thread, got " + count + ".");
    for (Backend backend : Backends.all()) backend.setThreads(count);
  }

  /**
   * Waits until all that was given to devices has run. As {@code torch.cuda.synchronize}.
   *
   * @throws KtrainException what a device found wrong with values since the last read: an index out of range, say
   */
  public static void synchronize() {
    for (Backend backend : Backends.all()) backend.synchronize();
  }

  /** Bytes that tensors on the device hold now, those included that nothing refers to but no collection has found. */
  public static long liveBytes(Device device) {
    return Backends.of(device).pool(device).live();
  }
}

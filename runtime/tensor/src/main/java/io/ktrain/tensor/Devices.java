package io.ktrain.tensor;

import io.ktrain.backend.Backend;
import io.ktrain.backend.Backends;

/** What this process computes with. */
public final class Devices {
  private Devices() {}

  /** How many threads kernels on the CPU use at most, the calling one included. */
  public static int threads() {
    return Backends.of(Device.CPU).threads();
  }

  /** Takes effect from the next operation on. Changes how fast kernels are, never what they compute. */
  public static void setThreads(int count) {
    if (count < 1) throw new KtrainException("threads: expected at least 1, the calling thread, got " + count + ".");
    for (Backend backend : Backends.all()) backend.setThreads(count);
  }

  /** Bytes that tensors on the device hold now, those included that nothing refers to but no collection has found. */
  public static long liveBytes(Device device) {
    return Backends.of(device).pool(device).live();
  }
}

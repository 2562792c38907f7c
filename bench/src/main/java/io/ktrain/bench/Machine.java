package io.ktrain.bench;

import io.ktrain.backend.Backends;
import io.ktrain.tensor.Devices;

/** Says what there is to compute with, and fails where that is no GPU. */
public final class Machine {
  private Machine() {}

  public static void main(String[] args) {
    String why = Devices.whyNoGpu();
    if (why != null) System.out.println(why);
    else Backends.named("cuda").details().forEach(System.out::println);
    System.exit(why == null ? 0 : 1);
  }
}

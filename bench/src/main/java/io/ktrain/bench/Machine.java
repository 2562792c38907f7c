package io.ktrain.bench;

import io.ktrain.tensor.Devices;

/** Says what there is to compute with, and fails where that is no GPU. */
public final class Machine {
  private Machine() {}

  public static void main(String[] args) {
    String why = Devices.whyNoGpu();
    if (why == null) Devices.report().forEach(System.out::println);
    else System.out.println(why);
    System.exit(why == null ? 0 : 1);
  }
}

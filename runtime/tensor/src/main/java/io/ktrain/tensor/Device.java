package io.ktrain.tensor;

import java.util.regex.Pattern;

/**
 * Where a tensor's storage lies and its kernels run: a kind of backend and a number. {@code cpu:1}, {@code cpu:2}, ...
 * are virtual devices with a memory pool of their own.
 */
public record Device(String type, int index) {
  public static final Device CPU = new Device("cpu", 0);
  private static final Pattern NAME = Pattern.compile("([a-z]+)(?::(\\d{1,4}))?");

  /** Reads {@code cpu}, {@code cpu:1}, {@code cuda:0}. */
  public static Device of(String name) {
    var m = NAME.matcher(name);
    if (!m.matches())
      throw new DeviceError("device: \"" + name + "\" is not a device. Fix: cpu, cpu:1, cuda or cuda:0.");
    return new Device(m.group(1), m.group(2) == null ? 0 : Integer.parseInt(m.group(2)));
  }

  @Override
  public String toString() {
    return type.equals("cpu") && index == 0 ? type : type + ":" + index;
  }
}

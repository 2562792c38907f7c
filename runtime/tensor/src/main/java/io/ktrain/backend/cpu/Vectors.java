package io.ktrain.backend.cpu;

/** Whether the vector kernels may be used. Asks before any class of theirs is touched. */
final class Vectors {
  private static final String STATUS = check();
  private static final boolean AVAILABLE = STATUS.equals("in use");

  private Vectors() {}

  static boolean available() {
    return AVAILABLE;
  }

  /** Whether kernels may use absolute addresses. */
  static boolean addresses() {
    return Vectors.class.getModule().isNativeAccessEnabled();
  }

  static String status() {
    return STATUS;
  }

  private static String check() {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) return "off: start Java with --add-modules jdk.incubator.vector";
    if (!addresses()) return "off: start Java with --enable-native-access=ALL-UNNAMED";
    return "in use";
  }
}

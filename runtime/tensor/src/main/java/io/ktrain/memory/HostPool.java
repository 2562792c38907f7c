package io.ktrain.memory;

import java.lang.foreign.Arena;
import java.util.Locale;

/** Off-heap memory of this process. */
public final class HostPool extends Pool {
  private final String asked = System.getenv("KTRAIN_MEMORY");
  private long limit;

  @Override
  protected Slab reserve(long bytes) {
    var arena = Arena.ofShared();
    try {
      var memory = arena.allocate(bytes, 64);
      return new Slab(memory.address(), bytes, memory, arena::close);
    } catch (OutOfMemoryError e) {
      arena.close();
      return null;
    }
  }

  /** {@code KTRAIN_MEMORY} ("2g", "512m"), else nine tenths of the machine's or container's memory. */
  @Override
  protected long limit() {
    if (limit == 0 && asked != null) limit = parse(asked);
    if (limit == 0 && reserved() >= (64L << 20)) limit = machine();
    return limit == 0 ? Long.MAX_VALUE : limit;
  }

  /** Asked only once the process holds much: the management bean costs start-up time. */
  private static long machine() {
    var os = java.lang.management.ManagementFactory.getOperatingSystemMXBean();
    return os instanceof com.sun.management.OperatingSystemMXBean m ? m.getTotalMemorySize() / 10 * 9 : Long.MAX_VALUE;
  }

  static long parse(String text) {
    String t = text.trim().toLowerCase(Locale.ROOT);
    int shift = t.endsWith("g") ? 30 : t.endsWith("m") ? 20 : t.endsWith("k") ? 10 : 0;
    try {
      return Math.multiplyExact(Long.parseLong(shift == 0 ? t : t.substring(0, t.length() - 1)), 1L << shift);
    } catch (ArithmeticException | NumberFormatException e) {
      throw new IllegalArgumentException("KTRAIN_MEMORY: \"" + text + "\" is not a size. Fix: 512m, 2g or a number of bytes.", e);
    }
  }
}

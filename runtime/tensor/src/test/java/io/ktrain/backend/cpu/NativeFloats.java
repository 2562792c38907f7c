package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Off-heap floats for kernel tests, between guards that show a write past either end. */
final class NativeFloats {
  private static final float GUARD = -12345.678f;
  private static final int GUARDS = 64;
  final int length;
  final long address;
  private final MemorySegment memory;

  NativeFloats(int length) {
    this.length = length;
    memory = Arena.ofAuto().allocate((length + 2L * GUARDS) * Float.BYTES, 64);
    for (int i = 0; i < length + 2 * GUARDS; i++) memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, GUARD);
    address = memory.address() + (long) GUARDS * Float.BYTES;
    for (int i = 0; i < length; i++) set(i, 0f);
  }

  static NativeFloats of(float... values) {
    var f = new NativeFloats(values.length);
    for (int i = 0; i < values.length; i++) f.set(i, values[i]);
    return f;
  }

  /** Normally distributed, the same for the same seed. */
  static NativeFloats random(int length, long seed) {
    var f = new NativeFloats(length);
    var random = new Random(seed);
    for (int i = 0; i < length; i++) f.set(i, (float) random.nextGaussian());
    return f;
  }

  float get(int i) {
    return memory.getAtIndex(ValueLayout.JAVA_FLOAT, i + GUARDS);
  }

  void set(int i, float value) {
    memory.setAtIndex(ValueLayout.JAVA_FLOAT, i + GUARDS, value);
  }

  /** The value as a byte at that distance from the start. */
  int getByte(int i) {
    return memory.get(ValueLayout.JAVA_BYTE, (long) GUARDS * Float.BYTES + i);
  }

  void setByte(int i, int value) {
    memory.set(ValueLayout.JAVA_BYTE, (long) GUARDS * Float.BYTES + i, (byte) value);
  }

  float[] toArray() {
    float[] a = new float[length];
    for (int i = 0; i < length; i++) a[i] = get(i);
    return a;
  }

  void assertGuardsIntact() {
    for (int i = 0; i < GUARDS; i++) {
      assertEquals(GUARD, get(-1 - i), "written before the start, at " + (-1 - i));
      assertEquals(GUARD, get(length + i), "written past the end, at " + (length + i) + " of " + length);
    }
  }

  /** |actual - expected| at most {@code absolute + relative |expected|}; infinities and NaN must agree. */
  static void assertClose(double expected, float actual, double absolute, double relative, String what) {
    boolean close = Double.isNaN(expected) ? Float.isNaN(actual)
        : (float) expected == actual
            || Math.abs(actual - expected) <= absolute + relative * Math.abs(expected);
    if (!close) throw new AssertionError(what + ": expected " + expected + " but got " + actual);
  }
}

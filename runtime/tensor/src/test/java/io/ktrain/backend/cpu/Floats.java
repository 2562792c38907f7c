package io.ktrain.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/** Off-heap test operands, freed by the collector. */
record Floats(MemorySegment memory) {
  static void needsLibrary() {
    assumeTrue(NativeLibrary.available(), NativeLibrary.status());
  }

  static Floats filled(long count, float value) {
    var floats = new Floats(Arena.ofAuto().allocate(Math.max(4, 4 * count), 64));
    for (long i = 0; i < count; i++) floats.memory.setAtIndex(JAVA_FLOAT, i, value);
    return floats;
  }

  static Floats random(long count, long seed) {
    Floats floats = filled(count, 0);
    var random = new SplittableRandom(seed);
    for (long i = 0; i < count; i++) floats.memory.setAtIndex(JAVA_FLOAT, i, (float) random.nextDouble(-1, 1));
    return floats;
  }

  long address() {
    return memory.address();
  }

  float get(long index) {
    return memory.getAtIndex(JAVA_FLOAT, index);
  }

  float[] toArray() {
    return memory.toArray(JAVA_FLOAT);
  }

  /** {@code magnitude}: the sum of absolute values that went into an element; f32 rounding is relative to that. */
  static void assertClose(double expected, double magnitude, float actual, Supplier<String> what) {
    assertEquals(expected, actual, 1e-6 + 2e-6 * magnitude, what);
  }

  /** Runs with 1, 2 and 3 threads; the bits must be the same. Returns the result. */
  static float[] sameForAnyThreads(Supplier<float[]> run) {
    int before = ThreadPool.threads();
    try {
      ThreadPool.setThreads(1);
      float[] one = run.get();
      for (int threads = 2; threads <= 3; threads++) {
        ThreadPool.setThreads(threads);
        float[] many = run.get();
        assertArrayEquals(one, many, 0f, threads + " threads");
      }
      return one;
    } finally {
      ThreadPool.setThreads(before);
    }
  }
}

package io.ktrain.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * What every vector kernel starts from: the machine's widest float vector, and one segment over the whole address
 * space, so that a kernel takes absolute addresses and the JIT sees a constant base. Needs native access; nothing is
 * checked.
 */
@SuppressWarnings("restricted")
final class VectorMemory {
  static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  /** Floats in a vector: 4, 8 or 16. */
  static final int LANES = FLOATS.length();
  static final ByteOrder ORDER = ByteOrder.nativeOrder();
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  /** Scalars are read with aligned layouts: the unaligned ones run at a third of the speed beside vector code. */
  static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfLong BYTES = ValueLayout.JAVA_LONG_UNALIGNED;

  private static final VectorShuffle<Float> TURN_8 = turn(8), TURN_4 = turn(4), TURN_2 = turn(2), TURN_1 = turn(1);

  private VectorMemory() {}

  private static VectorShuffle<Float> turn(int by) {
    return VectorShuffle.fromOp(FLOATS, i -> (i + by) % LANES);
  }

  /**
   * The lanes' sum, pairwise in a fixed order, which {@code reduceLanes} does not promise. For the end of a loop: a
   * vector handed to a method inside one would be boxed.
   */
  static float sumLanes(FloatVector v) {
    if (LANES > 8) v = v.add(v.rearrange(TURN_8));
    if (LANES > 4) v = v.add(v.rearrange(TURN_4));
    v = v.add(v.rearrange(TURN_2));
    return v.add(v.rearrange(TURN_1)).lane(0);
  }

  static float get(long address) {
    return ALL.get(FLOAT, address);
  }

  static void set(long address, float value) {
    ALL.set(FLOAT, address, value);
  }

  /** The lowest bits of {@code count} bytes, up to 64. */
  static long loadBits(long address, int count) {
    long bits = 0;
    int i = 0;
    for (; i + 8 <= count; i += 8) bits |= Long.compress(ALL.get(BYTES, address + i), 0x0101010101010101L) << i;
    for (; i < count; i++) bits |= (ALL.get(ValueLayout.JAVA_BYTE, address + i) & 1L) << i;
    return bits;
  }

  /** Stores the lowest {@code count} bits as bytes 1 and 0. */
  static void storeBits(long bits, long address, int count) {
    int i = 0;
    for (; i + 8 <= count; i += 8) ALL.set(BYTES, address + i, Long.expand(bits >>> i, 0x0101010101010101L));
    for (; i < count; i++) ALL.set(ValueLayout.JAVA_BYTE, address + i, (byte) (bits >>> i & 1));
  }
}

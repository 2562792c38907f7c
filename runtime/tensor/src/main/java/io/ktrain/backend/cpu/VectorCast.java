package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.VectorMemory.ALL;

import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Runs of f32 to bf16 and back, on raw addresses. Rounds to the nearest, halves to even; NaN stays NaN. */
final class VectorCast {
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, VectorShape.forBitSize(INTS.vectorBitSize() / 2));
  private static final int LANES = INTS.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private VectorCast() {}

  static void widen(long bf16, long f32, int n) {
    int i = 0, end = INTS.loopBound(n);
    for (; i < end; i += LANES)
      ((IntVector) ShortVector.fromMemorySegment(SHORTS, ALL, bf16 + 2L * i, ORDER).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
          .lanewise(VectorOperators.LSHL, 16).intoMemorySegment(ALL, f32 + 4L * i, ORDER);
    if (i < n) {
      ((IntVector) ShortVector.fromMemorySegment(SHORTS, ALL, bf16 + 2L * i, ORDER, SHORTS.indexInRange(i, n)).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
          .lanewise(VectorOperators.LSHL, 16).intoMemorySegment(ALL, f32 + 4L * i, ORDER, INTS.indexInRange(i, n));
    }
  }

  static void narrow(long f32, long bf16, int n) {
    int i = 0, end = INTS.loopBound(n);
    for (; i < end; i += LANES) {
      IntVector bits = IntVector.fromMemorySegment(INTS, ALL, f32 + 4L * i, ORDER);
      IntVector high = bits.lanewise(VectorOperators.LSHR, 16);
      VectorMask<Integer> nan = bits.and(0x7FFFFFFF).compare(VectorOperators.GT, 0x7F800000);
      IntVector rounded = bits.add(0x7FFF).add(high.and(1)).lanewise(VectorOperators.LSHR, 16).blend(high.or(0x40), nan);
      ((ShortVector) rounded.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(ALL, bf16 + 2L * i, ORDER);
    }
    if (i < n) {
      IntVector bits = IntVector.fromMemorySegment(INTS, ALL, f32 + 4L * i, ORDER, INTS.indexInRange(i, n));
      IntVector high = bits.lanewise(VectorOperators.LSHR, 16);
      VectorMask<Integer> nan = bits.and(0x7FFFFFFF).compare(VectorOperators.GT, 0x7F800000);
      IntVector rounded = bits.add(0x7FFF).add(high.and(1)).lanewise(VectorOperators.LSHR, 16).blend(high.or(0x40), nan);
      ((ShortVector) rounded.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(ALL, bf16 + 2L * i, ORDER, SHORTS.indexInRange(i, n));
    }
  }
}

package io.ktrain.backend.cpu;

import java.util.Arrays;

/** Adds up partial results at a regular distance, element by element and in order, in slices that threads share. */
final class PartialSums {
  private static final long SLICE = 64 << 10;

  private final int parts;
  private final long slice;
  private final int slices;
  private final Primitive whole;
  private final Primitive last;

  /** {@code length}: floats in each part. */
  PartialSums(int parts, long length) {
    this.parts = parts;
    slice = Math.min(SLICE, length);
    slices = (int) ((length + slice - 1) / slice);
    whole = primitive(parts, slice);
    long rest = length - (slices - 1) * slice;
    last = rest == slice ? whole : primitive(parts, rest);
  }

  /** Leaves the sum in the first part. {@code distance}: bytes from each part to the next. */
  void run(long first, long distance) {
    ThreadPool.run(slices, i -> {
      long[] operands = new long[parts + 1];
      for (int p = 0; p < parts; p++) operands[p] = first + p * distance + 4 * i * slice;
      operands[parts] = operands[0];
      (i == slices - 1 ? last : whole).run(operands);
    });
  }

  private static Primitive primitive(int parts, long length) {
    long desc = OneDnn.desc(OneDnn.VECTOR, length);
    int[] kinds = new int[parts + 1];
    for (int p = 0; p < parts; p++) kinds[p] = OneDnn.FIRST_OF_MANY + p;
    kinds[parts] = OneDnn.DST;
    long[] descs = new long[parts + 1];
    Arrays.fill(descs, desc);
    var primitive = new Primitive(OneDnn.sum(desc, parts), kinds, descs);
    OneDnn.destroyDesc(desc);
    return primitive;
  }
}

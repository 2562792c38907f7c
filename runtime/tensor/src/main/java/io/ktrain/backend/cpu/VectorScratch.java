package io.ktrain.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A thread's own off-heap work space for the inside of one kernel call; it grows and goes with its thread. */
final class VectorScratch {
  private static final ThreadLocal<VectorScratch> MINE = ThreadLocal.withInitial(VectorScratch::new);
  private MemorySegment memory = MemorySegment.NULL;

  private VectorScratch() {}

  /** The address of at least that many bytes, 64-byte aligned, of any content; valid until this thread's next call. */
  static long address(long bytes) {
    VectorScratch mine = MINE.get();
    if (mine.memory.byteSize() < bytes) mine.memory = Arena.ofAuto().allocate(Math.max(bytes, 4096), 64);
    return mine.memory.address();
  }
}

package io.ktrain.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One user's off-heap work space for the inside of a kernel call, a piece for each thread, which goes with the thread.
 */
final class VectorScratch {
  private final ThreadLocal<MemorySegment> mine = ThreadLocal.withInitial(() -> MemorySegment.NULL);

  /**
   * The address of at least that many bytes, 64-byte aligned, of any content; valid until this thread asks for more.
   */
  long address(long bytes) {
    MemorySegment memory = mine.get();
    if (memory.byteSize() < bytes) {
      memory = Arena.ofAuto().allocate(bytes, 64);
      mine.set(memory);
    }
    return memory.address();
  }
}

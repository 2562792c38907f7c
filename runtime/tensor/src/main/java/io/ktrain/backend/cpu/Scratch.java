package io.ktrain.backend.cpu;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** Off-heap memory a kernel needs while it runs, reused by the next; 64-byte aligned, what it holds is undefined. */
final class Scratch implements AutoCloseable {
  /** What is kept between kernels at most; more than that goes back to the system. */
  private static final long MOST_KEPT = 96L << 20;

  private static final List<Scratch> free = new ArrayList<>();
  private static long kept;

  private final Arena arena = Arena.ofShared();
  private final long size;
  private final long address;

  private Scratch(long size) {
    this.size = size;
    address = arena.allocate(size, 64).address();
  }

  /** At least this many bytes, for the caller alone until it closes them. */
  static Scratch take(long bytes) {
    synchronized (free) {
      Scratch best = null;
      for (Scratch s : free) if (s.size >= bytes && (best == null || s.size < best.size)) best = s;
      if (best != null) {
        free.remove(best);
        kept -= best.size;
        return best;
      }
    }
    long step = Math.max(4096, Long.highestOneBit(bytes) >> 2); // few distinct sizes, at most a quarter too large
    return new Scratch((bytes + step - 1) / step * step);
  }

  long address() {
    return address;
  }

  @Override
  public void close() {
    synchronized (free) {
      if (kept + size <= MOST_KEPT) {
        kept += size;
        free.add(this);
        return;
      }
    }
    arena.close();
  }
}

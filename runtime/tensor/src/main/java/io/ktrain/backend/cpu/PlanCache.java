package io.ktrain.backend.cpu;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * What was worked out for a problem, kept for the next time. Bounded, the least recently used goes first: a program
 * that meets ever new sizes must not collect primitives for ever.
 */
final class PlanCache<P, V> {
  /** Enough for the layers of several networks. */
  private static final int MOST_KEPT = 512;

  private final Function<P, V> make;
  private final Map<P, V> kept = new LinkedHashMap<>(64, 0.75f, true) {
    @Override
    protected boolean removeEldestEntry(Map.Entry<P, V> eldest) {
      return size() > MOST_KEPT;
    }
  };

  PlanCache(Function<P, V> make) {
    this.make = make;
  }

  V of(P problem) {
    synchronized (kept) {
      return kept.computeIfAbsent(problem, make);
    }
  }
}

package io.ktrain.random;

import java.util.HashMap;
import java.util.Map;

/**
 * A source of random numbers that hands out (key, stream, position) triples instead of numbers: each call of a random
 * operation reserves one stream of its own, so the same calls in the same order give the same values on any number of
 * threads. Named streams do not disturb one another.
 */
public final class Generator {
  private final Map<String, Generator> streams = new HashMap<>();
  private long seed;
  private long calls;

  public Generator(long seed) {
    this.seed = seed;
  }

  /** Where one random operation takes its numbers: a Philox key and the upper half of its counter. */
  public record Draw(long key, long stream) {
    /** A draw that belongs to this one and to {@code index}: for sample {@code index} of a data set, say. */
    public Draw at(long index) {
      return new Draw(mix(key ^ mix(stream + 0x632BE59BD9B4E019L)), index);
    }

    /** A generator whose whole sequence is a function of this draw. */
    public Generator generator() {
      return new Generator(mix(key ^ mix(stream)));
    }
  }

  public synchronized void seed(long value) {
    seed = value;
    calls = 0;
    streams.clear();
  }

  public synchronized long seed() {
    return seed;
  }

  /** The next draw. */
  public synchronized Draw next() {
    return new Draw(mix(seed), calls++);
  }

  /** The generator for a purpose: it begins as a function of this one's seed and the name alone, and goes on where it was. */
  public synchronized Generator stream(String name) {
    return streams.computeIfAbsent(name, this::begin);
  }

  private Generator begin(String name) {
    long h = 0xCBF29CE484222325L;
    for (int i = 0; i < name.length(); i++) h = (h ^ name.charAt(i)) * 0x100000001B3L;
    return new Generator(mix(seed ^ h));
  }

  /** How many draws were made: what a checkpoint keeps, with the seed. */
  public synchronized long position() {
    return calls;
  }

  public synchronized void restore(long seed, long position) {
    if (seed != this.seed) streams.clear();
    this.seed = seed;
    this.calls = position;
  }

  /** A random order of 0 until n, as a function of the draw (Fisher-Yates). */
  public static int[] permutation(int n, Draw draw) {
    int[] order = new int[n];
    int[] words = new int[4];
    for (int i = 0; i < n; i++) order[i] = i;
    for (int i = n - 1; i > 0; i--) {
      Philox.block(draw.key, draw.stream, i, words);
      int j = (int) (Philox.uniform(words[0], words[1]) * (i + 1));
      int t = order[i];
      order[i] = order[j];
      order[j] = t;
    }
    return order;
  }

  /** SplitMix64's finaliser: neighbouring seeds give unrelated keys. */
  static long mix(long z) {
    z += 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}

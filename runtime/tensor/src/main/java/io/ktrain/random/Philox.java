package io.ktrain.random;

/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): a block of four 32-bit words is a
 * pure function of a key and a counter, so any element's number is known without drawing those before it.
 */
public final class Philox {
  private static final int M0 = 0xD2511F53;
  private static final int M1 = 0xCD9E8D57;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;

  private Philox() {}

  /** Writes the four words of block {@code counter} under {@code key} to {@code out[0..3]}; {@code stream} is the counter's upper half. */
  public static void block(long key, long stream, long counter, int[] out) {
    int c0 = (int) counter, c1 = (int) (counter >>> 32), c2 = (int) stream, c3 = (int) (stream >>> 32);
    int k0 = (int) key, k1 = (int) (key >>> 32);
    for (int round = 0; round < 10; round++) {
      long p0 = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
      long p1 = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
      int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c1 = (int) p1;
      c3 = (int) p0;
      c0 = n0;
      c2 = n2;
      k0 += W0;
      k1 += W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
  }

  /** A number in [0, 1) with 24 bits. */
  public static float uniform(int word) {
    return (word >>> 8) * 0x1p-24f;
  }

  /** A number in [0, 1) with 53 bits, of two words. */
  public static double uniform(int high, int low) {
    return ((((long) high << 32 | low & 0xFFFFFFFFL) >>> 11)) * 0x1p-53;
  }
}

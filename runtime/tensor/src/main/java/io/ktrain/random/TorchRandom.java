package io.ktrain.random;

/**
 * The numbers torch's generator on the CPU gives for a seed: the 32-bit Mersenne Twister (Matsumoto and Nishimura 1998). For
 * orders that must be PyTorch's; everything else takes its numbers from {@link Generator}.
 */
public final class TorchRandom {
  private static final int SIZE = 624;
  private static final int AHEAD = 397;

  private final int[] state = new int[SIZE];
  private int next = SIZE;

  public TorchRandom(long seed) {
    state[0] = (int) seed;
    for (int i = 1; i < SIZE; i++) state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
  }

  private void refill() {
    for (int i = 0; i < SIZE; i++) {
      int y = state[i] & 0x80000000 | state[(i + 1) % SIZE] & 0x7FFFFFFF;
      state[i] = state[(i + AHEAD) % SIZE] ^ y >>> 1 ^ ((y & 1) == 0 ? 0 : 0x9908B0DF);
    }
    next = 0;
  }

  /** The next 32 bits. */
  public int nextInt() {
    if (next == SIZE) refill();
    int y = state[next++];
    y ^= y >>> 11;
    y ^= y << 7 & 0x9D2C5680;
    y ^= y << 15 & 0xEFC60000;
    return y ^ y >>> 18;
  }

  /** 0 until n in the order torch.randperm gives them. */
  public int[] permutation(int n) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) order[i] = i;
    for (int i = 0; i < n - 1; i++) {
      int j = i + Integer.remainderUnsigned(nextInt(), n - i), t = order[i];
      order[i] = order[j];
      order[j] = t;
    }
    return order;
  }
}

package io.ktrain.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Against numbers torch gave. */
class TorchRandomTest {
  @Test
  void permutationsAreTorchs() {
    assertArrayEquals(new int[] {4, 1, 7, 5, 3, 9, 0, 8, 6, 2}, new TorchRandom(0).permutation(10));
    assertArrayEquals(new int[] {2, 6, 1, 8, 4, 5, 0, 9, 3, 7}, new TorchRandom(42).permutation(10));
    assertArrayEquals(new int[] {6, 0, 5, 4, 2, 7, 8, 3, 9, 1}, new TorchRandom(12345678901L).permutation(10));
    assertArrayEquals(new int[] {}, new TorchRandom(0).permutation(0));
  }

  /** The reference implementation's 1st and 1000th number for its default seed. */
  @Test
  void theTwisterIsTheStandardOne() {
    var random = new TorchRandom(5489);
    assertEquals(3499211612L, Integer.toUnsignedLong(random.nextInt()));
    for (int i = 0; i < 998; i++) random.nextInt();
    assertEquals(1341017984L, Integer.toUnsignedLong(random.nextInt()));
  }
}

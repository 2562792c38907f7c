package io.ktrain.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ShapeTest {
  private static void tooLarge(String expected, Executable call) {
    assertEquals(expected + "; a dim has at most 2147483647. Fix: smaller parts.",
        assertThrows(ShapeError.class, call).getMessage());
  }

  /** Views of one element, so that only their sizes are large. */
  @Test
  void aDimThatWouldBeTooLargeIsToldWithItsOperation() {
    Tensor one = Tensor.ones(1), large = one.expand(70000, 70000);
    tooLarge("reshape: f32[70000,70000] as [-1] would give a dim of 4900000000", () -> large.reshape(-1));
    tooLarge("flatten: f32[70000,70000] would give a dim of 4900000000", large::flatten);
    tooLarge("pad: 2147483647 before and 2 after dim 0 of f32[1] would give a dim of 2147483650",
        () -> one.pad(new int[] {2147483647, 2}, 0));
  }
}

package io.ktrain.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** How dims are joined. */
class StridesTest {
  private static int[] sizes(int... shape) {
    return Strides.of(Tensor.shapeOnly(Shape.of(shape), DType.f32, Device.CPU)).sizes;
  }

  @Test
  void dimsThatLieAsOneAreJoined() {
    assertArrayEquals(new int[] {24}, sizes(2, 3, 1, 4));
    assertArrayEquals(new int[] {1}, sizes());
  }

  @Test
  void noMoreAreJoinedThanAnIntCounts() {
    assertArrayEquals(new int[] {1 << 16, 1 << 16}, sizes(1 << 16, 1 << 16));
    assertArrayEquals(new int[] {1 << 30, 4}, sizes(1 << 15, 1 << 15, 2, 2));
  }
}

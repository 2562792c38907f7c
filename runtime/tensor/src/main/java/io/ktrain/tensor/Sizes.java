package io.ktrain.tensor;

import java.util.Arrays;
import java.util.List;

/** Sizes of a window's dims as users give them: one number for all spatial dims, or one for each, outermost first. */
final class Sizes {
  private Sizes() {}

  static List<Integer> of(int... sizes) {
    return Arrays.stream(sizes).boxed().toList();
  }

  static List<Integer> atLeast(int least, String what, List<Integer> sizes) {
    for (int s : sizes) if (s < least) throw new ShapeError("window: " + what + " must be at least " + least + ", got "
        + sizes + ".");
    return List.copyOf(sizes);
  }

  /** One for each of {@code dims} dims. */
  static int[] spread(String op, String what, List<Integer> sizes, int dims) {
    if (sizes.size() != 1 && sizes.size() != dims)
      throw new ShapeError(op + ": " + what + " must be one number or " + dims + " of them, got " + sizes + ".");
    int[] all = new int[dims];
    for (int d = 0; d < dims; d++) all[d] = sizes.get(sizes.size() == 1 ? 0 : d);
    return all;
  }
}

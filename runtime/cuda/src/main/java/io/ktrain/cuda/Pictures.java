package io.ktrain.cuda;

import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** How pictures, [batch, channels, height, width], lie in memory: row-major, or channels-last as their input did. */
final class Pictures {
  private Pictures() {}

  /** Whether a picture's channels lie together, and not its rows. */
  static boolean isChannelsLast(Tensor t) {
    if (t.isContiguous()) return false;
    Layout wanted = channelsLast(t.getShape());
    for (int d = 0; d < 4; d++) if (t.size(d) != 1 && t.layout().stride(d) != wanted.stride(d)) return false;
    return true;
  }

  static Layout channelsLast(Shape shape) {
    return Layout.permuted(shape, 0, 2, 3, 1);
  }

  /** As the input {@code like} lies; null for row-major. */
  static Layout like(Tensor like, Shape shape) {
    return isChannelsLast(like) ? channelsLast(shape) : null;
  }

  /** Writes the four strides of a tensor into a struct's fields. */
  static void strides(Tensor t, long[] fields, int at) {
    if (t != null) for (int d = 0; d < 4; d++) fields[at + d] = t.layout().stride(d);
  }
}

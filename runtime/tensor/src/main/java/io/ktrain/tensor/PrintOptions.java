package io.ktrain.tensor;

import org.jspecify.annotations.Nullable;

/**
 * How tensors print: digits after the point; from how many elements on the middle is left out, and how many stay at each
 * edge then; columns of a line; scientific notation, or null where the values decide. As torch.set_printoptions.
 */
public record PrintOptions(int precision, int threshold, int edgeItems, int lineWidth, @Nullable Boolean sciMode) {
  public static final PrintOptions DEFAULT = new PrintOptions(4, 1000, 3, 80, null);

  public PrintOptions {
    if (precision < 0 || threshold < 0 || edgeItems < 1 || lineWidth < 1)
      throw new KtrainException("print options: digits and threshold must be at least 0, edge items and columns at least 1, got precision "
          + precision + ", threshold " + threshold + ", edge items " + edgeItems + ", line width " + lineWidth + ".");
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.PaddingMode;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Adds a border to the last dims. */
public abstract class Pad extends Module {
  private final int[] widths;
  private final PaddingMode mode;
  private final double value;

  /** @param widths one for all sides, or pairs of (before, after) from the last dim on */
  Pad(int dims, PaddingMode mode, double value, int... widths) {
    if (widths.length != 1 && widths.length != 2 * dims)
      throw new ShapeError("pad: widths must be one number or " + 2 * dims + " of them, got " + Arrays.toString(widths)
          + ".");
    this.widths = widths.length == 1 ? new int[2 * dims] : widths.clone();
    if (widths.length == 1) Arrays.fill(this.widths, widths[0]);
    this.mode = mode;
    this.value = value;
  }

  @Override
  public final Tensor forward(Tensor x) {
    return mode == PaddingMode.ZEROS ? x.pad(widths, value) : x.pad(widths, mode);
  }

  @Override
  public List<Object> arguments() {
    return List.of(widths.clone());
  }

  final List<Integer> widths() {
    return Arrays.stream(widths).boxed().toList();
  }

  final double value() {
    return value;
  }

  @Override
  public String extraRepr() {
    return Repr.tuple(widths());
  }
}

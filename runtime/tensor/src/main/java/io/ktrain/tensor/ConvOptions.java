package io.ktrain.tensor;

import java.util.List;

/**
 * How a convolution moves over its input, for any number of spatial dims: each list holds one number for all of them,
 * or one for each, outermost first. {@code ConvOptions.DEFAULT.withStride(2).withPadding(1, 0)}.
 *
 * @param same pads so that the output is as large as the input, as PyTorch's padding="same"; the stride must be 1
 * @param outputPadding transposed convolutions only: elements added at the end of each dim, which decide between the
 *     sizes of which a convolution makes the same
 */
public record ConvOptions(List<Integer> stride, List<Integer> padding, List<Integer> dilation, int groups,
    List<Integer> outputPadding, boolean same) {
  public static final ConvOptions DEFAULT =
      new ConvOptions(List.of(1), List.of(0), List.of(1), 1, List.of(0), false);

  public ConvOptions {
    stride = Sizes.atLeast(1, "stride", stride);
    padding = Sizes.atLeast(0, "padding", padding);
    dilation = Sizes.atLeast(1, "dilation", dilation);
    outputPadding = Sizes.atLeast(0, "outputPadding", outputPadding);
    if (groups < 1) throw new ShapeError("window: groups must be at least 1, got " + groups + ".");
    if (same && stride.stream().anyMatch(s -> s != 1))
      throw new ShapeError("window: padding \"same\" needs a stride of 1, got " + stride
          + ". Fix: give the padding in numbers.");
  }

  public ConvOptions withStride(int... sizes) {
    return new ConvOptions(Sizes.of(sizes), padding, dilation, groups, outputPadding, same);
  }

  public ConvOptions withPadding(int... sizes) {
    return new ConvOptions(stride, Sizes.of(sizes), dilation, groups, outputPadding, false);
  }

  /** PyTorch's padding="same". */
  public ConvOptions withSamePadding() {
    return new ConvOptions(stride, List.of(0), dilation, groups, outputPadding, true);
  }

  public ConvOptions withDilation(int... sizes) {
    return new ConvOptions(stride, padding, Sizes.of(sizes), groups, outputPadding, same);
  }

  public ConvOptions withGroups(int count) {
    return new ConvOptions(stride, padding, dilation, count, outputPadding, same);
  }

  public ConvOptions withOutputPadding(int... sizes) {
    return new ConvOptions(stride, padding, dilation, groups, Sizes.of(sizes), same);
  }

  /** The stride of each of {@code dims} spatial dims; {@code op} names whom an error is about. */
  public int[] strides(String op, int dims) {
    return Sizes.spread(op, "stride", stride, dims);
  }

  public int[] paddings(String op, int dims) {
    return Sizes.spread(op, "padding", padding, dims);
  }

  public int[] dilations(String op, int dims) {
    return Sizes.spread(op, "dilation", dilation, dims);
  }

  public int[] outputPaddings(String op, int dims) {
    return Sizes.spread(op, "outputPadding", outputPadding, dims);
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.InterpolateMode;
import io.ktrain.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** [batch, channels, spatial...] of other spatial sizes. PyTorch's Upsample. */
public final class Upsample extends Module {
  private final List<Integer> sizes;
  private final List<Double> scales;
  private final InterpolateMode mode;
  private final boolean alignCorners;

  /** Either sizes or scales, the other one empty; see {@link #to} and {@link #by}. */
  public Upsample(List<Integer> sizes, List<Double> scales, InterpolateMode mode, boolean alignCorners) {
    this.sizes = List.copyOf(sizes);
    this.scales = List.copyOf(scales);
    this.mode = mode;
    this.alignCorners = alignCorners;
  }

  /** To these sizes: one for all spatial dims, or one for each. */
  public static Upsample to(List<Integer> sizes, InterpolateMode mode, boolean alignCorners) {
    return new Upsample(sizes, List.of(), mode, alignCorners);
  }

  /** By these scales: one for all spatial dims, or one for each. */
  public static Upsample by(List<Double> scales, InterpolateMode mode, boolean alignCorners) {
    return new Upsample(List.of(), scales, mode, alignCorners);
  }

  @Override
  public Tensor forward(Tensor x) {
    if (sizes.isEmpty()) return x.interpolateBy(mode, alignCorners, scales.stream().mapToDouble(s -> s).toArray());
    List<Integer> all = sizes.size() == 1 ? Collections.nCopies(Math.max(1, x.getNdim() - 2), sizes.getFirst()) : sizes;
    return x.interpolate(mode, alignCorners, all.stream().mapToInt(n -> n).toArray());
  }

  @Override
  public List<Object> arguments() {
    return List.of(sizes, scales, mode, alignCorners);
  }

  @Override
  public String extraRepr() {
    String by = scales.size() == 1 ? Repr.number(scales.getFirst()) : scales.stream().map(Repr::number)
        .collect(Collectors.joining(", ", "(", ")"));
    return (sizes.isEmpty() ? "scale_factor=" + by : "size=" + Repr.given(sizes)) + ", mode=" + mode.word();
  }
}

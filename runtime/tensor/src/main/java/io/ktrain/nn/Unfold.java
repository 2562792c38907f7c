package io.ktrain.nn;

import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.Tensor;
import java.util.List;

/**
 * What is under a window at each place as a column: [batch, c, h, w] to [batch, c * kernel, places]. PyTorch's Unfold.
 */
public final class Unfold extends Module {
  private final List<Integer> kernel;
  private final ConvOptions options;

  public Unfold(int kernel, ConvOptions options) {
    this(List.of(kernel), options);
  }

  /** @param kernel one size, or height and width */
  public Unfold(List<Integer> kernel, ConvOptions options) {
    this.kernel = List.copyOf(kernel);
    this.options = options;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.im2col(kernel.getFirst(), kernel.getLast(), options);
  }

  @Override
  public List<Object> arguments() {
    return List.of(kernel, options);
  }

  @Override
  public String extraRepr() {
    return windows(kernel, options);
  }

  static String windows(List<Integer> kernel, ConvOptions o) {
    return "kernel_size=" + Repr.given(kernel) + ", dilation=" + Repr.given(o.dilation()) + ", padding="
        + Repr.given(o.padding()) + ", stride=" + Repr.given(o.stride());
  }
}

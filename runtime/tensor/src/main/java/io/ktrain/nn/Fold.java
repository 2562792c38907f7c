package io.ktrain.nn;

import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Adds columns up to pictures: [batch, c * kernel, places] to [batch, c, h, w]. PyTorch's Fold. */
public final class Fold extends Module {
  private final List<Integer> sizes;
  private final List<Integer> kernel;
  private final ConvOptions options;

  /** @param sizes height and width of the pictures, or one for both; so is {@code kernel} */
  public Fold(List<Integer> sizes, List<Integer> kernel, ConvOptions options) {
    this.sizes = List.copyOf(sizes);
    this.kernel = List.copyOf(kernel);
    this.options = options;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.col2im(sizes.getFirst(), sizes.getLast(), kernel.getFirst(), kernel.getLast(), options);
  }

  @Override
  public List<Object> arguments() {
    return List.of(sizes, kernel, options);
  }

  @Override
  public String extraRepr() {
    return "output_size=" + Repr.given(sizes) + ", " + Unfold.windows(kernel, options);
  }
}

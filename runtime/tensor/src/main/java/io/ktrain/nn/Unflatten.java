package io.ktrain.nn;

import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Cuts one dim into several; one size may be -1. PyTorch's Unflatten. */
public final class Unflatten extends Module {
  private final int dim;
  private final int[] sizes;

  public Unflatten(int dim, int... sizes) {
    if (sizes.length == 0) throw new ShapeError("unflatten: needs at least one size.");
    this.dim = dim;
    this.sizes = sizes.clone();
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.unflatten(dim, sizes);
  }

  @Override
  public List<Object> arguments() {
    return List.of(dim, sizes.clone());
  }

  @Override
  public String extraRepr() {
    return "dim=" + dim + ", unflattened_size=" + Repr.tuple(Arrays.stream(sizes).boxed().toList());
  }
}

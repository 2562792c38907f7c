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
    int at = x.getShape().axis("unflatten", dim), known = 1, open = -1;
    int[] cut = sizes.clone(), all = new int[x.getNdim() - 1 + sizes.length];
    for (int i = 0; i < cut.length; i++)
      if (cut[i] == -1 && open < 0) open = i;
      else known *= cut[i];
    if (open >= 0 && known > 0) cut[open] = x.size(at) / known;
    if (known < 0 || Arrays.stream(cut).reduce(1, (a, b) -> a * b) != x.size(at))
      throw new ShapeError("unflatten: dim " + dim + " of " + x.describe() + " cannot be cut into "
          + Arrays.toString(sizes) + ".");
    for (int d = 0; d < all.length; d++)
      all[d] = d < at ? x.size(d) : d < at + cut.length ? cut[d - at] : x.size(d - cut.length + 1);
    return x.reshape(all);
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

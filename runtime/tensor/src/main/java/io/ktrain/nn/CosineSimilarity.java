package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;

/** The cosine of the angle between a and b along a dim. PyTorch's CosineSimilarity. */
public final class CosineSimilarity extends Module {
  private final int dim;
  private final double eps;

  public CosineSimilarity() {
    this(1, 1e-8);
  }

  public CosineSimilarity(int dim, double eps) {
    this.dim = dim;
    this.eps = eps;
  }

  public Tensor invoke(Tensor a, Tensor b) {
    return call(a, in -> in.cosineSimilarity(b, dim, eps));
  }

  @Override
  public List<Object> arguments() {
    return List.of(dim, eps);
  }
}

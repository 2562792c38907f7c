package io.ktrain.nn;

import io.ktrain.op.Pooling;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Puts what MaxPool2d found back at its places, among zeros. PyTorch's MaxUnpool2d. */
public final class MaxUnpool2d extends Module {
  private final PoolOptions options;

  public MaxUnpool2d(PoolOptions options) {
    this.options = options;
  }

  /** The smallest sizes from which such windows were taken. */
  public Tensor invoke(Tensor x, Tensor indices) {
    return invoke(x, indices, Pooling.unpooled("maxUnpool2d", x, 2, options));
  }

  /** @param sizes of the result's spatial dims */
  public Tensor invoke(Tensor x, Tensor indices, int... sizes) {
    return Pooling.maxUnpool(x, indices, sizes);
  }

  @Override
  public List<Object> arguments() {
    return List.of(options);
  }

  @Override
  public String extraRepr() {
    return "kernel_size=" + Repr.tuple(options.kernel(), 2) + ", stride=" + Repr.tuple(options.stride(), 2)
        + ", padding=" + Repr.tuple(options.padding(), 2);
  }
}

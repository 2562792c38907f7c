package io.ktrain.nn;

import io.ktrain.op.Pooling;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Puts what a MaxPool found back at its places, among zeros. */
public abstract sealed class MaxUnpool extends Module permits MaxUnpool1d, MaxUnpool2d, MaxUnpool3d {
  private final int dims;
  private final PoolOptions options;

  MaxUnpool(int dims, PoolOptions options) {
    this.dims = dims;
    this.options = options;
  }

  /** The smallest sizes from which such windows were taken. */
  public final Tensor invoke(Tensor x, Tensor indices) {
    return invoke(x, indices, Pooling.unpooled("maxUnpool" + dims + "d", x, dims, options));
  }

  /** @param sizes of the result's spatial dims */
  public final Tensor invoke(Tensor x, Tensor indices, int... sizes) {
    return call(x, in -> Pooling.maxUnpool(in, indices, sizes));
  }

  @Override
  public final List<Object> arguments() {
    return List.of(options);
  }

  @Override
  public final String extraRepr() {
    return "kernel_size=" + Repr.tuple(options.kernel(), dims) + ", stride=" + Repr.tuple(options.stride(), dims)
        + ", padding=" + Repr.tuple(options.padding(), dims);
  }
}

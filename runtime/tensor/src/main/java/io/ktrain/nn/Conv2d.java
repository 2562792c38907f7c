package io.ktrain.nn;

import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.PaddingMode;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** 2-D convolution over [batch, in, height, width], or without the batch. PyTorch's Conv2d. */
public final class Conv2d extends ConvNd {
  public Conv2d(int in, int out, int kernel) {
    this(in, out, kernel, ConvOptions.DEFAULT);
  }

  public Conv2d(int in, int out, int kernel, ConvOptions options) {
    this(in, out, List.of(kernel), options, true, PaddingMode.ZEROS);
  }

  /** @param kernel one size for all dims, or one for each */
  public Conv2d(int in, int out, List<Integer> kernel, ConvOptions options, boolean bias, PaddingMode mode) {
    super("conv2d", 2, false, in, out, kernel, options, bias, mode);
  }

  @Override
  Tensor convolved(Tensor x, Tensor weight, @Nullable Tensor bias, ConvOptions options) {
    return x.conv2d(weight, bias, options);
  }
}

package io.ktrain.nn;

import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.PaddingMode;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * 1-D transposed convolution over [batch, in, length], or without the batch: the gradient of a convolution as a layer.
 * PyTorch's ConvTranspose1d.
 */
public final class ConvTranspose1d extends ConvNd {
  public ConvTranspose1d(int in, int out, int kernel) {
    this(in, out, kernel, ConvOptions.DEFAULT);
  }

  public ConvTranspose1d(int in, int out, int kernel, ConvOptions options) {
    this(in, out, List.of(kernel), options, true);
  }

  /** @param kernel one size for all dims, or one for each */
  public ConvTranspose1d(int in, int out, List<Integer> kernel, ConvOptions options, boolean bias) {
    super("convTranspose1d", 1, true, in, out, kernel, options, bias, PaddingMode.ZEROS);
  }

  @Override
  Tensor convolved(Tensor x, Tensor weight, @Nullable Tensor bias, ConvOptions options) {
    return x.convTranspose1d(weight, bias, options);
  }
}

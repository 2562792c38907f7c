package io.ktrain.nn;

import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.PaddingMode;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * 2-D transposed convolution over [batch, in, height, width], or without the batch: the gradient of a convolution as a
 * layer. PyTorch's ConvTranspose2d.
 */
public final class ConvTranspose2d extends ConvNd {
  public ConvTranspose2d(int in, int out, int kernel) {
    this(in, out, kernel, ConvOptions.DEFAULT);
  }

  public ConvTranspose2d(int in, int out, int kernel, ConvOptions options) {
    this(in, out, List.of(kernel), options, true);
  }

  /** @param kernel one size for all dims, or one for each */
  public ConvTranspose2d(int in, int out, List<Integer> kernel, ConvOptions options, boolean bias) {
    super("convTranspose2d", 2, true, in, out, kernel, options, bias, PaddingMode.ZEROS);
  }

  @Override
  Tensor convolved(Tensor x, Tensor weight, @Nullable Tensor bias, ConvOptions options) {
    return x.convTranspose2d(weight, bias, options);
  }
}

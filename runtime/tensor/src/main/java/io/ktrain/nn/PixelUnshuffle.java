package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;

/** Pixels as channels: [..., c, h r, w r] to [..., c r r, h, w]. PyTorch's PixelUnshuffle. */
public final class PixelUnshuffle extends Module {
  private final int factor;

  public PixelUnshuffle(int factor) {
    this.factor = factor;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.pixelUnshuffle(factor);
  }

  @Override
  public List<Object> arguments() {
    return List.of(factor);
  }

  @Override
  public String extraRepr() {
    return "downscale_factor=" + factor;
  }
}

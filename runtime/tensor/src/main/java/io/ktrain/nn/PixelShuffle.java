package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;

/** Channels as pixels: [..., c r r, h, w] to [..., c, h r, w r]. PyTorch's PixelShuffle. */
public final class PixelShuffle extends Module {
  private final int factor;

  public PixelShuffle(int factor) {
    this.factor = factor;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.pixelShuffle(factor);
  }

  @Override
  public List<Object> arguments() {
    return List.of(factor);
  }

  @Override
  public String extraRepr() {
    return "upscale_factor=" + factor;
  }
}

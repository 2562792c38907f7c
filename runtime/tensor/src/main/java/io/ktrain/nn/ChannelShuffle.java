package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;

/** Deals the channels of the groups out in turn. PyTorch's ChannelShuffle. */
public final class ChannelShuffle extends Module {
  private final int factor;

  public ChannelShuffle(int factor) {
    this.factor = factor;
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.channelShuffle(factor);
  }

  @Override
  public List<Object> arguments() {
    return List.of(factor);
  }

  @Override
  public String extraRepr() {
    return "groups=" + factor;
  }
}

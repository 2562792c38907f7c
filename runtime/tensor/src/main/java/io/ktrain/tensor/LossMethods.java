package io.ktrain.tensor;

import io.ktrain.op.Losses;
import org.jspecify.annotations.Nullable;

/** Losses: how far predictions are from targets. */
public sealed interface LossMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  default Tensor crossEntropy(Tensor target) { return crossEntropy(target, CrossEntropyOptions.DEFAULT); }
  default Tensor crossEntropy(Tensor target, CrossEntropyOptions options) {
    return Losses.crossEntropy(self(), target, options);
  }
  default Tensor nllLoss(Tensor target) { return Losses.nll(self(), target, CrossEntropyOptions.DEFAULT); }
  default Tensor mseLoss(Tensor target, Reduction reduction) { return Losses.mse(self(), target, reduction); }
  default Tensor mseLoss(Tensor target) { return mseLoss(target, Reduction.MEAN); }
  default Tensor bceWithLogits(Tensor target, @Nullable Tensor posWeight, Reduction reduction) {
    return Losses.bceWithLogits(self(), target, posWeight, reduction);
  }
  default Tensor bceWithLogits(Tensor target) { return bceWithLogits(target, null, Reduction.MEAN); }
}

package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** The divergence of log probabilities from a target distribution; Reduction.BATCHMEAN is the divergence proper. PyTorch's KLDivLoss. */
public final class KLDivLoss extends Loss {
  private final boolean logTarget;

  public KLDivLoss() {
    this(false, Reduction.MEAN);
  }

  public KLDivLoss(boolean logTarget, Reduction reduction) {
    super(reduction);
    this.logTarget = logTarget;
  }

  public Tensor invoke(Tensor logProbabilities, Tensor target) {
    return logProbabilities.klDiv(target, logTarget, reduction());
  }

  @Override
  public List<Object> arguments() {
    return List.of(logTarget, reduction());
  }
}

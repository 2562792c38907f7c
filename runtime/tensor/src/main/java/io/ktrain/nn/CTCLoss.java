package io.ktrain.nn;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Connectionist temporal classification of log probabilities [steps, n, classes]. PyTorch's CTCLoss. */
public final class CTCLoss extends Loss {
  private final int blank;
  private final boolean zeroInfinity;

  public CTCLoss() {
    this(0, false, Reduction.MEAN);
  }

  public CTCLoss(int blank, boolean zeroInfinity, Reduction reduction) {
    super(reduction);
    this.blank = blank;
    this.zeroInfinity = zeroInfinity;
  }

  public Tensor invoke(Tensor logProbabilities, Tensor targets, Tensor inputLengths, Tensor targetLengths) {
    return logProbabilities.ctcLoss(targets, inputLengths, targetLengths, blank, reduction(), zeroInfinity);
  }

  @Override
  public List<Object> arguments() {
    return List.of(blank, zeroInfinity, reduction());
  }
}

package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import java.util.List;

/**
 * Adam whose weight decay shrinks the parameters instead of bending the gradient (Loshchilov and Hutter, "Decoupled
 * Weight Decay Regularization", 2019). torch.optim.AdamW.
 */
public final class AdamW extends Adam {
  public AdamW(List<Parameter> parameters, double lr) {
    this(List.of(new ParamGroup(parameters)), lr, 0.9, 0.999, 1e-8, 0.01, false, false);
  }

  public AdamW(List<ParamGroup> groups, double lr, double beta1, double beta2, double eps, double weightDecay,
      boolean amsgrad, boolean maximize) {
    super(groups, lr, beta1, beta2, eps, weightDecay, amsgrad, maximize);
  }

  @Override
  boolean isDecoupled() {
    return true;
  }
}

package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Updates;
import java.util.List;

/** Kingma and Ba 2015; weight decay is added to the gradient. torch.optim.Adam. */
public sealed class Adam extends Optimizer permits AdamW {
  private final double beta1;
  private final double beta2;
  private final double eps;
  private final double weightDecay;
  private final boolean amsgrad;

  public Adam(List<Parameter> parameters, double lr) {
    this(List.of(new ParamGroup(parameters)), lr, 0.9, 0.999, 1e-8, 0, false);
  }

  public Adam(List<ParamGroup> groups, double lr, double beta1, double beta2, double eps, double weightDecay, boolean amsgrad) {
    super(groups, lr);
    require(name(), "beta1", beta1, 0, Math.nextDown(1.0));
    require(name(), "beta2", beta2, 0, Math.nextDown(1.0));
    require(name(), "eps", eps, 0, Double.MAX_VALUE);
    require(name(), "weightDecay", weightDecay, 0, Double.MAX_VALUE);
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.eps = eps;
    this.weightDecay = weightDecay;
    this.amsgrad = amsgrad;
  }

  /** Whether weight decay shrinks the parameters themselves. */
  boolean isDecoupled() {
    return false;
  }

  @Override
  final void update(ParamGroup group, List<Parameter> parameters, long step) {
    Dispatch.all(Updates.ADAM, new Updates.Adam(group.getLr(), group.momentum(beta1), beta2, eps, weightDecay, isDecoupled(), amsgrad, step), operands(parameters, amsgrad ? 3 : 2));
  }

  @Override
  String name() {
    return isDecoupled() ? "AdamW" : "Adam";
  }
}

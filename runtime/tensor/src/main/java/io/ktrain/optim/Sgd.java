package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Updates;
import io.ktrain.tensor.KtrainException;
import java.util.List;

/** Gradient descent, with momentum if asked for. torch.optim.SGD. */
public final class Sgd extends Optimizer {
  private final double momentum;
  private final double dampening;
  private final double weightDecay;
  private final boolean nesterov;

  public Sgd(List<Parameter> parameters, double lr) {
    this(List.of(new ParamGroup(parameters)), lr, 0, 0, 0, false);
  }

  public Sgd(List<Parameter> parameters, double lr, double momentum) {
    this(List.of(new ParamGroup(parameters)), lr, momentum, 0, 0, false);
  }

  public Sgd(List<ParamGroup> groups, double lr, double momentum, double dampening, double weightDecay, boolean nesterov) {
    super(groups, lr);
    require("Sgd", "momentum", momentum, 0, Double.MAX_VALUE);
    require("Sgd", "weightDecay", weightDecay, 0, Double.MAX_VALUE);
    if (nesterov && (momentum == 0 || dampening != 0)) throw new KtrainException("Sgd: nesterov needs momentum and no dampening, got momentum " + momentum + " and dampening " + dampening + ".");
    this.momentum = momentum;
    this.dampening = dampening;
    this.weightDecay = weightDecay;
    this.nesterov = nesterov;
  }

  @Override
  void update(ParamGroup group, List<Parameter> parameters, long step) {
    double now = momentum == 0 ? 0 : group.momentum(momentum); // a group may have none for a while; its buffers wait
    var attributes = new Updates.Sgd(group.getLr(), now, dampening, weightDecay, nesterov, step == 1);
    Dispatch.all(Updates.SGD, attributes, operands(parameters, now == 0 ? 0 : 1));
  }

  @Override
  String name() {
    return "Sgd";
  }
}

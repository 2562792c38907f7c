package io.ktrain.optim;

import static io.ktrain.optim.HyperParameter.EPS;
import static io.ktrain.optim.HyperParameter.LR;
import static io.ktrain.optim.HyperParameter.MAXIMIZE;
import static io.ktrain.optim.HyperParameter.RHO;
import static io.ktrain.optim.HyperParameter.WEIGHT_DECAY;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Updates;
import java.util.List;
import java.util.Map;

/**
 * Steps as large as the steps before (Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012).
 * torch.optim.Adadelta.
 */
public final class Adadelta extends FusedOptimizer {
  private static final List<String> STATES = List.of("square_avg", "acc_delta");

  public Adadelta(List<Parameter> parameters, double lr) {
    this(List.of(new ParamGroup(parameters)), lr, 0.9, 1e-6, 0, false);
  }

  public Adadelta(List<ParamGroup> groups, double lr, double rho, double eps, double weightDecay, boolean maximize) {
    super(groups, Map.of(LR, lr, RHO, rho, EPS, eps, WEIGHT_DECAY, weightDecay,
        MAXIMIZE, flag(maximize)));
  }

  @Override
  void update(ParamGroup g, List<Parameter> parameters, State state) {
    double rho = g.get(RHO);
    run(Updates.ADADELTA, g, parameters, STATES, sign(g), g.get(WEIGHT_DECAY), -g.getLr(), rho, 1 - rho, g.get(EPS));
  }

  @Override
  List<String> stateNames() {
    return STATES;
  }

  @Override
  String name() {
    return "Adadelta";
  }
}

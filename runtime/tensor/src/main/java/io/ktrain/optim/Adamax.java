package io.ktrain.optim;

import static io.ktrain.optim.HyperParameter.BETA1;
import static io.ktrain.optim.HyperParameter.BETA2;
import static io.ktrain.optim.HyperParameter.EPS;
import static io.ktrain.optim.HyperParameter.LR;
import static io.ktrain.optim.HyperParameter.MAXIMIZE;
import static io.ktrain.optim.HyperParameter.WEIGHT_DECAY;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Updates;
import java.util.List;
import java.util.Map;

/**
 * Adam by the infinity norm (Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, section 7.1).
 * torch.optim.Adamax.
 */
public final class Adamax extends FusedOptimizer {
  private static final List<String> STATES = List.of("exp_avg", "exp_inf");

  public Adamax(List<Parameter> parameters, double lr) {
    this(List.of(new ParamGroup(parameters)), lr, 0.9, 0.999, 1e-8, 0, false);
  }

  public Adamax(List<ParamGroup> groups, double lr, double beta1, double beta2, double eps, double weightDecay,
      boolean maximize) {
    super(groups, Map.of(LR, lr, BETA1, beta1, BETA2, beta2, EPS, eps,
        WEIGHT_DECAY, weightDecay, MAXIMIZE, flag(maximize)));
  }

  @Override
  void update(ParamGroup g, List<Parameter> parameters, State state) {
    double beta1 = g.momentum(BETA1), bias1 = 1 - StrictMath.pow(beta1, state.steps);
    run(Updates.ADAMAX, g, parameters, STATES, sign(g), g.get(WEIGHT_DECAY), -g.getLr() / bias1, 1 - beta1,
        g.get(BETA2), g.get(EPS));
  }

  @Override
  List<String> stateNames() {
    return STATES;
  }

  @Override
  String name() {
    return "Adamax";
  }
}

package io.ktrain.optim;

import static io.ktrain.optim.HyperParameter.EPS;
import static io.ktrain.optim.HyperParameter.INITIAL_ACCUMULATOR;
import static io.ktrain.optim.HyperParameter.LR;
import static io.ktrain.optim.HyperParameter.LR_DECAY;
import static io.ktrain.optim.HyperParameter.MAXIMIZE;
import static io.ktrain.optim.HyperParameter.WEIGHT_DECAY;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Updates;
import java.util.List;
import java.util.Map;

/**
 * Gradients divided by the root of the sum of their squares (Duchi, Hazan and Singer, "Adaptive Subgradient Methods for
 * Online Learning and Stochastic Optimization", 2011). torch.optim.Adagrad.
 */
public final class Adagrad extends FusedOptimizer {
  private static final List<String> SUM = List.of("sum");

  public Adagrad(List<Parameter> parameters, double lr) {
    this(List.of(new ParamGroup(parameters)), lr, 0, 0, 0, 1e-10, false);
  }

  public Adagrad(List<ParamGroup> groups, double lr, double lrDecay, double weightDecay, double initialAccumulator,
      double eps, boolean maximize) {
    super(groups, Map.of(LR, lr, LR_DECAY, lrDecay, WEIGHT_DECAY, weightDecay,
        INITIAL_ACCUMULATOR, initialAccumulator, EPS, eps, MAXIMIZE, flag(maximize)));
  }

  @Override
  double initial(String state, ParamGroup g) {
    return g.get(INITIAL_ACCUMULATOR);
  }

  @Override
  void update(ParamGroup g, List<Parameter> parameters, State state) {
    double lr = g.getLr() / (1 + (state.steps - 1) * g.get(LR_DECAY));
    run(Updates.ADAGRAD, g, parameters, SUM, sign(g), g.get(WEIGHT_DECAY), -lr, g.get(EPS));
  }

  @Override
  List<String> stateNames() {
    return SUM;
  }

  @Override
  String name() {
    return "Adagrad";
  }
}

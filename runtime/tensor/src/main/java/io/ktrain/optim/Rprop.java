package io.ktrain.optim;

import static io.ktrain.optim.HyperParameter.ETA_MINUS;
import static io.ktrain.optim.HyperParameter.ETA_PLUS;
import static io.ktrain.optim.HyperParameter.LR;
import static io.ktrain.optim.HyperParameter.MAXIMIZE;
import static io.ktrain.optim.HyperParameter.MAX_STEP;
import static io.ktrain.optim.HyperParameter.MIN_STEP;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Updates;
import java.util.List;
import java.util.Map;

/**
 * Steps by the sign of the gradient alone, each element with a step of its own; for whole data sets rather than batches
 * (Riedmiller and Braun, "A Direct Adaptive Method for Faster Backpropagation Learning: The RPROP Algorithm", 1993).
 * torch.optim.Rprop.
 */
public final class Rprop extends FusedOptimizer {
  private static final List<String> STATES = List.of("prev", "step_size");

  public Rprop(List<Parameter> parameters, double lr) {
    this(List.of(new ParamGroup(parameters)), lr, 0.5, 1.2, 1e-6, 50, false);
  }

  public Rprop(List<ParamGroup> groups, double lr, double etaMinus, double etaPlus, double minStep, double maxStep,
      boolean maximize) {
    super(groups, Map.of(LR, lr, ETA_MINUS, etaMinus, ETA_PLUS, etaPlus, MIN_STEP, minStep,
        MAX_STEP, maxStep, MAXIMIZE, flag(maximize)));
  }

  @Override
  double initial(String state, ParamGroup g) {
    return state.equals("step_size") ? g.getLr() : 0;
  }

  @Override
  void update(ParamGroup g, List<Parameter> parameters, State state) {
    run(Updates.RPROP, g, parameters, STATES, sign(g), 0, g.get(ETA_MINUS), g.get(ETA_PLUS),
        g.get(MIN_STEP), g.get(MAX_STEP));
  }

  @Override
  List<String> stateNames() {
    return STATES;
  }

  @Override
  String name() {
    return "Rprop";
  }
}

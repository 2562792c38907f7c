package io.ktrain.optim;

import static io.ktrain.optim.HyperParameter.ALPHA;
import static io.ktrain.optim.HyperParameter.LAMBDA;
import static io.ktrain.optim.HyperParameter.LR;
import static io.ktrain.optim.HyperParameter.MAXIMIZE;
import static io.ktrain.optim.HyperParameter.T0;
import static io.ktrain.optim.HyperParameter.WEIGHT_DECAY;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Updates;
import java.util.List;
import java.util.Map;

/**
 * Gradient descent that averages the parameters from step {@code t0} on (Polyak and Juditsky, "Acceleration of
 * Stochastic Approximation by Averaging", 1992). The average is the state {@code ax}. torch.optim.ASGD.
 */
public final class ASGD extends FusedOptimizer {
  private static final String ETA = "eta", MU = "mu";
  private static final List<String> AVERAGE = List.of("ax");

  public ASGD(List<Parameter> parameters, double lr) {
    this(List.of(new ParamGroup(parameters)), lr, 1e-4, 0.75, 1e6, 0, false);
  }

  public ASGD(List<ParamGroup> groups, double lr, double lambda, double alpha, double t0, double weightDecay,
      boolean maximize) {
    super(groups, Map.of(LR, lr, LAMBDA, lambda, ALPHA, alpha, T0, t0,
        WEIGHT_DECAY, weightDecay, MAXIMIZE, flag(maximize)));
  }

  @Override
  void update(ParamGroup g, List<Parameter> parameters, State state) {
    double lr = g.getLr(), lambda = g.get(LAMBDA);
    double eta = state.numbers.getOrDefault(ETA, lr), mu = state.numbers.getOrDefault(MU, 1.0);
    run(Updates.ASGD, g, parameters, AVERAGE, sign(g), g.get(WEIGHT_DECAY), 1 - lambda * eta, -eta, mu);
    // As in PyTorch these are the next step's: it does not yet see a rate that is changed in between.
    double nextEta = lr / Math.pow(1 + lambda * lr * state.steps, g.get(ALPHA));
    double nextMu = 1 / Math.max(1, state.steps - g.get(T0));
    for (Parameter p : parameters) {
      state(p).numbers.put(ETA, nextEta);
      state(p).numbers.put(MU, nextMu);
    }
  }

  @Override
  List<String> numberNames() {
    return List.of(ETA, MU);
  }

  @Override
  List<String> stateNames() {
    return AVERAGE;
  }

  @Override
  String name() {
    return "ASGD";
  }
}

package io.ktrain.optim;

import static io.ktrain.optim.HyperParameter.BETA1;
import static io.ktrain.optim.HyperParameter.BETA2;
import static io.ktrain.optim.HyperParameter.DECOUPLED;
import static io.ktrain.optim.HyperParameter.EPS;
import static io.ktrain.optim.HyperParameter.LR;
import static io.ktrain.optim.HyperParameter.MAXIMIZE;
import static io.ktrain.optim.HyperParameter.MOMENTUM_DECAY;
import static io.ktrain.optim.HyperParameter.WEIGHT_DECAY;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Updates;
import java.util.List;
import java.util.Map;

/**
 * Adam with Nesterov's momentum (Dozat, "Incorporating Nesterov Momentum into Adam", 2016). With
 * {@code decoupledWeightDecay} it decays as AdamW does. torch.optim.NAdam.
 */
public final class NAdam extends FusedOptimizer {
  private static final String PRODUCT = "mu_product"; // of all momenta so far
  private static final List<String> STATES = List.of("exp_avg", "exp_avg_sq");

  public NAdam(List<Parameter> parameters, double lr) {
    this(List.of(new ParamGroup(parameters)), lr, 0.9, 0.999, 1e-8, 0, 4e-3, false, false);
  }

  public NAdam(List<ParamGroup> groups, double lr, double beta1, double beta2, double eps, double weightDecay,
      double momentumDecay, boolean decoupledWeightDecay, boolean maximize) {
    super(groups, Map.of(LR, lr, BETA1, beta1, BETA2, beta2, EPS, eps,
        WEIGHT_DECAY, weightDecay, MOMENTUM_DECAY, momentumDecay,
        DECOUPLED, flag(decoupledWeightDecay), MAXIMIZE, flag(maximize)));
  }

  private static double momentum(ParamGroup g, double beta1, long step) {
    return beta1 * (1 - 0.5 * StrictMath.pow(0.96, step * g.get(MOMENTUM_DECAY)));
  }

  @Override
  void update(ParamGroup g, List<Parameter> parameters, State state) {
    double lr = g.getLr(), beta1 = g.momentum(BETA1), beta2 = g.get(BETA2);
    double decay = g.get(WEIGHT_DECAY), bias2 = 1 - StrictMath.pow(beta2, state.steps);
    double now = momentum(g, beta1, state.steps), next = momentum(g, beta1, state.steps + 1);
    double momenta = state.numbers.getOrDefault(PRODUCT, 1.0) * now;
    for (Parameter p : parameters) state(p).numbers.put(PRODUCT, momenta);
    double coming = momenta * now * next; // the recorded runs of PyTorch 1.13 have this step's momentum in it twice
    boolean decoupled = g.is(DECOUPLED);
    run(Updates.NADAM, g, parameters, STATES, sign(g), decoupled ? 0 : decay, decoupled ? 1 - lr * decay : 1,
        1 - beta1, beta2, 1 - beta2, bias2, g.get(EPS), -lr * (1 - now) / (1 - momenta), -lr * next / (1 - coming));
  }

  @Override
  List<String> numberNames() {
    return List.of(PRODUCT);
  }

  @Override
  List<String> stateNames() {
    return STATES;
  }

  @Override
  String name() {
    return "NAdam";
  }
}

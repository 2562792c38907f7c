package io.ktrain.optim;

import static io.ktrain.optim.HyperParameter.BETA1;
import static io.ktrain.optim.HyperParameter.BETA2;
import static io.ktrain.optim.HyperParameter.DECOUPLED;
import static io.ktrain.optim.HyperParameter.EPS;
import static io.ktrain.optim.HyperParameter.LR;
import static io.ktrain.optim.HyperParameter.MAXIMIZE;
import static io.ktrain.optim.HyperParameter.WEIGHT_DECAY;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Updates;
import java.util.List;
import java.util.Map;

/**
 * Adam whose rate is rectified while the second moment is known too badly (Liu et al., "On the Variance of the Adaptive
 * Learning Rate and Beyond", 2020). With {@code decoupledWeightDecay} it decays as AdamW does. torch.optim.RAdam.
 */
public final class RAdam extends FusedOptimizer {
  private static final List<String> STATES = List.of("exp_avg", "exp_avg_sq");

  public RAdam(List<Parameter> parameters, double lr) {
    this(List.of(new ParamGroup(parameters)), lr, 0.9, 0.999, 1e-8, 0, false, false);
  }

  public RAdam(List<ParamGroup> groups, double lr, double beta1, double beta2, double eps, double weightDecay,
      boolean decoupledWeightDecay, boolean maximize) {
    super(groups, Map.of(LR, lr, BETA1, beta1, BETA2, beta2, EPS, eps,
        WEIGHT_DECAY, weightDecay, DECOUPLED, flag(decoupledWeightDecay),
        MAXIMIZE, flag(maximize)));
  }

  @Override
  void update(ParamGroup g, List<Parameter> parameters, State state) {
    double lr = g.getLr(), beta1 = g.momentum(BETA1), beta2 = g.get(BETA2);
    double decay = g.get(WEIGHT_DECAY), kept = StrictMath.pow(beta2, state.steps);
    double bias1 = 1 - StrictMath.pow(beta1, state.steps), bias2 = 1 - kept;
    double most = 2 / (1 - beta2) - 1, length = most - 2 * state.steps * kept / bias2;
    boolean adaptive = length > 5, decoupled = g.is(DECOUPLED);
    double ratio = (length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length);
    double rectified = adaptive ? Math.sqrt(ratio) : 0;
    run(Updates.RADAM, g, parameters, STATES, sign(g), decoupled ? 0 : decay, decoupled ? 1 - lr * decay : 1,
        1 - beta1, beta2, 1 - beta2, g.get(EPS), -lr / bias1 * Math.sqrt(bias2) * rectified, adaptive ? 0
            : -lr / bias1);
  }

  @Override
  List<String> stateNames() {
    return STATES;
  }

  @Override
  String name() {
    return "RAdam";
  }
}

package io.ktrain.optim;

import static io.ktrain.optim.HyperParameter.AMSGRAD;
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
 * Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015; weight decay is added to the gradient.
 * torch.optim.Adam.
 */
public sealed class Adam extends FusedOptimizer permits AdamW {
  private static final List<String> MOMENTS = List.of("exp_avg", "exp_avg_sq");
  private static final List<String> AND_LARGEST = List.of("exp_avg", "exp_avg_sq", "max_exp_avg_sq");

  public Adam(List<Parameter> parameters, double lr) {
    this(List.of(new ParamGroup(parameters)), lr, 0.9, 0.999, 1e-8, 0, false, false);
  }

  /**
   * @param amsgrad divide by the largest second moment so far (Reddi et al., "On the Convergence of Adam and Beyond",
   *     2018)
   */
  public Adam(List<ParamGroup> groups, double lr, double beta1, double beta2, double eps, double weightDecay,
      boolean amsgrad, boolean maximize) {
    super(groups, Map.of(LR, lr, BETA1, beta1, BETA2, beta2, EPS, eps,
        WEIGHT_DECAY, weightDecay, AMSGRAD, flag(amsgrad), MAXIMIZE, flag(maximize)));
  }

  /** Whether weight decay shrinks the parameters themselves. */
  boolean isDecoupled() {
    return false;
  }

  @Override
  final void update(ParamGroup g, List<Parameter> parameters, State state) {
    double lr = g.getLr(), beta1 = g.momentum(BETA1), beta2 = g.get(BETA2);
    double decay = g.get(WEIGHT_DECAY);
    double bias1 = 1 - StrictMath.pow(beta1, state.steps), bias2 = 1 - StrictMath.pow(beta2, state.steps);
    run(g.is(AMSGRAD) ? Updates.AMSGRAD : Updates.ADAM, g, parameters, neededStates(g), sign(g),
        isDecoupled() ? 0 : decay,
        isDecoupled() ? 1 - lr * decay : 1, 1 - beta1, beta2, 1 - beta2, Math.sqrt(bias2), g.get(EPS), -lr / bias1);
  }

  @Override
  final List<String> stateNames() {
    return AND_LARGEST;
  }

  @Override
  final List<String> neededStates(ParamGroup g) {
    return g.is(AMSGRAD) ? AND_LARGEST : MOMENTS;
  }

  @Override
  String name() {
    return isDecoupled() ? "AdamW" : "Adam";
  }
}

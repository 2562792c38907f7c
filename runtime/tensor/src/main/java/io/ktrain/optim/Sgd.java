package io.ktrain.optim;

import static io.ktrain.optim.HyperParameter.DAMPENING;
import static io.ktrain.optim.HyperParameter.LR;
import static io.ktrain.optim.HyperParameter.MAXIMIZE;
import static io.ktrain.optim.HyperParameter.MOMENTUM;
import static io.ktrain.optim.HyperParameter.NESTEROV;
import static io.ktrain.optim.HyperParameter.WEIGHT_DECAY;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Updates;
import io.ktrain.tensor.KtrainException;
import java.util.List;
import java.util.Map;

/**
 * Gradient descent, with momentum if asked for (Polyak 1964; Nesterov's: Sutskever et al., "On the importance of
 * initialization and momentum in deep learning", 2013). torch.optim.SGD.
 */
public final class Sgd extends FusedOptimizer {
  private static final List<String> BUFFER = List.of("momentum_buffer");

  public Sgd(List<Parameter> parameters, double lr) {
    this(parameters, lr, 0);
  }

  public Sgd(List<Parameter> parameters, double lr, double momentum) {
    this(List.of(new ParamGroup(parameters)), lr, momentum, 0, 0, false, false);
  }

  public Sgd(List<ParamGroup> groups, double lr, double momentum, double dampening, double weightDecay,
      boolean nesterov, boolean maximize) {
    super(groups, Map.of(LR, lr, MOMENTUM, momentum, DAMPENING, dampening,
        WEIGHT_DECAY, weightDecay, NESTEROV, flag(nesterov), MAXIMIZE, flag(maximize)));
  }

  @Override
  void check(ParamGroup g) {
    double momentum = g.get(MOMENTUM), dampening = g.get(DAMPENING);
    if (g.is(NESTEROV) && (momentum == 0 || dampening != 0))
      throw new KtrainException("Sgd: nesterov needs momentum and no dampening, got momentum " + momentum
          + " and dampening " + dampening + ".");
  }

  @Override
  void update(ParamGroup g, List<Parameter> parameters, State state) {
    double sign = sign(g), decay = g.get(WEIGHT_DECAY), momentum = g.momentum(MOMENTUM);
    if (momentum == 0) { // a group may have none for a while; its buffers wait
      run(Updates.SGD, g, parameters, List.of(), sign, decay, -g.getLr());
      return;
    }
    boolean first = state.tensors.isEmpty(), nesterov = g.is(NESTEROV);
    run(Updates.SGD_MOMENTUM, g, parameters, BUFFER, sign, decay, -g.getLr(), first ? 0 : momentum,
        first ? 1 : 1 - g.get(DAMPENING), nesterov ? momentum : 1, nesterov ? 1 : 0);
  }

  @Override
  List<String> stateNames() {
    return BUFFER;
  }

  @Override
  List<String> neededStates(ParamGroup g) {
    return g.get(MOMENTUM) == 0 ? List.of() : BUFFER;
  }

  @Override
  String name() {
    return "Sgd";
  }
}

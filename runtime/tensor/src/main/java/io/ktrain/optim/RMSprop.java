package io.ktrain.optim;

import static io.ktrain.optim.HyperParameter.ALPHA;
import static io.ktrain.optim.HyperParameter.CENTERED;
import static io.ktrain.optim.HyperParameter.EPS;
import static io.ktrain.optim.HyperParameter.LR;
import static io.ktrain.optim.HyperParameter.MAXIMIZE;
import static io.ktrain.optim.HyperParameter.MOMENTUM;
import static io.ktrain.optim.HyperParameter.WEIGHT_DECAY;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Op;
import io.ktrain.op.Updates;
import java.util.List;
import java.util.Map;

/**
 * Gradients divided by the root of their running mean square (Tieleman and Hinton, Lecture 6.5 of "Neural Networks for
 * Machine Learning", 2012; centered: Graves, "Generating Sequences With Recurrent Neural Networks", 2013).
 * torch.optim.RMSprop.
 */
public final class RMSprop extends FusedOptimizer {
  private static final String SQUARE = "square_avg", MEAN = "grad_avg", BUFFER = "momentum_buffer";

  public RMSprop(List<Parameter> parameters, double lr) {
    this(List.of(new ParamGroup(parameters)), lr, 0.99, 1e-8, 0, 0, false, false);
  }

  public RMSprop(List<ParamGroup> groups, double lr, double alpha, double eps, double weightDecay, double momentum,
      boolean centered, boolean maximize) {
    super(groups, Map.of(LR, lr, ALPHA, alpha, EPS, eps, WEIGHT_DECAY, weightDecay,
        MOMENTUM, momentum, CENTERED, flag(centered), MAXIMIZE, flag(maximize)));
  }

  @Override
  void update(ParamGroup g, List<Parameter> parameters, State state) {
    double alpha = g.get(ALPHA), momentum = g.momentum(MOMENTUM);
    boolean centered = g.is(CENTERED), buffered = momentum != 0;
    Op<double[]> op = centered ? buffered ? Updates.RMSPROP_CENTERED_MOMENTUM : Updates.RMSPROP_CENTERED
        : buffered ? Updates.RMSPROP_MOMENTUM : Updates.RMSPROP;
    run(op, g, parameters, names(centered, buffered), sign(g), g.get(WEIGHT_DECAY), -g.getLr(), alpha, 1 - alpha,
        g.get(EPS), momentum);
  }

  @Override
  List<String> stateNames() {
    return names(true, true);
  }

  @Override
  List<String> neededStates(ParamGroup g) {
    return names(g.is(CENTERED), g.get(MOMENTUM) != 0);
  }

  private static List<String> names(boolean centered, boolean buffered) {
    return centered ? buffered ? List.of(SQUARE, MEAN, BUFFER) : List.of(SQUARE, MEAN)
        : buffered ? List.of(SQUARE, BUFFER) : List.of(SQUARE);
  }

  @Override
  String name() {
    return "RMSprop";
  }
}

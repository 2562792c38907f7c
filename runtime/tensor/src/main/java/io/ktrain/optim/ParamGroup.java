package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import io.ktrain.tensor.KtrainException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Parameters that are stepped alike: with a learning rate and other hyper-parameters of their own, and with the
 * optimizer's where they were given none. PyTorch's param_groups.
 */
public final class ParamGroup {
  private final List<Parameter> parameters;
  private final Map<HyperParameter, Double> values = new EnumMap<>(HyperParameter.class);
  private double initialLr = Double.NaN; // until an optimizer takes the group
  private double momentum = Double.NaN;

  public ParamGroup(List<Parameter> parameters) {
    this.parameters = List.copyOf(parameters);
  }

  public ParamGroup(List<Parameter> parameters, double lr) {
    this(parameters);
    set(HyperParameter.LR, lr);
  }

  public List<Parameter> parameters() {
    return parameters;
  }

  /**
   * Sets a hyper-parameter of this group; gives the group. Taken by an optimizer, the group changes from its next step
   * on.
   */
  public ParamGroup set(HyperParameter which, double value) {
    values.put(which, value);
    return this;
  }

  /** A hyper-parameter now; NaN where neither this nor its optimizer has it. */
  public double get(HyperParameter which) {
    return values.getOrDefault(which, Double.NaN);
  }

  /** The learning rate now. */
  public double getLr() {
    return get(HyperParameter.LR);
  }

  public void setLr(double lr) {
    set(HyperParameter.LR, lr);
  }

  /** The learning rate it was given, which schedules multiply. */
  public double initialLr() {
    return initialLr;
  }

  boolean is(HyperParameter which) {
    return get(which) != 0;
  }

  /** The momentum (of Adam and its kin the first beta, {@code which}) now. */
  double momentum(HyperParameter which) {
    return Double.isNaN(momentum) ? get(which) : momentum;
  }

  /**
   * Takes the place of the group's own momentum (of Adam: the first beta), as one-cycle schedules want; NaN gives it
   * back.
   */
  public void setMomentum(double momentum) {
    this.momentum = momentum;
  }

  Map<HyperParameter, Double> values() {
    return values;
  }

  /** Its values, and {@code defaults} for what it has none of; refuses what the optimizer has not. */
  Map<HyperParameter, Double> values(String optimizer, Map<HyperParameter, Double> defaults) {
    if (!Double.isNaN(initialLr))
      throw new KtrainException(optimizer + ": a group is another optimizer's, whose learning rate and schedule it has."
          + " Fix: a new ParamGroup over the same parameters.");
    values.forEach((which, value) -> {
      if (!defaults.containsKey(which))
        throw new KtrainException(optimizer + ": a group sets " + which + ", which " + optimizer
            + " does not have; it has "
            + String.join(", ", defaults.keySet().stream().map(HyperParameter::toString).toList()) + ".");
    });
    var all = new EnumMap<HyperParameter, Double>(defaults);
    all.putAll(values);
    return all;
  }

  /** From now on it is an optimizer's, with a value for each of its hyper-parameters. */
  void take(Map<HyperParameter, Double> all, double initialLr) {
    values.putAll(all);
    this.initialLr = initialLr;
  }
}

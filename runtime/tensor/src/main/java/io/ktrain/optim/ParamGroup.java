package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import java.util.List;

/** Parameters that share a learning rate; until an optimizer takes it, a group without one of its own takes the optimizer's. */
public final class ParamGroup {
  private final List<Parameter> parameters;
  private double initialLr;
  private double lr;

  public ParamGroup(List<Parameter> parameters) {
    this(parameters, Double.NaN);
  }

  public ParamGroup(List<Parameter> parameters, double lr) {
    this.parameters = List.copyOf(parameters);
    this.initialLr = lr;
    this.lr = lr;
  }

  public List<Parameter> parameters() {
    return parameters;
  }

  /** The learning rate now. */
  public double getLr() {
    return lr;
  }

  public void setLr(double lr) {
    this.lr = lr;
  }

  /** The learning rate it was given, which schedules multiply. */
  public double initialLr() {
    return initialLr;
  }

  void orElse(double optimizers) {
    if (Double.isNaN(initialLr)) initialLr = lr = optimizers;
  }
}

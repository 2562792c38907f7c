package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import java.util.List;

/** Parameters that share a learning rate; until an optimizer takes it, a group without one of its own takes the optimizer's. */
public final class ParamGroup {
  private final List<Parameter> parameters;
  private double initialLr;
  private double lr;
  private double momentum = Double.NaN;

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

  /** The momentum (of Adam: the first beta) now, where the optimizer's own is {@code optimizers}. */
  double momentum(double optimizers) {
    return Double.isNaN(momentum) ? optimizers : momentum;
  }

  /** Takes the place of the optimizer's own momentum (of Adam: the first beta), as one-cycle schedules want; NaN gives it back. */
  public void setMomentum(double momentum) {
    this.momentum = momentum;
  }

  void orElse(double optimizers) {
    if (Double.isNaN(initialLr)) initialLr = lr = optimizers;
  }
}

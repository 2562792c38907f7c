package io.ktrain.optim;

import io.ktrain.tensor.KtrainException;

/**
 * The learning rate over a run. {@code fit} asks before every optimizer step, for every parameter group; a loop of your
 * own does the same with {@link #apply}. Steps and epochs count from 0. A schedule keeps no state: the same place of a
 * run always has the same rate.
 *
 * <p>Those that PyTorch steps once an epoch look at the epoch alone; cosine, warm-up and one-cycle move with each step.
 */
@FunctionalInterface
public interface Schedule {
  /**
   * The rate of one step.
   *
   * @param base the group's own learning rate
   * @param step how many optimizer steps the run has made
   * @param steps how many it will make in all
   * @param epoch the epoch the step belongs to
   */
  double lr(double base, int step, int steps, int epoch);

  /** The momentum (of Adam: the first beta) of one step; NaN leaves the optimizer's own. */
  default double momentum(int step, int steps, int epoch) {
    return Double.NaN;
  }

  /** Sets what the optimizer's next step, the {@code step}-th of {@code steps}, uses. */
  default void apply(Optimizer optimizer, int step, int steps, int epoch) {
    for (ParamGroup group : optimizer.getGroups()) {
      group.setLr(lr(group.initialLr(), step, steps, epoch));
      group.setMomentum(momentum(step, steps, epoch));
    }
  }

  /** Falls from the base to {@code etaMin} along half a cosine over the run, after a linear rise at its start. */
  static Schedule cosine(double warmup, double etaMin) {
    if (!(warmup >= 0 && warmup < 1))
      throw new KtrainException("cosine: warmup is a part of the run, from 0 up to but not 1, got " + warmup
          + ". Fix: 0.05 for the first twentieth of all steps.");
    return (base, step, steps, epoch) -> {
      double rise = warmup * steps;
      if (step < rise) return base * Math.min(1, (step + 1) / rise);
      return etaMin + (base - etaMin) * (1 + Math.cos(Math.PI * (step - rise) / (steps - rise))) / 2;
    };
  }

  /** PyTorch's CosineAnnealingLR: down to {@code etaMin} in {@code tMax} epochs, up again in as many, and so on. */
  static Schedule cosineAnnealing(int tMax, double etaMin) {
    atLeastOne("cosineAnnealing", "tMax", tMax);
    return (base, step, steps, epoch) -> etaMin + (base - etaMin) * (1 + Math.cos(Math.PI * epoch / tMax)) / 2;
  }

  /** PyTorch's CosineAnnealingWarmRestarts: falls over t0 epochs, starts again, each round tMult times as long. */
  static Schedule cosineRestarts(int t0, int tMult, double etaMin) {
    atLeastOne("cosineRestarts", "t0", t0);
    atLeastOne("cosineRestarts", "tMult", tMult);
    return (base, step, steps, epoch) -> {
      long at = epoch, round = t0;
      for (; at >= round; round *= tMult) at -= round;
      return etaMin + (base - etaMin) * (1 + Math.cos(Math.PI * at / round)) / 2;
    };
  }

  /** PyTorch's StepLR: times gamma every {@code stepSize} epochs. */
  static Schedule stepLr(int stepSize, double gamma) {
    atLeastOne("stepLr", "stepSize", stepSize);
    return (base, step, steps, epoch) -> base * Math.pow(gamma, epoch / stepSize);
  }

  /** PyTorch's MultiStepLR: times gamma at each milestone, an epoch; one that is named twice counts twice. */
  static Schedule multiStepLr(double gamma, int... milestones) {
    int[] at = milestones.clone();
    return (base, step, steps, epoch) -> {
      double lr = base;
      for (int m : at) if (epoch >= m) lr *= gamma;
      return lr;
    };
  }

  /** PyTorch's ExponentialLR: times gamma every epoch. */
  static Schedule exponential(double gamma) {
    return (base, step, steps, epoch) -> base * Math.pow(gamma, epoch);
  }

  /** PyTorch's LinearLR: from startFactor to endFactor times the base over the first {@code totalSteps} steps. */
  static Schedule linearWarmup(int totalSteps, double startFactor, double endFactor) {
    atLeastOne("linearWarmup", "totalSteps", totalSteps);
    return (base, step, steps, epoch) ->
        base * (startFactor + (endFactor - startFactor) * Math.min(step, totalSteps) / totalSteps);
  }

  /** PyTorch's ConstantLR: factor times the base for the first {@code totalEpochs}, then the base. */
  static Schedule constant(double factor, int totalEpochs) {
    return (base, step, steps, epoch) -> epoch < totalEpochs ? base * factor : base;
  }

  /** PyTorch's PolynomialLR: falls to 0 over {@code totalEpochs} as (1 - t)^power. */
  static Schedule polynomial(int totalEpochs, double power) {
    atLeastOne("polynomial", "totalEpochs", totalEpochs);
    return (base, step, steps, epoch) ->
        base * Math.pow(1 - (double) Math.min(epoch, totalEpochs) / totalEpochs, power);
  }

  /** PyTorch's OneCycleLR with its defaults: up to {@code maxLr} over the first three tenths, down for the rest. */
  static Schedule oneCycle(double maxLr) {
    return oneCycle(maxLr, 0.3, 25, 1e4);
  }

  /**
   * PyTorch's OneCycleLR: from maxLr / divFactor up to maxLr over the first {@code pctStart} of all steps, then down to
   * the start / finalDivFactor, along cosines, while the momentum goes from 0.95 to 0.85 and back. The base is unused.
   */
  static Schedule oneCycle(double maxLr, double pctStart, double divFactor, double finalDivFactor) {
    return new OneCycle(maxLr, pctStart, divFactor, finalDivFactor);
  }

  private static void atLeastOne(String schedule, String what, int value) {
    if (value < 1) throw new KtrainException(schedule + ": " + what + " must be at least 1, got " + value + ".");
  }
}

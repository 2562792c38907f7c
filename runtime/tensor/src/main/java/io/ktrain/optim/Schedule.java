package io.ktrain.optim;

import io.ktrain.tensor.KtrainException;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/**
 * The learning rate over a run. {@code fit} asks before every optimizer step, for every parameter group; a loop of your
 * own does the same with {@link #apply}. A schedule keeps no state: the same place of a run always has the same rate.
 * Only {@link Plateau} remembers how the run went.
 *
 * <p>Those that PyTorch steps once an epoch look at the epoch alone; cosine, warm-up, cyclic and one-cycle move with
 * each step.
 */
@FunctionalInterface
public interface Schedule {
  /** The rate of one step, where the group's own learning rate is {@code base}. */
  double lr(double base, Moment at);

  /** The momentum (of Adam: the first beta) of one step; NaN leaves the optimizer's own. */
  default double momentum(Moment at) {
    return Double.NaN;
  }

  /** Sets what the optimizer's next step, the one at this place, uses. */
  default void apply(Optimizer optimizer, Moment at) {
    for (ParamGroup group : optimizer.getGroups()) {
      group.setLr(lr(group.initialLr(), at));
      group.setMomentum(momentum(at));
    }
  }

  /** Falls from the base to {@code etaMin} along half a cosine over the run, after a linear rise at its start. */
  static Schedule cosine(double warmup, double etaMin) {
    if (!(warmup >= 0 && warmup < 1))
      throw new KtrainException("cosine: warmup is a part of the run, from 0 up to but not 1, got " + warmup
          + ". Fix: 0.05 for the first twentieth of all steps.");
    return (base, at) -> {
      double rise = warmup * at.steps();
      if (at.step() < rise) return base * Math.min(1, (at.step() + 1) / rise);
      return etaMin + (base - etaMin) * (1 + Math.cos(Math.PI * (at.step() - rise) / (at.steps() - rise))) / 2;
    };
  }

  /** PyTorch's CosineAnnealingLR: down to {@code etaMin} in {@code tMax} epochs, up again in as many, and so on. */
  static Schedule cosineAnnealing(int tMax, double etaMin) {
    atLeastOne("cosineAnnealing", "tMax", tMax);
    return (base, at) -> etaMin + (base - etaMin) * (1 + Math.cos(Math.PI * at.epoch() / tMax)) / 2;
  }

  /** PyTorch's CosineAnnealingWarmRestarts: falls over t0 epochs, starts again, each round tMult times as long. */
  static Schedule cosineRestarts(int t0, int tMult, double etaMin) {
    atLeastOne("cosineRestarts", "t0", t0);
    atLeastOne("cosineRestarts", "tMult", tMult);
    return (base, at) -> {
      long place = at.epoch(), round = t0;
      for (; place >= round; round *= tMult) place -= round;
      return etaMin + (base - etaMin) * (1 + Math.cos(Math.PI * place / round)) / 2;
    };
  }

  /** PyTorch's StepLR: times gamma every {@code stepSize} epochs. */
  static Schedule stepLr(int stepSize, double gamma) {
    atLeastOne("stepLr", "stepSize", stepSize);
    return (base, at) -> base * Math.pow(gamma, at.epoch() / stepSize);
  }

  /** PyTorch's MultiStepLR: times gamma at each milestone, an epoch; one that is named twice counts twice. */
  static Schedule multiStepLr(double gamma, int... milestones) {
    int[] epochs = milestones.clone();
    return (base, at) -> {
      double lr = base;
      for (int m : epochs) if (at.epoch() >= m) lr *= gamma;
      return lr;
    };
  }

  /** PyTorch's ExponentialLR: times gamma every epoch. */
  static Schedule exponential(double gamma) {
    return (base, at) -> base * Math.pow(gamma, at.epoch());
  }

  /** From startFactor to endFactor times the base over the first {@code totalSteps} steps. */
  static Schedule linearWarmup(int totalSteps, double startFactor, double endFactor) {
    atLeastOne("linearWarmup", "totalSteps", totalSteps);
    return (base, at) -> base * between(startFactor, endFactor, at.step(), totalSteps);
  }

  /** PyTorch's LinearLR: as {@link #linearWarmup}, in epochs. */
  static Schedule linear(int totalEpochs, double startFactor, double endFactor) {
    atLeastOne("linearLr", "totalEpochs", totalEpochs);
    return (base, at) -> base * between(startFactor, endFactor, at.epoch(), totalEpochs);
  }

  private static double between(double start, double end, int done, int total) {
    return start + (end - start) * Math.min(done, total) / total;
  }

  /** PyTorch's ConstantLR: factor times the base for the first {@code totalEpochs}, then the base. */
  static Schedule constant(double factor, int totalEpochs) {
    return (base, at) -> at.epoch() < totalEpochs ? base * factor : base;
  }

  /** PyTorch's PolynomialLR: falls to 0 over {@code totalEpochs} as (1 - t)^power. */
  static Schedule polynomial(int totalEpochs, double power) {
    atLeastOne("polynomial", "totalEpochs", totalEpochs);
    return (base, at) ->
        base * Math.pow(1 - (double) Math.min(at.epoch(), totalEpochs) / totalEpochs, power);
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

  /** PyTorch's LambdaLR: {@code factor} of the epoch, from 0, times the base. */
  static Schedule lambda(IntToDoubleFunction factor) {
    return (base, at) -> base * factor.applyAsDouble(at.epoch());
  }

  /** PyTorch's MultiplicativeLR: times {@code factor} of the epoch as each begins but the first. */
  static Schedule multiplicative(IntToDoubleFunction factor) {
    return (base, at) -> {
      double lr = base;
      for (int e = 1; e <= at.epoch(); e++) lr *= factor.applyAsDouble(e);
      return lr;
    };
  }

  /**
   * PyTorch's CyclicLR: from {@code baseLr} up to {@code maxLr} in {@code stepSizeUp} steps, down in {@code
   * stepSizeDown}, and so on; with {@code cycleMomentum} the momentum goes the other way, from 0.9 to 0.8. The group's
   * own rate is unused.
   */
  static Schedule cyclic(double baseLr, double maxLr, int stepSizeUp, int stepSizeDown, Cyclic.Mode mode, double gamma,
      boolean cycleMomentum) {
    atLeastOne("cyclic", "stepSizeUp", stepSizeUp);
    atLeastOne("cyclic", "stepSizeDown", stepSizeDown);
    return new Cyclic(baseLr, maxLr, stepSizeUp, stepSizeDown, mode, gamma, cycleMomentum);
  }

  /**
   * PyTorch's SequentialLR: one schedule after another, the next beginning with each milestone, an epoch. Each counts
   * from its own beginning.
   */
  static Schedule sequential(List<Schedule> schedules, int... milestones) {
    return new Sequence(List.copyOf(schedules), milestones.clone());
  }

  /** PyTorch's ChainedScheduler: all at once, each working on the rate that the one before gives. */
  static Schedule chained(Schedule... schedules) {
    List<Schedule> all = List.of(schedules);
    return (base, at) -> {
      double lr = base;
      for (Schedule s : all) lr = s.lr(lr, at);
      return lr;
    };
  }

  /**
   * PyTorch's SWALR: as {@code before} until epoch {@code start}, from there to {@code swaLr} over
   * {@code annealEpochs}, along a cosine or a line, and there it stays.
   */
  static Schedule swa(Schedule before, int start, double swaLr, int annealEpochs, boolean linear) {
    if (start < 0 || annealEpochs < 0 || !(swaLr >= 0))
      throw new KtrainException("swa: start, annealEpochs and lr must be at least 0, got " + start + ", " + annealEpochs
          + " and " + swaLr + ".");
    return (base, at) -> {
      if (at.epoch() < start) return before.lr(base, at);
      double left = before.lr(base, new Moment(at.firstStep(start), at.steps(), start, at.epochs()));
      double part = annealEpochs == 0 ? 1 : Math.min(1, (double) (at.epoch() - start) / annealEpochs);
      double there = linear ? part : (1 - Math.cos(Math.PI * part)) / 2;
      return swaLr * there + left * (1 - there);
    };
  }

  private static void atLeastOne(String schedule, String what, int value) {
    if (value < 1) throw new KtrainException(schedule + ": " + what + " must be at least 1, got " + value + ".");
  }
}

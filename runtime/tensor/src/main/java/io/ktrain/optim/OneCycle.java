package io.ktrain.optim;

import io.ktrain.tensor.KtrainException;

/** Smith and Topin, "Super-Convergence", 2018, with PyTorch's counting. */
record OneCycle(double maxLr, double pctStart, double divFactor, double finalDivFactor) implements Schedule {
  private static final double BASE_MOMENTUM = 0.85;
  private static final double MAX_MOMENTUM = 0.95;

  OneCycle {
    if (!(pctStart >= 0 && pctStart <= 1))
      throw new KtrainException("oneCycle: pctStart is a part of the run, from 0 to 1, got " + pctStart + ".");
  }

  @Override
  public double lr(double base, Moment at) {
    double start = maxLr / divFactor;
    return cycle(start, maxLr, start / finalDivFactor, at.step(), at.steps());
  }

  @Override
  public double momentum(Moment at) {
    return cycle(MAX_MOMENTUM, BASE_MOMENTUM, MAX_MOMENTUM, at.step(), at.steps());
  }

  private double cycle(double start, double top, double end, int step, int steps) {
    double rise = pctStart * steps - 1, last = steps - 1;
    if (step <= rise) return rise == 0 ? top : between(start, top, step / rise);
    return last > rise ? between(top, end, (step - rise) / (last - rise)) : end;
  }

  private static double between(double from, double to, double part) {
    return to + (from - to) / 2 * (1 + Math.cos(Math.PI * part));
  }
}

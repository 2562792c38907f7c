package io.ktrain.optim;

/** Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, with PyTorch's counting. */
public record Cyclic(double baseLr, double maxLr, int stepSizeUp, int stepSizeDown, Mode mode, double gamma,
    boolean cycleMomentum) implements Schedule {
  private static final double BASE_MOMENTUM = 0.8;
  private static final double MAX_MOMENTUM = 0.9;

  /** How far up a cycle goes: always all the way, half as far each time, or gamma to the power of the step. */
  public enum Mode { TRIANGULAR, TRIANGULAR2, EXP_RANGE }

  @Override
  public double lr(double base, Moment at) {
    return baseLr + (maxLr - baseLr) * height(at.step());
  }

  @Override
  public double momentum(Moment at) {
    return cycleMomentum ? MAX_MOMENTUM - (MAX_MOMENTUM - BASE_MOMENTUM) * height(at.step()) : Double.NaN;
  }

  /** How far up a step is, from 0 to 1. */
  private double height(int step) {
    int length = stepSizeUp + stepSizeDown, cycle = step / length, within = step % length;
    double up = within <= stepSizeUp ? (double) within / stepSizeUp : (double) (length - within) / stepSizeDown;
    return up * switch (mode) {
      case TRIANGULAR -> 1;
      case TRIANGULAR2 -> Math.pow(0.5, cycle);
      case EXP_RANGE -> Math.pow(gamma, step);
    };
  }
}

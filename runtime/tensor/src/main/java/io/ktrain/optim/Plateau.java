package io.ktrain.optim;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.StateDictError;
import io.ktrain.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Lowers the rate when a value stops improving: {@link #observe} takes it, once an epoch. The only schedule that
 * remembers how the run went. PyTorch's ReduceLROnPlateau.
 */
public final class Plateau implements Schedule {
  /** PyTorch's: a rate that would change by less stays. */
  private static final double LEAST_CHANGE = 1e-8;

  private final boolean smaller;
  private final double factor;
  private final int patience;
  private final double threshold;
  private final boolean relative;
  private final int cooldown;
  private final double minLr;
  private double best = Double.NaN;
  private int waited;
  private int resting;
  private int reductions;

  /**
   * @param smaller whether less is better
   * @param factor what the rate is multiplied by, below 1
   * @param patience epochs without improvement that are let pass
   * @param threshold by how much a value must be better to count: a part of the best if {@code relative}, which of a
   *     best below 0 lies on its other side, as in PyTorch
   * @param cooldown epochs after a reduction that do not count
   * @param minLr the rate never falls below
   */
  public Plateau(boolean smaller, double factor, int patience, double threshold, boolean relative, int cooldown,
      double minLr) {
    if (!(factor > 0 && factor < 1))
      throw new KtrainException("plateau: factor must lie between 0 and 1, got " + factor + ".");
    if (patience < 0 || cooldown < 0 || !(threshold >= 0) || !(minLr >= 0))
      throw new KtrainException("plateau: patience, cooldown, threshold and minLr must be at least 0, got " + patience
          + ", " + cooldown + ", " + threshold + " and " + minLr + ".");
    this.smaller = smaller;
    this.factor = factor;
    this.patience = patience;
    this.threshold = threshold;
    this.relative = relative;
    this.cooldown = cooldown;
    this.minLr = minLr;
  }

  /** PyTorch's defaults: a tenth after ten epochs without an improvement of one in ten thousand. */
  public Plateau(boolean smaller) {
    this(smaller, 0.1, 10, 1e-4, true, 0, 0);
  }

  /** The value of the epoch that ended. */
  public void observe(double value) {
    if (isBetter(value)) {
      best = value;
      waited = 0;
    } else {
      waited++;
    }
    if (resting > 0) {
      resting--;
      waited = 0;
    }
    if (waited > patience) {
      reductions++;
      resting = cooldown;
      waited = 0;
    }
  }

  private boolean isBetter(double value) {
    if (Double.isNaN(best)) return !Double.isNaN(value);
    double sign = smaller ? -1 : 1, bound = relative ? best * (1 + sign * threshold) : best + sign * threshold;
    return smaller ? value < bound : value > bound;
  }

  @Override
  public double lr(double base, Moment at) {
    double lr = base;
    for (int i = 0; i < reductions; i++) {
      double lower = Math.max(lr * factor, minLr);
      if (lr - lower > LEAST_CHANGE) lr = lower;
    }
    return lr;
  }

  /** What it remembers, to go on with a run. */
  public Map<String, Tensor> stateDict() {
    var all = new LinkedHashMap<String, Tensor>();
    all.put("best", OptimizerState.number(best));
    all.put("num_bad_epochs", OptimizerState.number(waited));
    all.put("cooldown_counter", OptimizerState.number(resting));
    all.put("reductions", OptimizerState.number(reductions));
    return all;
  }

  /** Takes up what {@link #stateDict} gave. */
  public void load(Map<String, Tensor> state) {
    Map<String, Tensor> mine = stateDict();
    if (!state.keySet().equals(mine.keySet()) || state.values().stream().anyMatch(t -> t.numel() != 1))
      throw new StateDictError("load: the saved state is not a plateau's: it has " + state.keySet() + ", expected "
          + mine.keySet() + ", each one number.");
    best = state.get("best").toDoubleArray()[0];
    waited = (int) state.get("num_bad_epochs").toDoubleArray()[0];
    resting = (int) state.get("cooldown_counter").toDoubleArray()[0];
    reductions = (int) state.get("reductions").toDoubleArray()[0];
  }
}

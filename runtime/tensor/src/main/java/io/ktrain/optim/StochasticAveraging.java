package io.ktrain.optim;

import io.ktrain.tensor.KtrainException;
import java.util.List;

/** A schedule until epoch {@code start}, then over {@code annealEpochs} from where it was to {@code swaLr}. */
record StochasticAveraging(Schedule before, int start, double swaLr, int annealEpochs, boolean linear)
    implements Schedule {
  StochasticAveraging {
    if (start < 0 || annealEpochs < 0 || !(swaLr >= 0))
      throw new KtrainException("swa: start, annealEpochs and lr must be at least 0, got " + start + ", " + annealEpochs
          + " and " + swaLr + ".");
  }

  @Override
  public double lr(double base, Moment at) {
    double left = before.lr(base, left(at));
    if (at.epoch() < start) return left;
    double part = annealEpochs == 0 ? 1 : Math.min(1, (double) (at.epoch() - start) / annealEpochs);
    double there = linear ? part : (1 - Math.cos(Math.PI * part)) / 2;
    return swaLr * there + left * (1 - there);
  }

  @Override
  public double momentum(Moment at) {
    return before.momentum(left(at));
  }

  @Override
  public List<Schedule> active(Moment at) {
    return at.epoch() < start ? before.active(at) : List.of();
  }

  /** The place that the schedule before is asked for: from the start on always the start. */
  private Moment left(Moment at) {
    return at.epoch() < start ? at : new Moment(at.firstStep(start), at.steps(), start, at.epochs());
  }
}

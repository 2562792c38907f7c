package io.ktrain.optim;

import io.ktrain.tensor.KtrainException;
import java.util.Arrays;
import java.util.List;

/** Schedules one after another. */
record Sequence(List<Schedule> schedules, int[] milestones) implements Schedule {
  Sequence {
    boolean rising = true;
    for (int i = 1; i < milestones.length; i++) rising &= milestones[i] > milestones[i - 1];
    rising &= milestones.length == 0 || milestones[0] >= 1;
    if (schedules.isEmpty() || milestones.length != schedules.size() - 1 || !rising)
      throw new KtrainException("sequential: " + schedules.size()
          + " schedules need one rising milestone between each two, got "
          + Arrays.toString(milestones) + ".");
  }

  @Override
  public double lr(double base, Moment at) {
    int i = which(at);
    return schedules.get(i).lr(base, within(i, at));
  }

  @Override
  public double momentum(Moment at) {
    int i = which(at);
    return schedules.get(i).momentum(within(i, at));
  }

  @Override
  public List<Schedule> active(Moment at) {
    int i = which(at);
    return schedules.get(i).active(within(i, at));
  }

  private int which(Moment at) {
    int i = 0;
    while (i < milestones.length && at.epoch() >= milestones[i]) i++;
    return i;
  }

  /** The place within schedule {@code i}'s part of the run, which ends where the next begins. */
  private Moment within(int i, Moment at) {
    int from = i == 0 ? 0 : milestones[i - 1];
    int to = i < milestones.length ? Math.min(milestones[i], at.epochs()) : at.epochs();
    int begun = at.firstStep(from), ended = at.firstStep(to);
    return new Moment(at.step() - begun, Math.max(1, ended - begun), at.epoch() - from, Math.max(1, to - from));
  }
}

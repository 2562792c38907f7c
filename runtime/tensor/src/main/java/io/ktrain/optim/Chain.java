package io.ktrain.optim;

import java.util.List;

/** Schedules all at once. */
record Chain(List<Schedule> schedules) implements Schedule {
  @Override
  public double lr(double base, Moment at) {
    double lr = base;
    for (Schedule s : schedules) lr = s.lr(lr, at);
    return lr;
  }

  @Override
  public double momentum(Moment at) {
    return schedules.stream().mapToDouble(s -> s.momentum(at)).filter(m -> !Double.isNaN(m))
        .reduce(Double.NaN, (before, last) -> last);
  }

  @Override
  public List<Schedule> active(Moment at) {
    return schedules.stream().flatMap(s -> s.active(at).stream()).toList();
  }
}

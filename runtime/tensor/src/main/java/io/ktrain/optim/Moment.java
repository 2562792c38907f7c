package io.ktrain.optim;

/**
 * A place of a run, all counted from 0.
 *
 * @param step how many optimizer steps the run has made
 * @param steps how many it will make in all
 * @param epoch the epoch the step belongs to
 * @param epochs how many there will be in all
 */
public record Moment(int step, int steps, int epoch, int epochs) {
  /** The first step of an epoch. */
  int firstStep(int epoch) {
    return (int) ((long) steps * epoch / epochs);
  }
}

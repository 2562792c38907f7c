package io.ktrain.optim;

import io.ktrain.tensor.Tensor;
import java.util.function.DoubleFunction;

/**
 * A line search for a step that lowers the loss enough and flattens its slope enough: the strong Wolfe conditions
 * (Nocedal and Wright, "Numerical Optimization", 2006, algorithms 3.5 and 3.6), with the safeguards of minFunc and
 * torch.optim.LBFGS.
 */
final class StrongWolfe {
  private static final double ENOUGH_DECREASE = 1e-4;
  private static final double ENOUGH_CURVATURE = 0.9;
  private static final int MOST_EVALUATIONS = 25;

  /** The loss {@code step} along the direction, with its gradient and its slope in that direction. */
  record Point(double step, double loss, Tensor gradient, double slope) {}

  private final Point start;
  private final DoubleFunction<Point> along;
  private int tries;

  private StrongWolfe(Point start, DoubleFunction<Point> along) {
    this.start = start;
    this.along = along;
  }

  /**
   * The point to go to.
   *
   * @param start step 0
   * @param first the step to try first
   * @param largest the largest element of the direction
   * @param tolerance an interval in which no parameter moves by more is not searched any further
   */
  static Point search(Point start, double first, double largest, double tolerance, DoubleFunction<Point> along) {
    return new StrongWolfe(start, along).bracket(first, largest, tolerance);
  }

  /** Widens the step until a good one must lie below it. */
  private Point bracket(double first, double largest, double tolerance) {
    Point before = start, now = along.apply(first);
    for (; tries < MOST_EVALUATIONS; tries++) {
      if (!isLower(now) || tries > 1 && now.loss >= before.loss) return zoom(before, now, largest, tolerance);
      if (isFlat(now)) return now;
      if (now.slope >= 0) return zoom(before, now, largest, tolerance);
      double next = lowest(before, now, now.step + 0.01 * (now.step - before.step), 10 * now.step);
      before = now;
      now = along.apply(next);
    }
    return start.loss <= now.loss ? start : now;
  }

  /** Narrows an interval that holds a good step. */
  private Point zoom(Point a, Point b, double largest, double tolerance) {
    Point low = a.loss <= b.loss ? a : b, high = low == a ? b : a;
    boolean wasNearAnEnd = false;
    while (tries < MOST_EVALUATIONS && Math.abs(high.step - low.step) * largest >= tolerance) {
      double left = Math.min(low.step, high.step), right = Math.max(low.step, high.step), margin = 0.1 * (right - left);
      double step = lowest(low, high, left, right);
      boolean nearAnEnd = Math.min(right - step, step - left) < margin;
      if (nearAnEnd && (wasNearAnEnd || step >= right || step <= left)) {
        step = right - step < step - left ? right - margin : left + margin;
        nearAnEnd = false;
      }
      wasNearAnEnd = nearAnEnd;
      Point now = along.apply(step);
      tries++;
      if (!isLower(now) || now.loss >= low.loss) {
        high = now;
        if (high.loss < low.loss) {
          high = low;
          low = now;
        }
      } else {
        if (isFlat(now)) return now;
        if (now.slope * (high.step - low.step) >= 0) high = low;
        low = now;
      }
    }
    return low;
  }

  private boolean isLower(Point p) {
    return !(p.loss > start.loss + ENOUGH_DECREASE * p.step * start.slope);
  }

  private boolean isFlat(Point p) {
    return Math.abs(p.slope) <= -ENOUGH_CURVATURE * start.slope;
  }

  /**
   * Where the cubic through two points and their slopes is lowest, held to an interval; its middle where there is no
   * such place.
   */
  private static double lowest(Point p, Point q, double low, double high) {
    Point a = p.step <= q.step ? p : q, b = a == p ? q : p;
    double mean = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.step - b.step),
        square = mean * mean - a.slope * b.slope;
    if (!(square >= 0)) return (low + high) / 2;
    double root = Math.sqrt(square);
    double at = b.step - (b.step - a.step) * ((b.slope + root - mean) / (b.slope - a.slope + 2 * root));
    return Math.min(Math.max(at, low), high);
  }
}

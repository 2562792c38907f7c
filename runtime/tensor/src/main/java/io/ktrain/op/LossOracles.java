package io.ktrain.op;

import io.ktrain.tensor.Reduction;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** What losses should give, element by element in double; see {@link OpTests#reference}. */
final class LossOracles {
  private LossOracles() {}

  /** The loss of one element, of the inputs' values there; an input that is not given counts as 1. */
  interface Element<A> {
    double of(A attributes, double[] values);
  }

  /** The loss of one row. */
  interface Row<A> {
    double of(A attributes, int row);
  }

  static <A> OpTests.Oracle<A> each(Function<A, Reduction> reduction, Element<A> loss) {
    return (a, in) -> reduced(reduction.apply(a), NdArray.by(in.get(0).shape(), i -> {
      double[] values = new double[in.size()];
      for (int k = 0; k < values.length; k++) values[k] = in.get(k) == null ? 1 : Oracles.broadcast(in.get(k), i);
      return loss.of(a, values);
    }));
  }

  static <A> NdArray rows(A attributes, Reduction reduction, int count, Row<A> loss) {
    NdArray losses = NdArray.zeros(count);
    for (int i = 0; i < count; i++) losses.data()[i] = loss.of(attributes, i);
    return reduced(reduction, losses);
  }

  static NdArray reduced(Reduction reduction, NdArray losses) {
    double sum = Arrays.stream(losses.data()).sum();
    return switch (reduction) {
      case NONE -> losses;
      case SUM -> one(sum);
      case MEAN -> one(sum / losses.data().length);
      case BATCHMEAN -> one(sum / (losses.shape().length == 0 ? 1 : losses.shape()[0]));
    };
  }

  static NdArray one(double value) {
    return new NdArray(new int[0], new double[] {value});
  }

  static NdArray meanOfLast(NdArray x) {
    int n = x.shape().length - 1, last = x.shape()[n];
    return NdArray.by(Arrays.copyOf(x.shape(), n), i -> {
      double sum = 0;
      int[] at = Arrays.copyOf(i, n + 1);
      for (at[n] = 0; at[n] < last; at[n]++) sum += x.at(at);
      return sum / last;
    });
  }

  /** log(exp(x_c) / sum of exp(x)) of a row. */
  private static double logSoftmax(NdArray x, int row, int c) {
    double sum = 0;
    for (int k = 0; k < x.shape()[1]; k++) sum += Math.exp(x.at(row, k));
    return x.at(row, c) - Math.log(sum);
  }

  /** x [rows, classes], labels [rows] or probabilities [rows, classes], weights of the classes or null. */
  static NdArray crossEntropy(Losses.Classes a, List<NdArray> in) {
    NdArray x = in.get(0), log = NdArray.by(x.shape(), i -> logSoftmax(x, i[0], i[1]));
    return nll(a, Arrays.asList(log, in.get(1), in.get(2)));
  }

  static NdArray nll(Losses.Classes a, List<NdArray> in) {
    NdArray log = in.get(0), target = in.get(1), w = in.get(2);
    int rows = log.shape()[0], classes = log.shape()[1];
    boolean labels = target.shape().length == 1;
    double[] weights = new double[rows];
    NdArray losses = NdArray.zeros(rows);
    for (int i = 0; i < rows; i++) {
      if (labels && target.at(i) == a.ignoreIndex()) continue;
      weights[i] = !labels ? 1 : w == null ? 1 : w.at((int) target.at(i));
      for (int c = 0; c < classes; c++) {
        double p = labels ? target.at(i) == c ? 1 : 0 : target.at(i, c);
        p = p * (1 - a.labelSmoothing()) + a.labelSmoothing() / classes;
        losses.add(-p * log.at(i, c) * (w == null ? 1 : w.at(c)), i);
      }
    }
    if (a.reduction() != Reduction.MEAN) return reduced(a.reduction(), losses);
    return one(Arrays.stream(losses.data()).sum() / Arrays.stream(weights).sum());
  }

  static double norm(double[] x, double p) {
    if (Double.isInfinite(p)) return Arrays.stream(x).map(Math::abs).max().orElse(0);
    return Math.pow(Arrays.stream(x).map(v -> Math.pow(Math.abs(v), p)).sum(), 1 / p);
  }

  /** The p-norm of the difference of two rows, each difference moved by eps. */
  static double distance(NdArray a, NdArray b, int row, double p, double eps) {
    double[] d = new double[a.shape()[1]];
    for (int k = 0; k < d.length; k++) d[k] = a.at(row, k) - b.at(row, k) + eps;
    return norm(d, p);
  }

  static double dot(NdArray a, NdArray b, int row) {
    double sum = 0;
    for (int k = 0; k < a.shape()[1]; k++) sum += a.at(row, k) * b.at(row, k);
    return sum;
  }
}

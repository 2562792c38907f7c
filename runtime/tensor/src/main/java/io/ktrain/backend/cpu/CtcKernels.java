package io.ktrain.backend.cpu;

import io.ktrain.op.Call;
import io.ktrain.op.CtcLoss;
import io.ktrain.op.CtcLoss.Lengths;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;

/** Connectionist temporal classification in double, by logarithms, one sample a tile. */
final class CtcKernels {
  private CtcKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(CtcLoss.CTC_ROWS, CtcKernels::forward);
    cpu.add(CtcLoss.CTC_ROWS_GRAD, CtcKernels::gradient);
  }

  private static void forward(Call<Lengths> call) {
    int n = call.in(0).size(1);
    double[] losses = new double[n];
    long[] labels = call.in(1).toLongArray();
    ThreadPool.run(n, i -> losses[i] = new Sample(call.in(0), labels, call.attributes(), i).loss());
    Elements.store(losses, call.out(0).storage().host(), call.out(0).getDtype(), 0, 1, n);
  }

  private static void gradient(Call<Lengths> call) {
    double[] g = call.in(0).toDoubleArray();
    long[] labels = call.in(2).toLongArray();
    Tensor x = call.in(1), dx = call.out(0);
    int steps = x.size(0), n = x.size(1), classes = x.size(2);
    ThreadPool.run(n, i -> {
      double[][] by = new Sample(x, labels, call.attributes(), i).gradient(g[i]);
      for (int t = 0; t < steps; t++) Elements.store(by[t], dx.storage().host(), dx.getDtype(), ((long) t * n + i) * classes, 1, classes);
    });
  }

  /** One sample: its labels with blanks around them, and the log probabilities of its steps. */
  private static final class Sample {
    private final int[] said;
    private final double[][] x;
    private final int steps;

    Sample(Tensor x, long[] labels, Lengths lengths, int i) {
      int longest = labels.length / x.size(1), count = lengths.targets()[i];
      steps = lengths.inputs()[i];
      said = new int[2 * count + 1];
      Arrays.fill(said, lengths.blank());
      for (int k = 0; k < count; k++) said[2 * k + 1] = Math.toIntExact(labels[i * longest + k]);
      this.x = new double[x.size(0)][x.size(2)];
      for (int t = 0; t < this.x.length; t++)
        Elements.load(x.storage().host(), x.getDtype(), x.layout().offset() + t * x.layout().stride(0) + i * x.layout().stride(1), x.layout().stride(2), this.x[t], this.x[t].length);
    }

    /** Whether a path may go from place {@code from} to the place two after it: never over a blank, nor between equal labels. */
    private boolean leaps(int from) {
      return said[from] != said[from + 2];
    }

    /** log of the probability of being at each place after each step, by all paths from the start. */
    private double[][] reached() {
      double[][] a = new double[steps][said.length];
      for (int t = 0; t < steps; t++)
        for (int s = 0; s < said.length; s++) {
          double before = t == 0 ? s < 2 ? 0 : Double.NEGATIVE_INFINITY : a[t - 1][s];
          if (t > 0 && s > 0) before = add(before, a[t - 1][s - 1]);
          if (t > 0 && s > 1 && leaps(s - 2)) before = add(before, a[t - 1][s - 2]);
          a[t][s] = before + x[t][said[s]];
        }
      return a;
    }

    /** The same by all paths to the end. */
    private double[][] finishing() {
      double[][] b = new double[steps][said.length];
      for (int t = steps - 1; t >= 0; t--)
        for (int s = said.length - 1; s >= 0; s--) {
          boolean last = t == steps - 1;
          double after = last ? s >= said.length - 2 ? 0 : Double.NEGATIVE_INFINITY : b[t + 1][s];
          if (!last && s + 1 < said.length) after = add(after, b[t + 1][s + 1]);
          if (!last && s + 2 < said.length && leaps(s)) after = add(after, b[t + 1][s + 2]);
          b[t][s] = after + x[t][said[s]];
        }
      return b;
    }

    double loss() {
      return loss(reached());
    }

    private double loss(double[][] reached) {
      double[] end = reached[steps - 1];
      return -(said.length == 1 ? end[0] : add(end[said.length - 1], end[said.length - 2]));
    }

    /** A loss that is infinite has no gradient, unless nothing came from above. */
    double[][] gradient(double g) {
      double[][] by = new double[x.length][x[0].length], a = reached(), b = finishing();
      double loss = loss(a);
      if (g == 0) return by;
      for (int t = 0; t < steps; t++) {
        if (loss == Double.POSITIVE_INFINITY) Arrays.fill(by[t], Double.NaN);
        else for (int s = 0; s < said.length; s++) if (a[t][s] + b[t][s] > Double.NEGATIVE_INFINITY) by[t][said[s]] -= g * Math.exp(a[t][s] + b[t][s] - x[t][said[s]] + loss);
      }
      return by;
    }

    /** log(exp(a) + exp(b)). */
    private static double add(double a, double b) {
      double high = Math.max(a, b);
      return high == Double.NEGATIVE_INFINITY ? high : high + Math.log1p(Math.exp(Math.min(a, b) - high));
    }
  }
}

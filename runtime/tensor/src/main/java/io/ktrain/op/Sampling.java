package io.ktrain.op;

import static io.ktrain.op.OpBuilder.composite;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpTests.shape;
import static io.ktrain.op.OpTests.strided;

import io.ktrain.op.OpTests.Values;
import io.ktrain.random.Generator.Draw;
import io.ktrain.random.Philox;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Random numbers by other tensors: their probabilities, rates, means. A function of the draw, the same on every device.
 */
public final class Sampling {
  private Sampling() {}

  public record Drawn(Draw draw) {}

  public record Choices(int count, boolean replacement, Draw draw) {}

  public static final Op<Drawn> BERNOULLI = composite("bernoulli", Drawn.class,
      "One with the probability each element gives, else zero.",
      c -> {
        Tensor p = c.in(0).detach();
        return Creation.uniform(p, 0, 1, c.attributes().draw()).lt(p).to(p.getDtype());
      }).floating()
      .tests(t -> t.flat().reference((d, in) -> {
        int[] next = {0};
        return NdArray.by(in.get(0).shape(), i -> uniform(d.draw(), next[0]++) < in.get(0).at(i) ? 1 : 0);
      }).with(new Drawn(new Draw(7, 3)), shape(3, 4).of(Values.PROBABILITY))
      .sample(strided(4, 3).of(Values.PROBABILITY))).build();

  public static final Op<Choices> MULTINOMIAL = composite("multinomial", Choices.class,
      "Indices drawn by the weights of the last dim, with or without putting them back: i64 [..., count].", c -> {
        Choices how = c.attributes();
        Tensor p = c.in(0).detach();
        if (p.getNdim() < 1
            || p.getNdim() > 2) throw new ShapeError("multinomial: needs a vector or rows of weights, got "
                + p.describe() + ".");
        int n = p.size(-1);
        if (how.count() < 1 || n == 0 || !how.replacement() && how.count() > n)
          throw new ShapeError("multinomial: cannot draw " + how.count() + " of the " + n + " weights of "
              + p.describe()
              + (how.replacement() ? "." : " without putting them back. Fix: replacement = true."));
        requireWeights(p);
        if (!how.replacement()) {
          // The first of n exponential clocks to ring, each at the rate of its weight; u = 0 must not ring never.
          Tensor clocks = Creation.uniform(p, 0, 1, how.draw()).neg().log1p().neg().clampMin(1e-30);
          return p.div(clocks).topk(how.count(), -1, true).indices();
        }
        Tensor sums = p.cumsum(-1);
        Shape out = p.getShape().with(-1, how.count());
        Tensor u = Dispatch.create(p.getDevice(), Creation.UNIFORM, new Creation.Random(out, 0, 1, p.getDtype(),
            how.draw()));
        return sums.searchsorted(u.mul(sums.narrow(-1, n - 1, 1)), true).clampMax(n - 1);
      }).floating()
      .tests(t -> t.flat().reference(Sampling::choices)
          .with(new Choices(5, true, new Draw(7, 3)), shape(4).positive())
          .with(new Choices(3, true, new Draw(7, 4)), strided(2, 4).positive())
          .with(new Choices(3, false, new Draw(7, 5)), shape(4).positive())
          .with(new Choices(4, false, new Draw(7, 6)), shape(2, 4).positive())
          .fails(() -> Tensor.ones(2).multinomial(3, false),
              "multinomial: cannot draw 3 of the 2 weights of f32[2] without putting them back. Fix: replacement = "
                  + "true.")).build();

  /** Where the host can look without waiting; elsewhere what is drawn by such weights means nothing. */
  private static void requireWeights(Tensor p) {
    if (!Losses.isReadable(p)) return;
    double[] all = p.toDoubleArray();
    int n = p.size(-1);
    for (int from = 0; from < all.length; from += n) {
      double sum = 0;
      for (int i = from; i < from + n; i++) {
        if (!(Math.abs(all[i]) < Double.POSITIVE_INFINITY) || all[i] < 0)
          throw new KtrainException("multinomial: weight " + all[i] + " at index " + i + " of " + p.describe()
              + (all[i] < 0 && Double.isFinite(all[i]) ? " is negative. Fix: softmax() or exp() first."
                  : " is infinite or NaN. Fix: finite weights."));
        sum += all[i];
      }
      if (sum == 0)
        throw new KtrainException("multinomial: the weights of row " + from / n + " of " + p.describe()
            + " sum to 0. Fix: at least one above 0 in each row.");
    }
  }

  public static final Op<Drawn> POISSON = op("poisson", Drawn.class, "Counts of events at the rate each element gives.")
      .gives(c -> new Spec(c.in(0).getShape(), Promotion.floating("poisson", c.in(0)))).onHost().build();

  private static double uniform(Draw draw, int i) {
    int[] words = new int[4];
    Philox.block(draw.key(), draw.stream(), i / 4, words);
    return Philox.uniform(words[i % 4]);
  }

  private static NdArray choices(Choices how, List<NdArray> in) {
    NdArray p = in.get(0);
    int n = p.shape()[p.shape().length - 1], rows = p.data().length / n;
    NdArray out = NdArray.zeros(p.shape().length == 1 ? new int[] {how.count()} : new int[] {rows, how.count()});
    for (int r = 0; r < rows; r++) {
      int row = r;
      var order = IntStream.range(0, n).boxed().sorted(Comparator.comparingDouble(k ->
          -Math.log1p(-uniform(how.draw(), row * n + k)) / p.data()[row * n + k])).toList();
      for (int k = 0; k < how.count(); k++) {
        double total = 0, sum = 0;
        for (int j = 0; j < n; j++) total += p.data()[r * n + j];
        int at = 0;
        double wanted = uniform(how.draw(), r * how.count() + k) * total;
        while (at < n - 1 && (sum += p.data()[r * n + at]) <= wanted) at++;
        out.data()[r * how.count() + k] = how.replacement() ? at : order.get(k);
      }
    }
    return out;
  }

  private static Draw next() {
    return Context.current().generator().next();
  }

  public static Tensor drawn(Op<Drawn> op, Tensor x) {
    return Dispatch.call(op, new Drawn(next()), x.detach());
  }

  public static Tensor multinomial(Tensor weights, int count, boolean replacement) {
    return Dispatch.call(MULTINOMIAL, new Choices(count, replacement, next()), weights);
  }

  /** Normal random numbers, each with its own mean and standard deviation. */
  public static Tensor normal(Tensor mean, Tensor std) {
    if (!mean.getDtype().isFloating() || !std.getDtype().isFloating())
      throw new DTypeError("normal: needs floating dtypes, got " + mean.describe() + " and " + std.describe()
          + ". Fix: to(f32).");
    Tensor[] both = Dispatch.all(Arrangements.BROADCAST_TENSORS, null, mean, std);
    return Creation.normal(both[0], 0, 1).mul(both[1]).add(both[0]);
  }
}

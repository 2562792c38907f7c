package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.F32;
import static io.ktrain.op.OpBuilder.composite;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpTests.shape;
import static io.ktrain.op.OpTests.strided;

import io.ktrain.op.OpTests.Input;
import io.ktrain.op.Reductions.Over;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** What is said of many elements in one number, made of sums and extremes: counts, variances, norms, distances. */
public final class Statistics {
  private Statistics() {}

  /** {@code correction}: what is taken off the count. */
  public record Spread(Over over, int correction) {}

  public record Norm(double p, Over over) {}

  /** The p-norm over {@code dim}; eps keeps what is divided by, or added, away from 0. */
  public record Distance(double p, int dim, double eps, boolean keepDim) {}

  public record Correction(int of) {}

  public static final Op<Over> ANY = over("any", "Whether one is not 0: bool.",
      c -> c.in(0).ne(0).sum(c.attributes().dims(), c.attributes().keepDim()).gt(0),
      line -> Arrays.stream(line).anyMatch(v -> v != 0) ? 1 : 0);

  public static final Op<Over> ALL = over("all", "Whether none is 0: bool.",
      c -> c.in(0).eq(0).sum(c.attributes().dims(), c.attributes().keepDim()).eq(0),
      line -> Arrays.stream(line).allMatch(v -> v != 0) ? 1 : 0);

  public static final Op<Over> COUNT_NONZERO = over("countNonzero", "How many are not 0: i64.",
      c -> c.in(0).ne(0).sum(c.attributes().dims(), c.attributes().keepDim()),
      line -> Arrays.stream(line).filter(v -> v != 0).count());

  public static final Op<Over> NANSUM = over("nansum", "The sum of what is not NaN.",
      c -> numbers(c.in(0)).sum(c.attributes().dims(), c.attributes().keepDim()),
      line -> Arrays.stream(line).sum());

  public static final Op<Over> NANMEAN = composite("nanmean", Over.class, "The mean of what is not NaN.", c -> {
        Over over = c.attributes();
        return numbers(c.in(0)).sum(over.dims(), over.keepDim())
            .div(c.in(0).detach().isNan().logicalNot().sum(over.dims(), over.keepDim()));
      }).floating().tests(t -> lines(t, o -> o, line -> Arrays.stream(line).average().orElse(Double.NaN))).build();

  public static final Op<Spread> VAR = composite("var", Spread.class,
      "The variance over dims: the mean squared distance from the mean, of a count less the correction.",
      c -> variance(c.in(0), c.attributes())).floating()
      .tests(t -> lines(t, o -> new Spread(o, 1), null).with(new Spread(new Over(new int[] {0}, false), 0), shape(4, 3))
          .reference((s, in) -> folded(s.over(), in.get(0), line -> variance(line, s.correction())))).build();

  public static final Op<Spread> STD = composite("std", Spread.class, "The square root of var.",
      c -> deviation(c.in(0), c.attributes())).floating()
      .tests(t -> lines(t, o -> new Spread(o, 1), line -> Math.sqrt(variance(line, 1)))).build();

  public static final Op<Spread> VAR_MEAN = op("varMean", Spread.class, "var and mean at once.")
      .decompose(c -> new Tensor[] {variance(c.in(0), c.attributes()), mean(c)}).floating()
      .tests(t -> lines(t, o -> new Spread(o, 1), line -> variance(line, 1))).build();

  public static final Op<Spread> STD_MEAN = op("stdMean", Spread.class, "std and mean at once.")
      .decompose(c -> new Tensor[] {deviation(c.in(0), c.attributes()), mean(c)}).floating()
      .tests(t -> lines(t, o -> new Spread(o, 1), line -> Math.sqrt(variance(line, 1)))).build();

  public static final Op<Norm> NORM = composite("norm", Norm.class,
      "(sum |x|^p)^(1 / p) over dims; p = 0 counts what is not 0, infinite p gives extremes. At zero the gradient is "
          + "0.",
      c -> norm(c.in(0), c.attributes().p(), c.attributes().over())).floating()
      .autocast(F32).tests(t -> {
        for (double p : new double[] {2, 1, 3, 0.5, 0, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
          lines(t, o -> new Norm(p, o), null);
        t.reference((n, in) -> folded(n.over(), in.get(0), line -> norm(line, n.p())));
        t.fails(() -> Tensor.of(new int[] {1}).norm(), "norm: needs a floating dtype, got i32[1]. Fix: to(f32).");
      }).build();

  public static final Op<Distance> NORMALIZE = composite("normalize", Distance.class,
      "x divided by its p-norm along a dim, or by eps where that is smaller.", c -> {
        Distance d = c.attributes();
        return c.in(0).div(norm(c.in(0), d.p(), along(d, true)).clampMin(d.eps()));
      }).floating()
      .tests(t -> t.reference((d, in) -> NdArray.by(in.get(0).shape(),
          i -> in.get(0).at(i) / Math.max(d.eps(), norm(Oracles.line(in.get(0), d.dim(), i), d.p()))))
          .with(new Distance(2, 1, 1e-12, true), shape(3, 4)).with(new Distance(1, 0, 3, true), strided(4, 3))).build();

  public static final Op<Over> LOGSUMEXP = composite("logsumexp", Over.class,
      "log(sum(exp(x))) over dims, without overflow.",
      c -> {
        Over over = c.attributes();
        if (over.count(c.in(0).getShape()) == 0) return c.in(0).exp().sum(over.dims(), over.keepDim()).log();
        Tensor highest = c.in(0).detach().amax(over.dims(), true);
        Tensor finite = Elementwise.where(highest.isFinite(), highest, Tensor.constant(0.0));
        Tensor sum = c.in(0).sub(finite).exp().sum(over.dims(), true).log().add(finite);
        return over.keepDim() ? sum : sum.reshape(over.shape(c.in(0).getShape(), false));
      }).floating()
      .tests(t -> lines(t, o -> o, line -> Math.log(Arrays.stream(line).map(Math::exp).sum()))).build();

  public static final Op<Over> AMINMAX = op("aminmax", Over.class, "amin and amax at once.")
      .decompose(c -> new Tensor[] {c.in(0).amin(c.attributes().dims(), c.attributes().keepDim()),
          c.in(0).amax(c.attributes().dims(), c.attributes().keepDim())})
      .tests(t -> lines(t, o -> o, line -> Arrays.stream(line).min().getAsDouble())).build();

  public static final Op<Distance> COSINE_SIMILARITY = composite("cosineSimilarity", Distance.class,
      "The cosine of the angle between x and y along a dim; a norm below eps counts as eps.", c -> {
        Distance d = c.attributes();
        Tensor[] both = Dispatch.all(Arrangements.BROADCAST_TENSORS, null, c.in(0), c.in(1));
        Tensor x = both[0], y = both[1];
        Over over = along(d, true);
        return x.div(norm(x, 2, over).clampMin(d.eps())).mul(y.div(norm(y, 2, over).clampMin(d.eps()))).sum(d.dim());
      }).floating()
      .autocast(F32).tests(t -> t.reference((d, in) -> NdArray.by(new int[] {3}, i -> {
        double xy = 0, xx = 0, yy = 0;
        for (int k = 0; k < 4; k++) {
          double x = in.get(0).at(i[0], k), y = Oracles.broadcast(in.get(1), new int[] {i[0], k});
          xy += x * y;
          xx += x * x;
          yy += y * y;
        }
        return xy / Math.sqrt(xx * yy);
      })).with(new Distance(2, 1, 1e-8, false), shape(3, 4), shape(3, 4)).sample(strided(3, 4), shape(4))).build();

  public static final Op<Distance> PAIRWISE_DISTANCE = composite("pairwiseDistance", Distance.class,
      "The p-norm of x - y + eps along the last dim.", c -> {
        Tensor difference = c.in(0).sub(c.in(1)).add(c.attributes().eps());
        Distance d = c.attributes();
        return norm(difference, d.p(), Over.of("pairwiseDistance", difference, new int[] {-1}, d.keepDim()));
      }).floating()
      .tests(t -> t.reference((d, in) -> NdArray.by(d.keepDim() ? new int[] {3, 1} : new int[] {3}, i -> {
        double[] line = new double[4];
        for (int k = 0; k < 4; k++)
          line[k] = in.get(0).at(i[0], k) - Oracles.broadcast(in.get(1), new int[] {i[0], k}) + d.eps();
        return norm(line, d.p());
      })).with(new Distance(2, -1, 1e-6, false), shape(3, 4), shape(3, 4))
          .with(new Distance(1, -1, 0.1, true), strided(3, 4), shape(4))).build();

  public static final Op<Distance> CDIST = composite("cdist", Distance.class,
      "The p-norm distance of each row of x from each row of y: [..., n, k] and [..., m, k] give [..., n, m].", c -> {
        Tensor x = c.in(0), y = c.in(1);
        if (x.getNdim() < 2 || y.getNdim() < 2 || x.size(-1) != y.size(-1))
          throw new ShapeError("cdist: rows must have one length, got " + x.describe() + " and " + y.describe() + ".");
        Tensor differences = x.unsqueeze(-2).sub(y.unsqueeze(-3));
        return norm(differences, c.attributes().p(), Over.of("cdist", differences, new int[] {-1}, false));
      }).floating()
      .autocast(F32).tests(t -> t.reference((d, in) -> NdArray.by(new int[] {3, 2}, i -> {
        double[] line = new double[4];
        for (int k = 0; k < 4; k++) line[k] = in.get(0).at(i[0], k) - in.get(1).at(i[1], k);
        return norm(line, d.p());
      })).with(new Distance(2, -1, 0, false), shape(3, 4), shape(2, 4))
          .with(new Distance(1, -1, 0, false), strided(3, 4), strided(2, 4))
          .with(new Distance(Double.POSITIVE_INFINITY, -1, 0, false), shape(3, 4), shape(2, 4))
          .fails(() -> Tensor.ones(2, 3).cdist(Tensor.ones(2, 4)),
              "cdist: rows must have one length, got f32[2,3] and f32[2,4].")).build();

  /** {@code eps} is the largest norm allowed. */
  public static final Op<Distance> RENORM = composite("renorm", Distance.class,
      "Each slice of a dim scaled down to a largest p-norm where it is above it.", c -> {
        Distance d = c.attributes();
        Tensor x = c.in(0);
        int[] others = IntStream.range(0, x.getNdim()).filter(i -> i != d.dim()).toArray();
        Tensor norms = norm(x, d.p(), new Over(others, true));
        Tensor factor = Elementwise.where(norms.gt(d.eps()), Tensor.constant(d.eps()).div(norms.add(1e-7)),
            Tensor.constant(1.0));
        return x.mul(factor);
      }).floating()
      .autocast(F32).tests(t -> t.reference((d, in) -> NdArray.by(in.get(0).shape(), i -> {
        double n = norm(Oracles.line(in.get(0), 1 - d.dim(), i), d.p());
        return in.get(0).at(i) * (n > d.eps() ? d.eps() / (n + 1e-7) : 1);
      })).with(new Distance(2, 0, 1, true), shape(3, 4)).with(new Distance(1, 1, 5, true), strided(4, 3))).build();

  public static final Op<Correction> COV = composite("cov", Correction.class,
      "The covariances of the rows of [variables, observations].", c ->
          covariance(c.in(0), c.attributes().of())).floating()
      .tests(t -> t.reference((by, in) -> NdArray.by(new int[] {3, 3}, i -> covariance(in.get(0), i[0], i[1], by.of())))
          .with(new Correction(1), shape(3, 5)).with(new Correction(0), strided(3, 4))).build();

  public static final Op<Void> CORRCOEF = composite("corrcoef",
      "The correlations of the rows of [variables, observations], from -1 to 1.", c -> {
        Tensor cov = covariance(c.in(0), 1);
        if (cov.getNdim() == 0) return cov.div(cov);
        Tensor spread = Views.diagonal(cov, 0, 0, 1).sqrt();
        return cov.div(spread.unsqueeze(1)).div(spread).clamp(-1, 1);
      }).floating()
      .tests(t -> t.reference((none, in) -> NdArray.by(new int[] {3, 3}, i -> i[0] == i[1] ? 1
          : covariance(in.get(0), i[0], i[1], 1) / Math.sqrt(covariance(in.get(0), i[0], i[0], 1)
              * covariance(in.get(0), i[1], i[1], 1)))).sample(shape(3, 5)).sample(strided(3, 4))).build();

  private static Tensor numbers(Tensor x) {
    return x.getDtype().isFloating() ? Elementwise.where(x.isNan(), Tensor.constant(0.0), x) : x;
  }

  private static Tensor mean(Call<Spread> c) {
    return c.in(0).mean(c.attributes().over().dims(), c.attributes().over().keepDim());
  }

  private static Tensor variance(Tensor x, Spread s) {
    int[] dims = s.over().dims();
    long n = s.over().count(x.getShape()) - s.correction();
    return x.sub(x.mean(dims, true)).square().sum(dims, s.over().keepDim()).div(n <= 0 ? Double.NaN : n);
  }

  private static Tensor deviation(Tensor x, Spread s) {
    return root(variance(x, s), 2);
  }

  private static double variance(double[] line, int correction) {
    double mean = Arrays.stream(line).average().orElse(Double.NaN), n = line.length - correction;
    return n <= 0 ? Double.NaN : Arrays.stream(line).map(v -> (v - mean) * (v - mean)).sum() / n;
  }

  private static Tensor covariance(Tensor x, int correction) {
    if (x.getNdim() > 2) throw new ShapeError("cov: needs [variables, observations], got " + x.describe() + ".");
    Tensor rows = x.atleast2d();
    Tensor centred = rows.sub(rows.mean(1, true));
    Tensor cov = centred.mm(centred.t()).div(Math.max(0, rows.size(1) - correction));
    return x.getNdim() < 2 ? cov.reshape() : cov;
  }

  private static double covariance(NdArray x, int a, int b, int correction) {
    int n = x.shape()[1];
    double ma = 0, mb = 0, sum = 0;
    for (int k = 0; k < n; k++) {
      ma += x.at(a, k) / n;
      mb += x.at(b, k) / n;
    }
    for (int k = 0; k < n; k++) sum += (x.at(a, k) - ma) * (x.at(b, k) - mb);
    return sum / (n - correction);
  }

  static Tensor norm(Tensor x, double p, Over over) {
    int[] dims = over.dims();
    boolean keep = over.keepDim();
    if (p == 0) return x.ne(0).to(x.getDtype()).sum(dims, keep);
    if (p == 1) return x.abs().sum(dims, keep);
    if (p == Double.POSITIVE_INFINITY) return x.abs().amax(dims, keep);
    if (p == Double.NEGATIVE_INFINITY) return x.abs().amin(dims, keep);
    Tensor powers = p == 2 ? x.square() : p < 0 || p > 1 ? x.abs().pow(p) : flatAtZero(x.abs(), t -> t.pow(p));
    return root(powers.sum(dims, keep), p);
  }

  /** The p-th root of sums. */
  private static Tensor root(Tensor sum, double p) {
    return flatAtZero(sum, t -> p == 2 ? t.sqrt() : t.pow(1 / p));
  }

  /** A root of 0 has no slope; there x is replaced before the root is taken, so that its gradient is 0. */
  private static Tensor flatAtZero(Tensor x, UnaryOperator<Tensor> root) {
    Tensor zero = x.detach().eq(0), safe = Elementwise.where(zero, Tensor.constant(1.0), x);
    return Elementwise.where(zero, Tensor.constant(0.0), root.apply(safe));
  }

  private static double norm(double[] line, double p) {
    double[] all = Arrays.stream(line).map(Math::abs).toArray();
    if (p == 0) return Arrays.stream(all).filter(v -> v != 0).count();
    if (p == Double.POSITIVE_INFINITY) return Arrays.stream(all).max().orElse(0);
    if (p == Double.NEGATIVE_INFINITY) return Arrays.stream(all).min().orElse(0);
    return Math.pow(Arrays.stream(all).map(v -> Math.pow(v, p)).sum(), 1 / p);
  }

  private static Over along(Distance d, boolean keepDim) {
    return new Over(new int[] {d.dim()}, keepDim);
  }

  private static Op<Over> over(String name, String doc, Function<Call<Over>, Tensor> rule,
      ToDoubleFunction<double[]> oracle) {
    return composite(name, Over.class, doc, rule).tests(t -> lines(t, o -> o, oracle)).build();
  }

  /** Samples over one dim and two, kept and not; the oracle sees the elements that fold into one. */
  private static <A> OpTests<A> lines(OpTests<A> t, Function<Over, A> by, ToDoubleFunction<double[]> oracle) {
    Over one = new Over(new int[] {1}, false), kept = new Over(new int[] {0}, true),
        two = new Over(new int[] {0, 2}, false);
    for (Over over : new Over[] {one, kept, two})
      for (Input x : over == two ? new Input[] {shape(2, 3, 4)} : new Input[] {shape(3, 4), strided(4, 5)})
        t.with(by.apply(over), x);
    if (oracle == null) return t;
    return t.reference((a, in) -> folded(a instanceof Spread s ? s.over() : (Over) a, in.get(0), oracle));
  }

  private static NdArray folded(Over over, NdArray x, ToDoubleFunction<double[]> f) {
    int[] sizes = over.shape(Shape.of(x.shape()), true).toArray();
    NdArray kept = NdArray.by(sizes, to -> {
      var line = DoubleStream.builder();
      x.each((i, v) -> {
        boolean here = true;
        for (int d = 0; d < to.length; d++) here &= over.reduces(d) || to[d] == i[d];
        if (here) line.add(v);
      });
      return f.applyAsDouble(line.build().toArray());
    });
    return new NdArray(over.shape(Shape.of(x.shape()), over.keepDim()).toArray(), kept.data());
  }

  public static Tensor norm(Tensor x, double p, int[] dims, boolean keepDim) {
    return Dispatch.call(NORM, new Norm(p, Over.of("norm", x, dims, keepDim)), x);
  }

  public static Tensor spread(Op<Spread> op, Tensor x, int[] dims, int correction, boolean keepDim) {
    return Dispatch.call(op, new Spread(Over.of(op.name(), x, dims, keepDim), correction), x);
  }

  public static List<Tensor> both(Op<Spread> op, Tensor x, int[] dims, int correction, boolean keepDim) {
    return List.of(Dispatch.all(op, new Spread(Over.of(op.name(), x, dims, keepDim), correction), x));
  }

  public static List<Tensor> aminmax(Tensor x, int[] dims, boolean keepDim) {
    return List.of(Dispatch.all(AMINMAX, Over.of("aminmax", x, dims, keepDim), x));
  }

  public static Tensor normalize(Tensor x, double p, int dim, double eps) {
    return Dispatch.call(NORMALIZE, new Distance(p, x.getShape().axis("normalize", dim), eps, true), x);
  }

  public static Tensor cosineSimilarity(Tensor x, Tensor y, int dim, double eps) {
    Shape wide = x.getNdim() < y.getNdim() ? y.getShape() : x.getShape();
    return Dispatch.call(COSINE_SIMILARITY, new Distance(2, wide.axis("cosineSimilarity", dim), eps, false), x, y);
  }

  public static Tensor pairwiseDistance(Tensor x, Tensor y, double p, double eps, boolean keepDim) {
    return Dispatch.call(PAIRWISE_DISTANCE, new Distance(p, -1, eps, keepDim), x, y);
  }

  public static Tensor cdist(Tensor x, Tensor y, double p) {
    if (!(p >= 0)) throw new KtrainException("cdist: p must not be negative, got " + p + ".");
    return Dispatch.call(CDIST, new Distance(p, -1, 0, false), x, y);
  }

  public static Tensor renorm(Tensor x, double p, int dim, double largest) {
    return Dispatch.call(RENORM, new Distance(p, x.getShape().axis("renorm", dim), largest, true), x);
  }
}

package io.ktrain.nn;

import io.ktrain.op.Creation;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.LinalgMethods;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.function.Supplier;

/** First values of parameters. Each method overwrites its tensor, outside the graph, and gives it back. */
public final class Init {
  private static final ScopedValue<Boolean> SKIPPED = ScopedValue.newInstance();

  private Init() {}

  /**
   * What {@code make} builds, with zeros where random first values would be: for a network that is about to get others
   * from a file, since drawing a hundred million numbers takes seconds.
   */
  public static <M extends Module> M skipped(Supplier<M> make) {
    return ScopedValue.where(SKIPPED, true).call(make::get);
  }

  /** Uniform in [low, high). */
  public static Tensor uniform(Tensor t, double low, double high) {
    if (SKIPPED.isBound()) return t;
    return write(t, Creation.uniform(t.getShape(), low, high, t.getDtype(), t.getDevice()));
  }

  public static Tensor normal(Tensor t, double mean, double std) {
    if (SKIPPED.isBound()) return t;
    return write(t, Creation.normal(t.getShape(), mean, std, t.getDtype(), t.getDevice()));
  }

  public static Tensor constant(Tensor t, double value) {
    return Context.current().withGrad(false, () -> t.fill_(value));
  }

  public static Tensor zeros(Tensor t) {
    return constant(t, 0);
  }

  public static Tensor ones(Tensor t) {
    return constant(t, 1);
  }

  /** Uniform in [0, 1). */
  public static Tensor uniform(Tensor t) {
    return uniform(t, 0, 1);
  }

  /** Normal with mean 0 and standard deviation 1. */
  public static Tensor normal(Tensor t) {
    return normal(t, 0, 1);
  }

  /** Ones on the diagonal of a matrix, zeros elsewhere. */
  public static Tensor eye(Tensor t) {
    requireMatrix("eye", t);
    return write(t, Tensor.arange(t.size(0)).unsqueeze(1).eq(Tensor.arange(t.size(1))));
  }

  /** A convolution's weight [out, in / groups, kernel...] that hands on its channels as they are, as far as there are some. */
  public static Tensor dirac(Tensor t, int groups) {
    Shape s = t.getShape();
    if (s.ndim() < 3 || s.ndim() > 5) throw new ShapeError("init.dirac: needs a convolution's weight of 3 to 5 dims, got " + t.describe() + ".");
    if (groups < 1 || s.get(0) % groups != 0) throw new ShapeError("init.dirac: " + groups + " groups do not divide the " + s.get(0) + " outputs of " + t.describe() + ".");
    int outputs = s.get(0) / groups, width = Math.toIntExact(s.numel() / s.get(0)), middle = 0;
    for (int d = 2; d < s.ndim(); d++) middle = middle * s.get(d) + s.get(d) / 2;
    double[] values = new double[Math.toIntExact(s.numel())];
    for (int o = 0; o < s.get(0); o++) if (o % outputs < s.get(1)) values[o * width + o % outputs * receptive(s) + middle] = 1;
    return write(t, Tensor.of(values, s.toArray()));
  }

  public static Tensor dirac(Tensor t) {
    return dirac(t, 1);
  }

  /** He et al. 2015, for relu: bound sqrt(6 / fanIn). */
  public static Tensor kaimingUniform(Tensor t) {
    return kaimingUniform(t, 0);
  }

  /** He et al. 2015 for leaky relu of slope {@code a}; PyTorch's layers use a = sqrt(5). */
  public static Tensor kaimingUniform(Tensor t, double a) {
    return kaimingUniform(t, a, FanMode.FAN_IN, Nonlinearity.LEAKY_RELU);
  }

  public static Tensor kaimingUniform(Tensor t, double a, FanMode mode, Nonlinearity nonlinearity) {
    double bound = Math.sqrt(3) * kaimingStd(t.getShape(), a, mode, nonlinearity);
    return uniform(t, -bound, bound);
  }

  public static Tensor kaimingNormal(Tensor t) {
    return kaimingNormal(t, 0, FanMode.FAN_IN, Nonlinearity.LEAKY_RELU);
  }

  public static Tensor kaimingNormal(Tensor t, double a, FanMode mode, Nonlinearity nonlinearity) {
    return normal(t, 0, kaimingStd(t.getShape(), a, mode, nonlinearity));
  }

  /** The standard deviation He et al. give a weight of that shape. */
  public static double kaimingStd(Shape s, double a, FanMode mode, Nonlinearity nonlinearity) {
    return nonlinearity.gain(a) / Math.sqrt(mode == FanMode.FAN_IN ? fanIn(s) : fanOut(s));
  }

  /** Glorot and Bengio 2010. */
  public static Tensor xavierUniform(Tensor t, double gain) {
    double bound = Math.sqrt(3) * xavierStd(t.getShape(), gain);
    return uniform(t, -bound, bound);
  }

  public static Tensor xavierUniform(Tensor t) {
    return xavierUniform(t, 1);
  }

  public static Tensor xavierNormal(Tensor t, double gain) {
    return normal(t, 0, xavierStd(t.getShape(), gain));
  }

  public static Tensor xavierNormal(Tensor t) {
    return xavierNormal(t, 1);
  }

  /** The standard deviation Glorot and Bengio give a weight of that shape. */
  public static double xavierStd(Shape s, double gain) {
    return gain * Math.sqrt(2.0 / (fanIn(s) + fanOut(s)));
  }

  /** Saxe et al. 2013: rows or columns, whichever are fewer, of length {@code gain} and orthogonal; dims from 1 on count as one. */
  public static Tensor orthogonal(Tensor t, double gain) {
    if (t.getNdim() < 2) throw new ShapeError("init.orthogonal: needs a weight of at least two dims, got " + t.describe() + ".");
    int rows = t.size(0), columns = t.numel() == 0 ? 0 : Math.toIntExact(t.numel() / rows);
    if (columns == 0) return t;
    return Context.current().withGrad(false, () -> {
      boolean tall = rows >= columns;
      LinalgMethods.Qr qr = Creation.normal(tall ? Shape.of(rows, columns) : Shape.of(columns, rows), 0, 1, DType.f64, t.getDevice()).qr();
      // The signs of R's diagonal make the distribution uniform over all orthogonal matrices.
      Tensor signs = Tensor.where(Tensor.eye(qr.r().size(0)).to(t.getDevice()).ne(0), qr.r().sign(), Tensor.constant(0.0)).sum(0);
      Tensor q = qr.q().mul(signs).mul(gain);
      return t.copy_((tall ? q : q.t()).reshape(t.getShape()));
    });
  }

  public static Tensor orthogonal(Tensor t) {
    return orthogonal(t, 1);
  }

  /** Normal values within [low, high]: uniform numbers through the inverse of the distribution function. */
  public static Tensor truncNormal(Tensor t, double mean, double std, double low, double high) {
    if (!(std > 0) || !(low < high)) throw new KtrainException("init.truncNormal: needs a positive std and low < high, got std " + std + " and " + low + " to " + high + ".");
    return Context.current().withGrad(false, () -> {
      Tensor ends = Tensor.of(new double[] {low, high}).to(t.getDevice()).sub(mean).div(std * Math.sqrt(2)).erf();
      Tensor u = Creation.uniform(t.getShape(), 0, 1, DType.f64, t.getDevice());
      Tensor y = u.mul(ends.select(0, 1).sub(ends.select(0, 0))).add(ends.select(0, 0));
      return t.copy_(erfInverse(y).mul(std * Math.sqrt(2)).add(mean).clamp(low, high));
    });
  }

  /** Within two standard deviations 1 of mean 0. */
  public static Tensor truncNormal(Tensor t) {
    return truncNormal(t, 0, 1, -2, 2);
  }

  /** Winitzki's approximation, made exact by Newton's method. */
  private static Tensor erfInverse(Tensor y) {
    Tensor inside = y.clamp(-1 + 0x1p-53, 1 - 0x1p-53);
    Tensor log = inside.square().neg().log1p(), half = log.mul(0.5).add(2 / (Math.PI * 0.147));
    Tensor x = half.square().sub(log.div(0.147)).sqrt().sub(half).sqrt().mul(inside.sign());
    for (int i = 0; i < 3; i++) x = x.sub(x.erf().sub(inside).mul(x.square().exp()).mul(Math.sqrt(Math.PI) / 2));
    return x;
  }

  /** Martens 2010: normal by {@code std}, but that part of each column zero. */
  public static Tensor sparse(Tensor t, double sparsity, double std) {
    requireMatrix("sparse", t);
    if (!(sparsity >= 0 && sparsity <= 1)) throw new KtrainException("init.sparse: sparsity must lie in 0..1, got " + sparsity + ".");
    int zeros = (int) Math.ceil(sparsity * t.size(0));
    return Context.current().withGrad(false, () -> {
      Tensor places = Creation.uniform(t.getShape(), 0, 1, DType.f64, t.getDevice()).sort(0, false).indices().narrow(0, 0, zeros);
      Tensor hit = Tensor.zeros(t.getShape(), DType.f32).to(t.getDevice()).scatterAdd(0, places, Tensor.ones(places.getShape(), DType.f32).to(t.getDevice()));
      return t.copy_(Tensor.where(hit.gt(0), Tensor.constant(0.0), Creation.normal(t.getShape(), 0, std, t.getDtype(), t.getDevice())));
    });
  }

  private static void requireMatrix(String what, Tensor t) {
    if (t.getNdim() != 2) throw new ShapeError("init." + what + ": needs a matrix, got " + t.describe() + ".");
  }

  /** What a nonlinearity does to the scale of its input, undone. */
  public static double calculateGain(Nonlinearity nonlinearity) {
    return calculateGain(nonlinearity, 0.01);
  }

  /** {@code slope}: of a leaky relu. */
  public static double calculateGain(Nonlinearity nonlinearity, double slope) {
    return nonlinearity.gain(slope);
  }

  /** How many inputs reach one output of a weight [out, in, kernel...]. */
  public static int fanIn(Shape s) {
    if (s.ndim() < 2) throw new ShapeError("init: a fan needs a weight of at least two dims, got " + s + ".");
    return s.get(1) * receptive(s);
  }

  public static int fanOut(Shape s) {
    if (s.ndim() < 2) throw new ShapeError("init: a fan needs a weight of at least two dims, got " + s + ".");
    return s.get(0) * receptive(s);
  }

  private static int receptive(Shape s) {
    int n = 1;
    for (int d = 2; d < s.ndim(); d++) n *= s.get(d);
    return n;
  }

  private static Tensor write(Tensor t, Tensor value) {
    return Context.current().withGrad(false, () -> t.copy_(value));
  }

  /** A weight as PyTorch's layers start with: uniform within 1 / sqrt(fanIn). */
  static Tensor weight(Shape shape) {
    return within(1 / Math.sqrt(fanIn(shape)), shape);
  }

  /** A bias as PyTorch's layers start with, for a weight of {@code weightShape}. */
  static Tensor bias(int size, Shape weightShape) {
    return within(1 / Math.sqrt(Math.max(1, fanIn(weightShape))), Shape.of(size));
  }

  /** Uniform from -bound to bound, f32. */
  static Tensor within(double bound, Shape shape) {
    if (SKIPPED.isBound()) return Tensor.zeros(shape, DType.f32);
    return Creation.uniform(shape, -bound, bound, DType.f32, Context.current().device());
  }
}

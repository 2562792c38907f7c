package io.ktrain.op;

import static io.ktrain.op.OpBuilder.op;

import io.ktrain.random.Generator;
import io.ktrain.random.Generator.Draw;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Operations that make tensors of nothing but numbers. */
public final class Creation {
  private Creation() {}

  public record Fill(Shape shape, Number value, DType dtype) {}

  public record Sequence(Number start, Number step, int count, DType dtype) {}

  /** {@code a} and {@code b}: low and high, or mean and standard deviation. */
  public record Random(Shape shape, double a, double b, DType dtype, Draw draw) {}

  public static final Op<Fill> FULL = op("full", Fill.class, "One value everywhere.")
      .gives(c -> new Spec(c.attributes().shape(), c.attributes().dtype())).internal().build();

  public static final Op<Sequence> ARANGE = op("arange", Sequence.class, "start, start + step, ... before end.")
      .gives(c -> new Spec(Shape.of(c.attributes().count()), c.attributes().dtype())).internal().build();

  public static final Op<Random> UNIFORM = op("uniform", Random.class, "Uniform in [low, high).")
      .gives(c -> new Spec(c.attributes().shape(), c.attributes().dtype())).internal().build();

  /** Box-Muller on one Philox block of four words for four elements. */
  public static final Op<Random> NORMAL = op("normal", Random.class, "Normal by mean and standard deviation.")
      .gives(c -> new Spec(c.attributes().shape(), c.attributes().dtype())).internal().build();

  public static Tensor full(Shape shape, Number value, DType dtype, Device device) {
    return Dispatch.create(device, FULL, new Fill(shape, value, dtype));
  }

  public static Tensor arange(Number start, Number end, Number step, DType dtype, Device device) {
    double s = step.doubleValue();
    if (s == 0 || (end.doubleValue() - start.doubleValue()) / s < 0)
      throw new KtrainException("arange: from " + start + " to " + end + " by " + step + " never arrives.");
    int count = (int) Math.ceil((end.doubleValue() - start.doubleValue()) / s);
    return Dispatch.create(device, ARANGE, new Sequence(start, step, count, dtype));
  }

  public static Tensor uniform(Shape shape, double low, double high, DType dtype, Device device) {
    requireFloating("rand", dtype);
    return Dispatch.create(device, UNIFORM, new Random(shape, low, high, dtype, Context.current().generator().next()));
  }

  /** 0 until n, i64, on the device of {@code like}. */
  static Tensor range(int n, Tensor like) {
    return arange(0, n, 1, DType.i64, like.isConstant() ? Context.current().device() : like.getDevice());
  }

  /** Of the shape, type and device of {@code like}. */
  static Tensor uniform(Tensor like, double low, double high, Draw draw) {
    return Dispatch.create(like.getDevice(), UNIFORM, new Random(like.getShape(), low, high, like.getDtype(), draw));
  }

  public static Tensor normal(Shape shape, double mean, double std, DType dtype, Device device) {
    requireFloating("randn", dtype);
    return Dispatch.create(device, NORMAL, new Random(shape, mean, std, dtype, Context.current().generator().next()));
  }

  public static Tensor randint(long low, long high, Shape shape, Device device) {
    if (high <= low) throw new KtrainException("randint: no whole number lies in " + low + " until " + high + ".");
    return Dispatch.create(device, UNIFORM,
        new Random(shape, low, high, DType.i64, Context.current().generator().next()));
  }

  public static Tensor randint(Tensor like, long low, long high) {
    return randint(low, high, like.getShape(), like.getDevice());
  }

  /** Of the shape and device of {@code like}, and its type where that is floating. */
  public static Tensor uniform(Tensor like, double low, double high) {
    return uniform(like.getShape(), low, high, floating(like), like.getDevice());
  }

  public static Tensor normal(Tensor like, double mean, double std) {
    if (std < 0) throw new KtrainException("normal: std must not be negative, got " + std + ".");
    return normal(like.getShape(), mean, std, floating(like), like.getDevice());
  }

  public static Tensor bernoulli(Tensor like, double p) {
    if (!(p >= 0 && p <= 1)) throw new KtrainException("bernoulli: p must lie in 0..1, got " + p + ".");
    return uniform(like, 0, 1).lt(p);
  }

  public static Tensor exponential(Tensor like, double rate) {
    if (!(rate > 0)) throw new KtrainException("exponential: the rate must be positive, got " + rate + ".");
    return uniform(like, 0, 1).neg().log1p().div(-rate);
  }

  private static DType floating(Tensor like) {
    return like.getDtype().isFloating() ? like.getDtype() : DType.f32;
  }

  /** n numbers from start to end, both included, evenly apart. */
  public static Tensor linspace(Number start, Number end, int n, DType dtype) {
    return spaced(start.doubleValue(), end.doubleValue(), n).to(dtype);
  }

  /** base to the power of linspace. */
  public static Tensor logspace(Number start, Number end, int n, double base, DType dtype) {
    Tensor exponents = spaced(start.doubleValue(), end.doubleValue(), n);
    return Elementwise.call(Elementwise.POW, Creation.full(Shape.SCALAR, base, DType.f64, exponents.getDevice()),
        exponents).to(dtype);
  }

  /** From both ends to the middle, so that both are exact. */
  private static Tensor spaced(double start, double end, int n) {
    if (n < 0) throw new KtrainException("linspace: the number of steps must not be negative, got " + n + ".");
    Tensor place = Creation.arange(0, n, 1, DType.f64, Context.current().device());
    double step = n > 1 ? (end - start) / (n - 1) : 0;
    Tensor up = place.mul(step).add(start), down = place.sub(n - 1).mul(step).add(end);
    return Elementwise.where(place.lt(n / 2.0), up, down);
  }

  public static Tensor randperm(int n) {
    int[] order = Generator.permutation(n, Context.current().generator().next());
    long[] wide = new long[n];
    for (int i = 0; i < n; i++) wide[i] = order[i];
    return Tensor.of(wide).to(Context.current().device());
  }

  private static void requireFloating(String op, DType dtype) {
    if (!dtype.isFloating())
      throw new KtrainException(op + ": needs a floating dtype, got " + dtype + ". Fix: randint.");
  }
}

package io.ktrain.nn;

import io.ktrain.op.Creation;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
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

  /** He et al. 2015, for relu: bound sqrt(6 / fanIn). */
  public static Tensor kaimingUniform(Tensor t) {
    return kaimingUniform(t, 0);
  }

  /** He et al. 2015 for leaky relu of slope {@code a}; PyTorch's layers use a = sqrt(5). */
  public static Tensor kaimingUniform(Tensor t, double a) {
    double bound = leakyGain(a) * Math.sqrt(3.0 / fanIn(t.getShape()));
    return uniform(t, -bound, bound);
  }

  public static Tensor kaimingNormal(Tensor t) {
    return normal(t, 0, Math.sqrt(2.0 / fanIn(t.getShape())));
  }

  /** Glorot and Bengio 2010. */
  public static Tensor xavierUniform(Tensor t, double gain) {
    double bound = gain * Math.sqrt(6.0 / (fanIn(t.getShape()) + fanOut(t.getShape())));
    return uniform(t, -bound, bound);
  }

  public static Tensor xavierUniform(Tensor t) {
    return xavierUniform(t, 1);
  }

  public static Tensor xavierNormal(Tensor t, double gain) {
    return normal(t, 0, gain * Math.sqrt(2.0 / (fanIn(t.getShape()) + fanOut(t.getShape()))));
  }

  /** What a nonlinearity does to the scale of its input, undone: PyTorch's calculate_gain. */
  public static double gain(String nonlinearity) {
    return switch (nonlinearity) {
      case "linear", "sigmoid" -> 1;
      case "tanh" -> 5.0 / 3;
      case "relu" -> Math.sqrt(2);
      case "selu" -> 0.75;
      default -> throw new KtrainException("gain: unknown nonlinearity \"" + nonlinearity + "\". Fix: linear, sigmoid, tanh, relu, selu, or leakyGain(slope).");
    };
  }

  public static double leakyGain(double slope) {
    return Math.sqrt(2 / (1 + slope * slope));
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
    double bound = 1 / Math.sqrt(fanIn(shape));
    if (SKIPPED.isBound()) return Tensor.zeros(shape, DType.f32);
    return Creation.uniform(shape, -bound, bound, DType.f32, Context.current().device());
  }

  /** A bias as PyTorch's layers start with, for a weight of {@code weightShape}. */
  static Tensor bias(int size, Shape weightShape) {
    double bound = 1 / Math.sqrt(Math.max(1, fanIn(weightShape)));
    return Creation.uniform(Shape.of(size), -bound, bound, DType.f32, Context.current().device());
  }
}

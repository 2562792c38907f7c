package io.ktrain.op;

import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;

/**
 * The largest or the mean of each window over signals, pictures and volumes, [batch, channels, spatial...]. Windows
 * move along each dim by themselves, so what backends compute is two-dimensional, and other numbers of dims are made of
 * it.
 */
public final class Pooling {
  private Pooling() {}

  public record PoolGrad(Pool2dOptions options, Shape of) {}

  /** Sizes of the spatial dims of a result. */
  public record To(List<Integer> sizes) {}

  /** The exponent and the windows of {@link #LP_POOL2D}. */
  public record Lp(double norm, PoolOptions options) {}

  public static final Op<Pool2dOptions> MAX_POOL2D = op("maxPool2d", Pool2dOptions.class,
      "The largest of each window, and its place in the picture (row * width + column).")
      .infer(c -> {
        Spec y = poolShape("maxPool2d", c.in(0), c.attributes());
        return List.of(y, new Spec(y.shape(), DType.i32));
      })
      .grads((c, g, needed) -> new Tensor[] {g[0] == null ? null
      : Dispatch.call(maxGrad(), new PoolGrad(c.attributes(), c.edge(0).getShape()), g[0], c.out(1))})
      .tests(t -> t.firstOutputOnly().reference(OpTests::maxPool2d)
          .attributes(Pool2dOptions.of(2)).distinct(OpTests.shape(1, 2, 4, 5)).distinct(OpTests.strided(2, 2, 6, 4))
          .attributes(new Pool2dOptions(3, 2, 2, 1, 1, 1, true, true)).distinct(OpTests.shape(1, 1, 5, 4))).build();

  public static final Op<PoolGrad> MAX_POOL2D_GRAD = op("maxPool2dGrad", PoolGrad.class,
      "Zeros to which each window's value was added at its place.")
      .gives(c -> new Spec(c.attributes().of(), Promotion.floating("maxPool2dGrad", c.in(0))))
      .grad((c, gg) -> {
        Tensor places = c.in(1).to(DType.i64).flatten(2);
        return gg.flatten(2).gather(2, places).reshape(c.edge(0).getShape());
      })
      .internal().build();

  private static Op<PoolGrad> maxGrad() {
    return MAX_POOL2D_GRAD;
  }

  public static final Op<Pool2dOptions> AVG_POOL2D = op("avgPool2d", Pool2dOptions.class,
      "The mean of each window; padding counts as zeros unless excluded.")
      .gives(c -> poolShape("avgPool2d", c.in(0), c.attributes()))
      .grad((c, g) -> Dispatch.call(avgGrad(), new PoolGrad(c.attributes(), c.edge(0).getShape()), g))
      .tests(t -> t.reference(OpTests::avgPool2d)
          .attributes(Pool2dOptions.of(2)).floats(OpTests.shape(1, 2, 4, 5)).floats(OpTests.strided(2, 2, 6, 4))
          .attributes(new Pool2dOptions(3, 3, 2, 2, 1, 1, false, false)).floats(OpTests.shape(1, 1, 5, 5))
          .attributes(new Pool2dOptions(3, 3, 2, 2, 1, 1, true, true)).floats(OpTests.shape(1, 2, 6, 6))).build();

  public static final Op<PoolGrad> AVG_POOL2D_GRAD = op("avgPool2dGrad", PoolGrad.class,
      "Each window's upstream gradient spread over its elements.")
      .gives(c -> new Spec(c.attributes().of(), Promotion.floating("avgPool2dGrad", c.in(0))))
      .grad((c, gg) -> Dispatch.call(AVG_POOL2D, c.attributes().options(), gg))
      .internal()
      .tests(t -> t.attributes(new PoolGrad(Pool2dOptions.of(2), Shape.of(1, 1, 4, 5)))
      .floats(OpTests.shape(1, 1, 2, 2))).build();

  private static Op<PoolGrad> avgGrad() {
    return AVG_POOL2D_GRAD;
  }

  public static final Op<PoolOptions> MAX_POOL1D = largest(1);
  public static final Op<PoolOptions> MAX_POOL3D = largest(3);
  public static final Op<PoolOptions> AVG_POOL1D = mean(1);
  public static final Op<PoolOptions> AVG_POOL3D = mean(3);
  public static final Op<To> ADAPTIVE_AVG_POOL1D = adaptiveMean(1);
  public static final Op<To> ADAPTIVE_AVG_POOL2D = adaptiveMean(2);
  public static final Op<To> ADAPTIVE_AVG_POOL3D = adaptiveMean(3);
  public static final Op<To> ADAPTIVE_MAX_POOL1D = adaptiveLargest(1);
  public static final Op<To> ADAPTIVE_MAX_POOL2D = adaptiveLargest(2);
  public static final Op<To> ADAPTIVE_MAX_POOL3D = adaptiveLargest(3);
  public static final Op<Lp> LP_POOL1D = powers(1);
  public static final Op<Lp> LP_POOL2D = powers(2);
  public static final Op<To> MAX_UNPOOL1D = unpool(1);
  public static final Op<To> MAX_UNPOOL2D = unpool(2);
  public static final Op<To> MAX_UNPOOL3D = unpool(3);

  // ---- entries for a number of spatial dims

  private static Op<PoolOptions> largest(int dims) {
    String name = "maxPool" + dims + "d";
    return op(name, PoolOptions.class, "The largest of each window of " + Windows.words(dims)
        + ", and its place among the elements of a channel.")
        .decompose(c -> MaxPooling.of(name, dims, c.in(0), c.attributes()))
        .tests(t -> {
          t.firstOutputOnly().reference((o, in) -> WindowOracles.max(o, in.get(0), dims));
          for (PoolOptions o : List.of(PoolOptions.of(2), PoolOptions.of(3).withStride(2).withPadding(1)
              .withCeilMode(true), PoolOptions.of(2).withStride(1).withDilation(2)))
            t.attributes(o).distinct(WindowOracles.sample(dims, 2, 2, 4, 5, 6))
                .distinct(WindowOracles.sample(dims, 0, 2, 4, 5, 6));
          t.attributes(PoolOptions.of(2)).distinct(WindowOracles.unbatched(dims, 3, 4, 5, 3))
              .distinct(WindowOracles.strided(dims, 2, 3, 4, 4, 5));
        }).build();
  }

  private static Op<PoolOptions> mean(int dims) {
    String name = "avgPool" + dims + "d";
    return op(name, PoolOptions.class, "The mean of each window of " + Windows.words(dims)
        + "; padding counts as zeros unless excluded.")
        .composed(c -> mean(name, dims, c.in(0), c.attributes()))
        .tests(t -> {
          t.reference((o, in) -> WindowOracles.mean(o, in.get(0), dims));
          PoolOptions wide = PoolOptions.of(3).withStride(2).withPadding(1);
          for (PoolOptions o : List.of(PoolOptions.of(2), wide, wide.withCeilMode(true),
              wide.withCountIncludePad(false), wide.withDivisor(5)))
            t.attributes(o).floats(WindowOracles.sample(dims, 2, 2, 4, 5, 6));
          t.attributes(PoolOptions.of(2)).floats(WindowOracles.unbatched(dims, 3, 4, 5, 3))
              .floats(WindowOracles.strided(dims, 0, 3, 4, 4, 5));
        }).build();
  }

  private static Op<To> adaptiveMean(int dims) {
    String name = "adaptiveAvgPool" + dims + "d";
    return op(name, To.class, "The means of a given number of cells of " + Windows.words(dims)
        + "; uneven ones share elements.")
        .composed(c -> {
          Tensor x = Windows.batched(name, dims, c.in(0));
          Promotion.floating(name, x);
          List<Integer> sizes = sizes(name, dims, x, c.attributes());
          for (int d = dims - 1; d >= 0; d--)
            if (sizes.get(d) == 1 && x.size(2 + d) > 1) x = x.mean(2 + d, true);
            else if (sizes.get(d) != x.size(2 + d))
              x = Resampling.along(x, 2 + d, Resampling.cells(x.size(2 + d), sizes.get(d)));
          return Windows.like(c.in(0), dims, x);
        })
        .tests(t -> cells(t.reference((to, in) -> WindowOracles.cells(to.sizes(), in.get(0), false)), dims)
            .fails(() -> Dispatch.call(adaptive(dims, false), new To(List.of(0, 1, 1).subList(0, dims)),
            Tensor.ones(new int[] {1, 1, 4, 4, 4}).flatten(dims + 1)),
                name + ": the result must have at least 1 element in each dim, got " + List.of(0, 1, 1)
                    .subList(0, dims) + ".")).build();
  }

  private static Op<To> adaptiveLargest(int dims) {
    String name = "adaptiveMaxPool" + dims + "d";
    return op(name, To.class, "The largest of a given number of cells of " + Windows.words(dims)
        + ", and its place among the elements of a channel.")
        .decompose(c -> {
          Tensor x = Windows.batched(name, dims, c.in(0));
          Promotion.floating(name, x);
          return MaxPooling.adaptive(c.in(0), x, sizes(name, dims, x, c.attributes()));
        })
        .tests(t -> cells(t.firstOutputOnly().reference((to, in) -> WindowOracles.cells(to.sizes(), in.get(0), true)),
        dims)).build();
  }

  private static Op<To> adaptive(int dims, boolean largest) {
    if (largest) return dims == 1 ? ADAPTIVE_MAX_POOL1D : dims == 2 ? ADAPTIVE_MAX_POOL2D : ADAPTIVE_MAX_POOL3D;
    return dims == 1 ? ADAPTIVE_AVG_POOL1D : dims == 2 ? ADAPTIVE_AVG_POOL2D : ADAPTIVE_AVG_POOL3D;
  }

  private static OpTests<To> cells(OpTests<To> t, int dims) {
    for (List<Integer> to : List.of(List.of(1, 1, 1), List.of(3, 2, 4), List.of(2, 7, 3)))
      t.attributes(new To(to.subList(0, dims))).distinct(WindowOracles.sample(dims, 2, 2, 5, 4, 6))
          .distinct(WindowOracles.strided(dims, 2, 1, 4, 6, 3)).distinct(WindowOracles.unbatched(dims, 2, 5, 3, 4));
    return t;
  }

  private static Op<Lp> powers(int dims) {
    String name = "lpPool" + dims + "d";
    return op(name, Lp.class, "The p-th root of the sum of p-th powers of each window of " + Windows.words(dims) + ".")
        .composed(c -> {
          PoolOptions o = c.attributes().options();
          int count = 1;
          for (int k : o.kernels(name, dims)) count *= k;
          double p = c.attributes().norm();
          return mean(name, dims, c.in(0), o, x -> x.pow(p)).mul(count).pow(1 / p);
        })
        .tests(t -> t.reference((lp, in) -> WindowOracles.powers(lp, in.get(0), dims))
            .attributes(new Lp(2, PoolOptions.of(2))).floats(WindowOracles.sample(dims, 2, 2, 4, 5, 6))
            .floats(WindowOracles.unbatched(dims, 2, 4, 5, 6))
            .attributes(new Lp(4, PoolOptions.of(3).withStride(2))).floats(WindowOracles.strided(dims, 1, 2, 5, 7, 6)))
            .build();
  }

  private static Op<To> unpool(int dims) {
    String name = "maxUnpool" + dims + "d";
    return op(name, To.class, "Zeros with each value at the place that maxPool" + dims
        + "d found it at; the mean of values that share one.")
        .composed(c -> MaxPooling.undone(name, dims, c.in(0), c.in(1), c.attributes().sizes()))
        .tests(t -> {
          List<Integer> to = List.of(4, 5, 3).subList(0, dims);
          int places = to.stream().reduce(1, (a, b) -> a * b);
          t.reference((o, in) -> WindowOracles.unpool(o.sizes(), in)).attributes(new To(to))
              .sample(WindowOracles.sample(dims, 2, 2, 2, 2, 1), WindowOracles.sample(dims, 2, 2, 2, 2, 1)
              .index(places))
              .sample(WindowOracles.unbatched(dims, 2, 2, 3, 1), WindowOracles.unbatched(dims, 2, 2, 3, 1)
              .index(places));
        }).build();
  }

  // ---- means

  private static Tensor mean(String op, int dims, Tensor x, PoolOptions o) {
    return mean(op, dims, x, o, t -> t);
  }

  private static Tensor mean(String op, int dims, Tensor given, PoolOptions o,
      java.util.function.UnaryOperator<Tensor> of) {
    Tensor x = Windows.batched(op, dims, given);
    Promotion.floating(op, x);
    int[] k = o.kernels(op, dims), s = o.strides(op, dims), p = o.paddings(op, dims);
    Windows.fit(op, x, k, s, p, o.dilations(op, dims), o.ceilMode());
    Tensor y = of.apply(x);
    for (int d = dims - 1; d >= 0; d--)
      y = Resampling.along(y, 2 + d, means(x.size(2 + d), k[d], s[d], p[d], o, d == 0));
    return Windows.like(given, dims, y);
  }

  private static SparseMatrix means(int n, int kernel, int stride, int padding, PoolOptions o, boolean last) {
    double all = o.divisor() == 0 ? 0 : last ? o.divisor() : 1;
    return means(n, kernel, stride, padding, o.ceilMode(), o.countIncludePad(), all);
  }

  /**
   * The mean of each window along a dim of n elements; {@code divisor}: what sums are divided by, or 0 for their
   * number.
   */
  public static SparseMatrix means(int n, int kernel, int stride, int padding, boolean ceilMode,
      boolean countIncludePad, double divisor) {
    return SparseMatrix.of(PoolOptions.windows(n, kernel, stride, padding, 1, ceilMode), n, (r, e) -> {
      int start = r * stride - padding, from = Math.max(0, start), to = Math.min(n, start + kernel);
      int count = countIncludePad ? Math.min(start + kernel, n + padding) - start : to - from;
      for (int i = from; i < to; i++) e.add(i, 1 / (divisor == 0 ? count : divisor));
    });
  }

  private static List<Integer> sizes(String op, int dims, Tensor x, To to) {
    if (to.sizes().size() != dims)
      throw new ShapeError(op + ": the result has " + dims + " spatial dims, got sizes " + to.sizes() + ".");
    for (int d = 0; d < dims; d++) {
      if (to.sizes().get(d) < 1)
        throw new ShapeError(op + ": the result must have at least 1 element in each dim, got " + to.sizes() + ".");
      if (x.size(2 + d) < 1) throw new ShapeError(op + ": " + x.describe() + " has no elements to pool.");
    }
    return to.sizes();
  }

  private static Spec poolShape(String op, Tensor x, Pool2dOptions o) {
    if (x.getNdim() != 4)
      throw new ShapeError(op + ": input must be [batch, channels, height, width], got " + x.describe()
          + ". Fix: unsqueeze(0) for a single picture.");
    DType type = Promotion.floating(op, x);
    if (x.size(2) < 1 || x.size(3) < 1) throw new ShapeError(op + ": " + x.describe() + " has no elements to pool.");
    int h = o.windows(x.size(2), true), w = o.windows(x.size(3), false);
    if (h < 1 || w < 1) throw new ShapeError(op + ": the window " + o.kernelH() + "x" + o.kernelW()
        + " is larger than the padded input of " + x.describe() + ".");
    return new Spec(Shape.of(x.size(0), x.size(1), h, w), type);
  }

  public static Extreme maxPool2d(Tensor x, Pool2dOptions options) {
    Tensor[] out = Dispatch.all(MAX_POOL2D, options, Windows.batched("maxPool2d", 2, x));
    return new Extreme(Windows.like(x, 2, out[0]), Windows.like(x, 2, out[1]));
  }

  public static Tensor avgPool2d(Tensor x, Pool2dOptions options) {
    return Windows.like(x, 2, Dispatch.call(AVG_POOL2D, options, Windows.batched("avgPool2d", 2, x)));
  }

  /** Over the last {@code dims} dims; indices are i64. */
  public static Extreme maxPool(Tensor x, int dims, PoolOptions options) {
    Tensor[] out = dims == 2 ? MaxPooling.of("maxPool2d", 2, x, options)
        : Dispatch.all(dims == 1 ? MAX_POOL1D : MAX_POOL3D, options, x);
    return new Extreme(out[0], out[1]);
  }

  public static Tensor avgPool(Tensor x, int dims, PoolOptions options) {
    if (dims != 2) return Dispatch.call(dims == 1 ? AVG_POOL1D : AVG_POOL3D, options, x);
    return options.divisor() != 0 ? mean("avgPool2d", 2, x, options)
        : avgPool2d(x, Windows.plane("avgPool2d", options));
  }

  public static Tensor adaptiveAvgPool(Tensor x, int... sizes) {
    return Dispatch.call(adaptive(sizes.length, false), to(sizes), x);
  }

  public static Extreme adaptiveMaxPool(Tensor x, int... sizes) {
    Tensor[] out = Dispatch.all(adaptive(sizes.length, true), to(sizes), x);
    return new Extreme(out[0], out[1]);
  }

  public static Tensor lpPool(Tensor x, int dims, double norm, PoolOptions options) {
    return Dispatch.call(dims == 1 ? LP_POOL1D : LP_POOL2D, new Lp(norm, options), x);
  }

  /** @param sizes of the result's spatial dims */
  public static Tensor maxUnpool(Tensor x, Tensor indices, int... sizes) {
    return Dispatch.call(sizes.length == 1 ? MAX_UNPOOL1D : sizes.length == 2 ? MAX_UNPOOL2D : MAX_UNPOOL3D, to(sizes),
        x, indices);
  }

  /**
   * The sizes that windows side by side, or as {@code options} says, were taken from: what maxUnpool makes by default.
   */
  public static int[] unpooled(String op, Tensor x, int dims, PoolOptions options) {
    int[] k = options.kernels(op, dims), s = options.strides(op, dims), p = options.paddings(op, dims),
        sizes = new int[dims];
    for (int d = 0; d < dims; d++) sizes[d] = (x.size(x.getNdim() - dims + d) - 1) * s[d] - 2 * p[d] + k[d];
    return sizes;
  }

  private static To to(int[] sizes) {
    return new To(java.util.Arrays.stream(sizes).boxed().toList());
  }
}

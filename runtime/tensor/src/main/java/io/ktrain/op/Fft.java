package io.ktrain.op;

import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.FftNorm;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;

/**
 * Discrete Fourier transforms. Complex numbers are pairs in a last dim of size 2, real part first, as
 * torch.view_as_real gives them; the dims of a complex tensor are counted without that one. Computed in f64 on the
 * host.
 */
public final class Fft {
  private Fft() {}

  /** A dim as it stands, pair included. */
  public record Dft(int dim, boolean inverse) {}

  /** {@code n}: the signal is cut or filled up with zeros to so many points; -1: as it is. */
  public record Transform(int n, int dim, FftNorm norm) {}

  /** The same along several dims; null sizes: as they are. */
  public record Transforms(int[] sizes, int[] dims, FftNorm norm) {}

  public record Shift(int[] dims) {}

  public static final Op<Dft> DFT = op("dft", Dft.class,
      "The sum of x[k] exp(-2 pi i j k / n) for each j along a dim; with the other sign for the inverse. Not scaled.")
      .gives(c -> Spec.like(c.in(0)))
      .grad((c, g) -> dft(g, c.attributes().dim(), !c.attributes().inverse()))
      .onHost().internal()
      .tests(t -> {
        for (int n : new int[] {1, 2, 7, 12, 37}) t.attributes(new Dft(0, n % 2 == 0)).sample(OpTests.shape(n, 2));
        t.attributes(new Dft(1, false)).sample(OpTests.shape(2, 6, 3, 2)).sample(OpTests.strided(2, 5, 2))
            .reference((a, in) -> FftOracles.dft(in.get(0), a.dim(), a.inverse()));
      }).build();

  public static final Op<Transform> FFT = op("fft", Transform.class,
      "The discrete Fourier transform of complex numbers along a dim.")
      .composed(c -> complex("fft", c.in(0), c.attributes(), false))
      .tests(t -> transforms(t).reference((a, in) -> FftOracles.complex(in.get(0), a, false))
          .fails(() -> Tensor.ones(4, 3).fft(),
              "fft: complex numbers are pairs in a last dim of size 2, got f32[4,3]. Fix: rfft() for real numbers."))
          .build();

  public static final Op<Transform> IFFT = op("ifft", Transform.class, "The inverse of fft.")
      .composed(c -> complex("ifft", c.in(0), c.attributes(), true))
      .tests(t -> transforms(t).reference((a, in) -> FftOracles.complex(in.get(0), a, true))).build();

  public static final Op<Transform> RFFT = op("rfft", Transform.class,
      "The discrete Fourier transform of real numbers along a dim: its first n / 2 + 1 numbers, complex; the others "
          + "are their conjugates.")
      .composed(c -> {
        Tensor x = c.in(0);
        Promotion.floating("rfft", x);
        int dim = x.getShape().axis("rfft", c.attributes().dim()), n = points("rfft", c.attributes().n(), x, dim);
        Tensor fit = resized(x, dim, n);
        Tensor all = dft(Tensor.stack(List.of(fit, Tensor.zerosLike(fit)), -1), dim, false);
        return scaled(all.narrow(dim, 0, n / 2 + 1), c.attributes().norm().scale(n, false));
      })
      .tests(t -> {
        for (FftNorm norm : FftNorm.values())
          t.attributes(new Transform(-1, -1, norm))
              .sample(OpTests.shape(2, 6)).attributes(new Transform(-1, 0, norm)).sample(OpTests.strided(5, 2));
        t.attributes(new Transform(4, -1, FftNorm.BACKWARD))
            .sample(OpTests.shape(6)).attributes(new Transform(7, -1, FftNorm.BACKWARD)).sample(OpTests.shape(6))
            .reference((a, in) -> FftOracles.real(in.get(0), a))
            .fails(() -> Tensor.ones(3).rfft(0, -1, FftNorm.BACKWARD),
                "rfft: a transform has at least 1 point, got 0.");
      }).build();

  public static final Op<Transform> IRFFT = op("irfft", Transform.class,
      "The inverse of rfft: n real numbers of n / 2 + 1 complex ones; n = -1: the even number of them.")
      .composed(c -> {
        Tensor x = c.in(0);
        int dim = requireComplex("irfft", x, c.attributes().dim()), n = c.attributes().n() == -1 ? 2 * (x.size(dim) - 1)
            : c.attributes().n();
        points("irfft", n, x, dim);
        Tensor half = resized(x, dim, n / 2 + 1);
        int rest = n - n / 2 - 1;
        Tensor mirrored = half.narrow(dim, 1, rest)
            .flip(dim).mul(Tensor.of(new double[] {1, -1}).to(x.getDtype()).to(x.getDevice()));
        Tensor all = dft(rest == 0 ? half : Tensor.cat(List.of(half, mirrored), dim), dim, true);
        return scaled(all.select(-1, 0), c.attributes().norm().scale(n, true));
      })
      .tests(t -> {
        for (FftNorm norm : FftNorm.values())
          t.attributes(new Transform(-1, -1, norm))
              .sample(OpTests.shape(3, 4, 2)).attributes(new Transform(5, 0, norm)).sample(OpTests.strided(3, 2, 2));
        t.attributes(new Transform(9, -1, FftNorm.BACKWARD))
            .sample(OpTests.shape(3, 2)).attributes(new Transform(4, -1, FftNorm.BACKWARD)).sample(OpTests.shape(6, 2))
            .reference((a, in) -> FftOracles.inverseReal(in.get(0), a));
      }).build();

  public static final Op<Transforms> FFTN = op("fftn", Transforms.class, "fft along several dims.")
      .composed(c -> along("fftn", c, (x, each) -> Dispatch.call(FFT, each, x)))
      .tests(t -> several(t)
          .reference((a, in) -> FftOracles.along(in.get(0), a, (x, each) -> FftOracles.complex(x, each, false))))
      .build();

  public static final Op<Transforms> IFFTN = op("ifftn", Transforms.class, "ifft along several dims.")
      .composed(c -> along("ifftn", c, (x, each) -> Dispatch.call(IFFT, each, x)))
      .tests(t -> several(t)
          .reference((a, in) -> FftOracles.along(in.get(0), a, (x, each) -> FftOracles.complex(x, each, true))))
      .build();

  public static final Op<Transforms> RFFTN = op("rfftn", Transforms.class,
      "rfft along the last of several dims, then fft along the others.")
      .composed(c -> {
        Promotion.floating("rfftn", c.in(0));
        Transform[] all = each("rfftn", c.attributes(), c.in(0).getNdim());
        Tensor x = Dispatch.call(RFFT, all[all.length - 1], c.in(0));
        for (int i = 0; i < all.length - 1; i++) x = Dispatch.call(FFT, all[i], x);
        return x;
      })
      .tests(t -> t.attributes(new Transforms(null, null, FftNorm.BACKWARD)).sample(OpTests.shape(3, 4))
          .attributes(new Transforms(new int[] {4, 3}, new int[] {0, 1}, FftNorm.ORTHO)).sample(OpTests.strided(3, 4))
          .reference((a, in) ->
              FftOracles.along(FftOracles.real(in.get(0), FftOracles.last(a)), FftOracles.butLast(a),
                  (x, each) -> FftOracles.complex(x, each, false)))).build();

  public static final Op<Transforms> IRFFTN = op("irfftn", Transforms.class,
      "ifft along all but the last of several dims, then irfft along that.")
      .composed(c -> {
        Promotion.floating("irfftn", c.in(0));
        Transform[] all = each("irfftn", c.attributes(), c.in(0).getNdim() - 1);
        Tensor x = c.in(0);
        for (int i = 0; i < all.length - 1; i++) x = Dispatch.call(IFFT, all[i], x);
        return Dispatch.call(IRFFT, all[all.length - 1], x);
      })
      .tests(t -> t.attributes(new Transforms(null, null, FftNorm.BACKWARD)).sample(OpTests.shape(3, 4, 2))
          .attributes(new Transforms(new int[] {4, 5}, new int[] {0, 1}, FftNorm.ORTHO))
          .sample(OpTests.strided(3, 4, 2))
          .reference((a, in) ->
              FftOracles.inverseReal(FftOracles.along(in.get(0), FftOracles.butLast(a),
                  (x, each) -> FftOracles.complex(x, each, true)), FftOracles.last(a)))).build();

  public static final Op<Shift> FFTSHIFT = op("fftshift", Shift.class,
      "Moves the first element of each dim to its middle: frequency 0 between the negative and the positive ones.")
      .composed(c -> shifted("fftshift", c.in(0), c.attributes().dims(), 0))
      .tests(t -> t.attributes(new Shift(new int[] {0, 1})).sample(OpTests.shape(5, 4))
          .sample(OpTests.strided(2, 3, 2)).reference((a, in) -> FftOracles.shifted(in.get(0), a.dims(), 0))).build();

  public static final Op<Shift> IFFTSHIFT = op("ifftshift", Shift.class, "The inverse of fftshift.")
      .composed(c -> shifted("ifftshift", c.in(0), c.attributes().dims(), 1))
      .tests(t -> t.attributes(new Shift(new int[] {0, 1})).sample(OpTests.shape(5, 4))
          .sample(OpTests.strided(2, 3, 2)).reference((a, in) -> FftOracles.shifted(in.get(0), a.dims(), 1))).build();

  private static OpTests<Transform> transforms(OpTests<Transform> t) {
    for (FftNorm norm : FftNorm.values())
      t.attributes(new Transform(-1, -1, norm))
          .sample(OpTests.shape(2, 6, 2)).attributes(new Transform(-1, 0, norm)).sample(OpTests.strided(5, 2, 2));
    return t.attributes(new Transform(4, -1, FftNorm.BACKWARD))
        .sample(OpTests.shape(6, 2)).attributes(new Transform(8, -1, FftNorm.BACKWARD)).sample(OpTests.shape(6, 2));
  }

  private static OpTests<Transforms> several(OpTests<Transforms> t) {
    return t.attributes(new Transforms(null, null, FftNorm.BACKWARD)).sample(OpTests.shape(3, 4, 2))
        .attributes(new Transforms(new int[] {4, 3}, new int[] {2, 0}, FftNorm.ORTHO))
        .sample(OpTests.strided(3, 2, 4, 2));
  }

  private interface Step {
    Tensor of(Tensor x, Transform one);
  }

  private static Tensor along(String op, Call<Transforms> c, Step step) {
    Tensor x = c.in(0);
    Promotion.floating(op, x);
    for (Transform one : each(op, c.attributes(), x.getNdim() - 1)) x = step.of(x, one);
    return x;
  }

  /** The transforms of single dims: of all, where none is named. */
  static Transform[] each(String op, Transforms all, int ndim) {
    int count = all.dims() != null ? all.dims().length : all.sizes() != null ? all.sizes().length : Math.max(0, ndim);
    if (count == 0 || all.sizes() != null && all.sizes().length != count)
      throw new ShapeError(op + ": needs a dim for each size and at least one, got " + count + " dims"
          + (all.sizes() == null ? "" : " and " + all.sizes().length + " sizes") + ".");
    var out = new Transform[count];
    for (int i = 0; i < count; i++)
      out[i] = new Transform(all.sizes() == null ? -1 : all.sizes()[i], all.dims() == null ? i - count
          : all.dims()[i], all.norm());
    return out;
  }

  private static Tensor dft(Tensor x, int dim, boolean inverse) {
    return Dispatch.call(DFT, new Dft(dim, inverse), x);
  }

  private static Tensor complex(String op, Tensor x, Transform of, boolean inverse) {
    int dim = requireComplex(op, x, of.dim()), n = points(op, of.n(), x, dim);
    return scaled(dft(resized(x, dim, n), dim, inverse), of.norm().scale(n, inverse));
  }

  private static Tensor scaled(Tensor x, double by) {
    return by == 1 ? x : x.mul(by);
  }

  /** Gives the dim, counted from 0. */
  private static int requireComplex(String op, Tensor x, int dim) {
    Promotion.floating(op, x);
    if (x.getNdim() < 2 || x.size(-1) != 2)
      throw new ShapeError(op + ": complex numbers are pairs in a last dim of size 2, got " + x.describe()
          + ". Fix: rfft() for real numbers.");
    return x.getShape().without(-1).axis(op, dim);
  }

  private static int points(String op, int n, Tensor x, int dim) {
    int points = n == -1 ? x.size(dim) : n;
    if (points < 1) throw new ShapeError(op + ": a transform has at least 1 point, got " + points + ".");
    return points;
  }

  private static Tensor resized(Tensor x, int dim, int n) {
    int have = x.size(dim);
    if (n <= have) return n == have ? x : x.narrow(dim, 0, n);
    int[] widths = new int[2 * (x.getNdim() - dim)];
    widths[widths.length - 1] = n - have;
    return x.pad(widths, 0);
  }

  private static Tensor shifted(String op, Tensor x, int[] dims, int more) {
    if (dims.length == 0)
      throw new ShapeError(op + ": needs the dims to shift, since the last one of " + x.describe()
          + " may hold pairs.");
    for (int d : dims) {
      int n = x.size(d), by = (n + more) / 2;
      if (n > 1) x = Tensor.cat(List.of(x.narrow(d, n - by, by), x.narrow(d, 0, n - by)), d);
    }
    return x;
  }
}

package io.ktrain.op;

import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.InterpolateMode;
import io.ktrain.tensor.PaddingMode;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * New samples made of old ones along one dim after another: interpolation, borders, cells of uneven sizes, windows as
 * rows. All of them are one linear operation, whose gradient is the same operation by the transposed matrix.
 */
public final class Resampling {
  private Resampling() {}

  /** The dim, and for each new element along it what it is made of. */
  public record Along(int dim, SparseMatrix by) {}

  /** @param widths pairs of (before, after) from the last dim on */
  public record Border(List<Integer> widths, PaddingMode mode) {}

  /**
   * How a tensor of [batch, channels, spatial...] is given other sizes.
   *
   * @param sizes of the spatial dims
   * @param scales what they were made by, or empty where the sizes were given
   */
  public record Interpolate(InterpolateMode mode, List<Integer> sizes, List<Double> scales, boolean alignCorners,
      boolean antialias) {}

  public static final Op<Along> RESAMPLE = op("resample", Along.class,
      "A product with a sparse matrix along a dim: each new element a weighted sum of old ones.")
      .gives(c -> {
        Tensor x = c.in(0);
        Along a = c.attributes();
        if (x.size(a.dim()) != a.by().width())
          throw new ShapeError("resample: dim " + a.dim() + " of " + x.describe() + " must have " + a.by().width()
              + " elements.");
        return new Spec(x.getShape().with(a.dim(), a.by().rows()), Promotion.floating("resample", x));
      })
      .grad((c, g) -> along(g, c.attributes().dim(), c.attributes().by().transposed()))
      .internal()
      .tests(t -> {
        SparseMatrix by = SparseMatrix.of(4, 3, (r, e) -> {
          for (int c = r; c < 3; c++) e.add(c, r + 0.5 - c);
        });
        t.reference(ResamplingOracles::product).attributes(new Along(1, by)).floats(OpTests.shape(2, 3))
            .floats(OpTests.shape(2, 3, 5)).floats(OpTests.strided(2, 3, 4)).floats(OpTests.shape(0, 3))
            .floats(OpTests.shape(2, 3, 1500)).attributes(new Along(0, by)).floats(OpTests.shape(3))
            .attributes(new Along(2, by)).floats(OpTests.strided(2, 2, 3, 2)).floats(OpTests.shape(2100, 2, 3));
      }).build();

  public static final Op<Border> PAD_BORDER = op("padBorder", Border.class,
      "Elements of the input added around it: in reverse, the border's again, or those of the other end.")
      .composed(c -> border(c.in(0), c.attributes()))
      .internal()
      .tests(t -> {
        t.reference(ResamplingOracles::border);
        for (PaddingMode mode : new PaddingMode[] {PaddingMode.REFLECT, PaddingMode.REPLICATE, PaddingMode.CIRCULAR})
          t.attributes(new Border(List.of(1, 2), mode)).floats(OpTests.shape(1, 2, 4)).floats(OpTests.shape(2, 3))
              .attributes(new Border(List.of(2, 1, 0, 3), mode)).floats(OpTests.strided(2, 4, 3))
              .attributes(new Border(List.of(1, 1, 0, 2, 2, 1), mode)).floats(OpTests.shape(1, 2, 3, 4, 2))
              .attributes(new Border(List.of(-1, 2), mode)).floats(OpTests.shape(2, 5));
        t.fails(() -> Tensor.ones(1, 2, 4).pad(new int[] {4, 0}, PaddingMode.REFLECT),
            "pad: reflecting takes less than dim 2 of f32[1,2,4] has on each side, got 4 and 0. Fix: at most 3.")
            .fails(() -> Tensor.ones(1, 2, 4).pad(new int[] {0, 5}, PaddingMode.CIRCULAR),
            "pad: wrapping round takes at most what dim 2 of f32[1,2,4] has on each side, got 0 and 5. Fix: at most 4.")
            .fails(() -> Tensor.ones(1, 2, 0).pad(new int[] {1, 0}, PaddingMode.REPLICATE),
            "pad: dim 2 of f32[1,2,0] is empty, so there is no border to repeat.")
            .fails(() -> Tensor.ones(3).pad(new int[] {1}, PaddingMode.REFLECT),
            "pad: widths come in pairs (before, after) from the last dim on; got [1] for f32[3].");
      }).build();

  public static final Op<Interpolate> INTERPOLATE = op("interpolate", Interpolate.class,
      "A signal, picture or volume of other spatial sizes.")
      .composed(c -> interpolated(c.in(0), c.attributes()))
      .tests(t -> {
        t.reference(ResamplingOracles::interpolate);
        for (InterpolateMode mode : new InterpolateMode[] {InterpolateMode.NEAREST, InterpolateMode.NEAREST_EXACT,
            InterpolateMode.AREA})
          t.attributes(new Interpolate(mode, List.of(7), List.of(), false, false)).floats(OpTests.shape(2, 2, 5))
              .attributes(new Interpolate(mode, List.of(3, 8), List.of(), false, false))
              .floats(OpTests.strided(2, 2, 6, 4))
              .attributes(new Interpolate(mode, List.of(4, 3, 3), List.of(2.0, 1.5, 0.5), false, false))
              .floats(OpTests.shape(1, 1, 2, 2, 6))
              .attributes(new Interpolate(mode, List.of(5), List.of(1.1), false, false)).floats(OpTests.shape(1, 1, 5));
        for (boolean corners : new boolean[] {false, true})
          t.attributes(new Interpolate(InterpolateMode.LINEAR, List.of(7), List.of(), corners, false))
              .floats(OpTests.shape(2, 2, 5))
              .attributes(new Interpolate(InterpolateMode.BILINEAR, List.of(5, 3), List.of(), corners, false))
              .floats(OpTests.shape(1, 2, 3, 4)).floats(OpTests.shape(0, 2, 3, 4))
              .attributes(new Interpolate(InterpolateMode.BICUBIC, List.of(5, 3), List.of(), corners, false))
              .floats(OpTests.strided(1, 2, 4, 6))
              .attributes(new Interpolate(InterpolateMode.BILINEAR, List.of(7, 2), List.of(2.4, 0.5), corners, false))
              .floats(OpTests.shape(1, 1, 3, 4))
              .attributes(new Interpolate(InterpolateMode.BILINEAR, List.of(3, 5), List.of(1.2, 1.1), corners, false))
              .floats(OpTests.shape(1, 1, 3, 5))
              .attributes(new Interpolate(InterpolateMode.BICUBIC, List.of(3, 5), List.of(1.2, 1.1), corners, false))
              .floats(OpTests.shape(1, 1, 3, 5))
              .attributes(new Interpolate(InterpolateMode.TRILINEAR, List.of(3, 1, 5), List.of(), corners, false))
              .floats(OpTests.shape(1, 2, 2, 2, 3))
              .attributes(new Interpolate(InterpolateMode.BILINEAR, List.of(3, 9), List.of(), corners, true))
              .floats(OpTests.shape(1, 1, 8, 5))
              .attributes(new Interpolate(InterpolateMode.BICUBIC, List.of(3, 9), List.of(), corners, true))
              .floats(OpTests.shape(1, 1, 8, 5));
        t.fails(() -> Tensor.ones(1, 2, 4).interpolate(InterpolateMode.BILINEAR, false, 8),
            "interpolate: bilinear needs [batch, channels, height, width], got f32[1,2,4].")
            .fails(() -> Tensor.ones(1, 2, 4, 4).interpolate(InterpolateMode.NEAREST, true, 8, 8),
            "interpolate: alignCorners is for linear, bilinear, bicubic and trilinear, not nearest.")
            .fails(() -> Tensor.ones(1, 2, 4, 4).interpolate(InterpolateMode.NEAREST, false, 8),
            "interpolate: f32[1,2,4,4] has 2 spatial dims, got sizes [8].")
            .fails(() -> Tensor.ones(1, 2, 4, 4).interpolate(InterpolateMode.NEAREST, false, 8, 0),
            "interpolate: f32[1,2,4,4] cannot be given the spatial sizes [8, 0]: all must be at least 1.")
            .fails(() -> Tensor.of(new int[] {1, 2}, 1, 1, 2).interpolate(InterpolateMode.NEAREST, false, 8),
            "interpolate: needs a floating dtype, got i32[1,1,2]. Fix: to(f32).");
      }).build();

  /** x multiplied along a dim. */
  static Tensor along(Tensor x, int dim, SparseMatrix by) {
    return Dispatch.call(RESAMPLE, new Along(dim, by), x);
  }

  /** The elements of a dim named by {@code from}, in any type. */
  private static Tensor selected(Tensor x, int dim, int[] from) {
    if (x.getDtype().isFloating())
      return along(x, dim, SparseMatrix.of(from.length, x.size(dim), (r, e) -> e.add(from[r], 1)));
    long[] index = Arrays.stream(from).asLongStream().toArray();
    return x.indexSelect(dim, Tensor.of(index).to(x.getDevice()));
  }

  // ---- borders

  private static Tensor border(Tensor x, Border b) {
    for (int i = 0; i < b.widths().size() / 2; i++) {
      int dim = x.getNdim() - 1 - i, n = x.size(dim), before = b.widths().get(2 * i), after = b.widths().get(2 * i + 1);
      if (before == 0 && after == 0) continue;
      String at = "dim " + dim + " of " + x.describe(), got = ", got " + before + " and " + after;
      if (n + before + after < 0) throw new ShapeError("pad: cuts more than there is off " + at + ".");
      if (n == 0) throw new ShapeError("pad: " + at + " is empty, so there is no border to repeat.");
      int most = Math.max(before, after);
      if (b.mode() == PaddingMode.REFLECT && most >= n)
        throw new ShapeError("pad: reflecting takes less than " + at + " has on each side" + got + ". Fix: at most "
            + (n - 1) + ".");
      if (b.mode() == PaddingMode.CIRCULAR && most > n)
        throw new ShapeError("pad: wrapping round takes at most what " + at + " has on each side" + got
            + ". Fix: at most " + n + ".");
      int[] from = new int[n + before + after];
      for (int k = 0; k < from.length; k++) from[k] = source(b.mode(), k - before, n);
      x = selected(x, dim, from);
    }
    return x;
  }

  /** Where the element at {@code i} of n, or beside them, comes from. */
  private static int source(PaddingMode mode, int i, int n) {
    return switch (mode) {
      case REFLECT -> i < 0 ? -i : i < n ? i : 2 * (n - 1) - i;
      case REPLICATE -> Math.clamp(i, 0, n - 1);
      case CIRCULAR -> Math.floorMod(i, n);
      case ZEROS -> throw new IllegalArgumentException("zeros come from nowhere");
    };
  }

  public static Tensor pad(Tensor x, int[] widths, PaddingMode mode) {
    if (mode == PaddingMode.ZEROS) return Shapes.pad(x, widths, 0);
    if (widths.length % 2 != 0 || widths.length > 2 * x.getNdim())
      throw new ShapeError("pad: widths come in pairs (before, after) from the last dim on; got "
          + Arrays.toString(widths) + " for " + x.describe() + ".");
    return Dispatch.call(PAD_BORDER, new Border(Arrays.stream(widths).boxed().toList(), mode), x);
  }

  // ---- interpolation

  private static Tensor interpolated(Tensor x, Interpolate by) {
    InterpolateMode mode = by.mode();
    boolean linear = mode.dims() > 0;
    Promotion.floating("interpolate", x);
    if (x.getNdim() < 3 || x.getNdim() > 5 || linear && x.getNdim() != 2 + mode.dims())
      throw new ShapeError("interpolate: " + mode.word() + " needs [batch, channels, "
          + (mode.dims() == 1 ? "length" : mode.dims() == 2 ? "height, width" : mode.dims() == 3
          ? "depth, height, width" : "1 to 3 spatial dims")
          + "], got " + x.describe() + ".");
    if (by.alignCorners() && !linear)
      throw new ShapeError("interpolate: alignCorners is for linear, bilinear, bicubic and trilinear, not "
          + mode.word() + ".");
    if (by.antialias() && mode.dims() != 2)
      throw new ShapeError("interpolate: antialias is for bilinear and bicubic, not " + mode.word() + ".");
    int spatial = x.getNdim() - 2;
    if (by.sizes().size() != spatial)
      throw new ShapeError("interpolate: " + x.describe() + " has " + spatial + " spatial dims, got sizes "
          + by.sizes() + ".");
    for (int d = 0; d < spatial; d++)
      if (by.sizes().get(d) < 1 || x.size(2 + d) < 1)
        throw new ShapeError("interpolate: " + x.describe() + " cannot be given the spatial sizes " + by.sizes()
            + ": all must be at least 1.");
    for (int d = spatial - 1; d >= 0; d--) {
      int n = x.size(2 + d), m = by.sizes().get(d);
      double scale = by.scales().isEmpty() ? 0 : by.scales().get(d);
      // Linear modes copy what keeps its size, whatever the scale; the others go by the scale that was given.
      boolean same = n == m && (linear && mode != InterpolateMode.BICUBIC && !by.antialias()
          || mode == InterpolateMode.AREA || scale == 0 || scale == 1);
      if (!same) x = along(x, 2 + d, mode == InterpolateMode.AREA ? cells(n, m) : Filters.of(by, n, m, scale));
    }
    return x;
  }

  /** The means of m cells that cover n elements; uneven ones overlap by an element. */
  static SparseMatrix cells(int n, int m) {
    return SparseMatrix.of(m, n, (r, e) -> {
      int from = cellStart(n, m, r), to = cellEnd(n, m, r);
      for (int c = from; c < to; c++) e.add(c, 1.0 / (to - from));
    });
  }

  static int cellStart(int n, int m, int cell) {
    return (int) ((long) cell * n / m);
  }

  static int cellEnd(int n, int m, int cell) {
    return (int) (((long) (cell + 1) * n + m - 1) / m);
  }

  public static Tensor interpolate(Tensor x, InterpolateMode mode, boolean alignCorners, boolean antialias,
      int... sizes) {
    return Dispatch.call(INTERPOLATE, new Interpolate(mode, Arrays.stream(sizes).boxed().toList(), List.of(),
        alignCorners, antialias), x);
  }

  /** @param scales one for all spatial dims, or one for each */
  public static Tensor interpolateBy(Tensor x, InterpolateMode mode, boolean alignCorners, boolean antialias,
      double... scales) {
    int spatial = Math.max(0, x.getNdim() - 2);
    if (scales.length != 1 && scales.length != spatial)
      throw new ShapeError("interpolate: " + x.describe() + " has " + spatial + " spatial dims, got scales "
          + Arrays.toString(scales) + ".");
    var sizes = new ArrayList<Integer>();
    var each = new ArrayList<Double>();
    for (int d = 0; d < spatial; d++) {
      double s = scales[scales.length == 1 ? 0 : d];
      if (!(s > 0)) throw new ShapeError("interpolate: scales must be positive, got " + Arrays.toString(scales) + ".");
      each.add(s);
      sizes.add((int) Math.floor(x.size(2 + d) * s));
    }
    return Dispatch.call(INTERPOLATE, new Interpolate(mode, sizes, each, alignCorners, antialias), x);
  }
}

package io.ktrain.op;

import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** The elements of pictures in other places: windows as columns and back, pixels as channels and back. */
public final class Rearranging {
  private Rearranging() {}

  public record By(int factor) {}

  /**
   * Windows of pictures as columns.
   *
   * @param kernel their height and width
   * @param sizes height and width of the picture that columns are added up to; empty where a picture is given
   */
  public record Columns(List<Integer> kernel, List<Integer> sizes, ConvOptions options) {}

  public static final Op<Columns> IM2COL = op("im2col", Columns.class,
      "The elements under each place of a window as a column: [n,c,h,w] to [n, c * kernel, places]. PyTorch's unfold.")
      .composed(c -> columns(c.in(0), c.attributes()))
      .tests(t -> {
        t.reference(RearrangingOracles::im2col);
        windows(t, List.of(), OpTests.shape(2, 2, 4, 5), OpTests.strided(1, 2, 6, 5), OpTests.shape(2, 4, 4),
            OpTests.shape(0, 1, 4, 4));
        t.fails(() -> Tensor.ones(1, 1, 2, 2).im2col(3, 3, ConvOptions.DEFAULT),
            "im2col: the window 3x3 is larger than the padded input of f32[1,1,2,2].")
            .fails(() -> Tensor.ones(2, 2).im2col(2, 2, ConvOptions.DEFAULT),
            "im2col: input must be [batch, channels, height, width], or without the batch, got f32[2,2].");
      }).build();

  public static final Op<Columns> COL2IM = op("col2im", Columns.class,
      "A picture to which each column's elements were added at their places: [n, c * kernel, places] to [n,c,h,w]. "
          + "PyTorch's fold.")
      .composed(c -> folded(c.in(0), c.attributes()))
      .tests(t -> {
        t.reference(RearrangingOracles::col2im);
        t.attributes(new Columns(List.of(2, 3), List.of(4, 5), ConvOptions.DEFAULT)).floats(OpTests.shape(2, 12, 9))
            .floats(OpTests.strided(1, 6, 9)).floats(OpTests.shape(6, 9))
            .attributes(new Columns(List.of(2, 2), List.of(5, 4), ConvOptions.DEFAULT.withStride(2, 1).withPadding(1, 0)
            .withDilation(1, 2))).floats(OpTests.shape(2, 8, 6));
        t.fails(() -> Tensor.ones(1, 5, 4).col2im(4, 4, 2, 2, ConvOptions.DEFAULT.withStride(2)),
            "col2im: 5 rows of f32[1,5,4] cannot be cut into windows of 2x2.")
            .fails(() -> Tensor.ones(1, 4, 5).col2im(4, 4, 2, 2, ConvOptions.DEFAULT.withStride(2)),
            "col2im: a window of 2x2 has 4 places in a picture of 4x4, but f32[1,4,5] has 5 columns.")
            .fails(() -> Tensor.ones(4).col2im(4, 4, 2, 2, ConvOptions.DEFAULT),
            "col2im: needs [batch, channels * kernel, places], or without the batch, got f32[4].");
      }).build();

  public static final Op<By> PIXEL_SHUFFLE = op("pixelShuffle", By.class,
      "Channels as pixels: [..., c r r, h, w] to [..., c, h r, w r] (Shi et al. 2016).")
      .composed(c -> {
        Tensor x = c.in(0);
        int r = c.attributes().factor(), n = x.getNdim();
        picture("pixelShuffle", x, r);
        if (x.size(-3) % (r * r) != 0)
          throw new ShapeError("pixelShuffle: " + x.size(-3) + " channels of " + x.describe()
              + " cannot be cut into squares of " + r + "x" + r + ".");
        Tensor parts = x.reshape(with(x, x.size(-3) / (r * r), r, r, x.size(-2), x.size(-1)));
        return swapped(parts, n, 0, 3, 1, 4, 2).reshape(with(x, x.size(-3) / (r * r), x.size(-2) * r, x.size(-1) * r));
      })
      .tests(t -> t.reference(RearrangingOracles::pixelShuffle).attributes(new By(2)).floats(OpTests.shape(2, 8, 2, 3))
      .floats(OpTests.strided(4, 2, 3)).floats(OpTests.shape(0, 4, 1, 1)).floats(OpTests.shape(2, 1, 4, 1, 2))
          .fails(() -> Tensor.ones(1, 6, 2, 2).pixelShuffle(2),
          "pixelShuffle: 6 channels of f32[1,6,2,2] cannot be cut into squares of 2x2.")
          .fails(() -> Tensor.ones(2, 2).pixelShuffle(2),
          "pixelShuffle: needs [..., channels, height, width], got f32[2,2].")).build();

  public static final Op<By> PIXEL_UNSHUFFLE = op("pixelUnshuffle", By.class,
      "Pixels as channels: [..., c, h r, w r] to [..., c r r, h, w].")
      .composed(c -> {
        Tensor x = c.in(0);
        int r = c.attributes().factor(), n = x.getNdim();
        picture("pixelUnshuffle", x, r);
        if (x.size(-1) % r != 0 || x.size(-2) % r != 0)
          throw new ShapeError("pixelUnshuffle: the pictures of " + x.describe() + " cannot be cut into squares of "
              + r + "x" + r + ".");
        Tensor parts = x.reshape(with(x, x.size(-3), x.size(-2) / r, r, x.size(-1) / r, r));
        return swapped(parts, n, 0, 2, 4, 1, 3).reshape(with(x, x.size(-3) * r * r, x.size(-2) / r, x.size(-1) / r));
      })
      .tests(t -> t.reference(RearrangingOracles::pixelUnshuffle).attributes(new By(2))
      .floats(OpTests.shape(2, 3, 4, 6)).floats(OpTests.strided(2, 2, 4))
          .fails(() -> Tensor.ones(1, 1, 3, 2).pixelUnshuffle(2),
          "pixelUnshuffle: the pictures of f32[1,1,3,2] cannot be cut into squares of 2x2.")).build();

  public static final Op<By> CHANNEL_SHUFFLE = op("channelShuffle", By.class,
      "The channels (dim 1) of each group dealt out in turn: [n, g k, ...] read as [n, g, k] and written as [n, k, g] "
          + "(Zhang et al. 2018).")
      .composed(c -> {
        Tensor x = c.in(0);
        int g = c.attributes().factor();
        if (x.getNdim() < 3)
          throw new ShapeError("channelShuffle: needs [batch, channels, ...] of at least 3 dims, got " + x.describe()
              + ".");
        if (g < 1 || x.size(1) % g != 0)
          throw new ShapeError("channelShuffle: " + x.size(1) + " channels of " + x.describe() + " cannot be cut into "
              + g + " groups.");
        int[] parts = new int[x.getNdim() + 1];
        parts[0] = x.size(0);
        parts[1] = g;
        parts[2] = x.size(1) / g;
        for (int d = 2; d < x.getNdim(); d++) parts[d + 1] = x.size(d);
        return x.reshape(parts).transpose(1, 2).reshape(x.getShape());
      })
      .tests(t -> t.reference(RearrangingOracles::channelShuffle).attributes(new By(2)).floats(OpTests.shape(2, 6, 3))
      .floats(OpTests.strided(2, 4, 2, 3)).attributes(new By(3)).floats(OpTests.shape(1, 6, 2, 2))
          .fails(() -> Tensor.ones(1, 5, 2).channelShuffle(2),
          "channelShuffle: 5 channels of f32[1,5,2] cannot be cut into 2 groups.")).build();

  private static OpTests<Columns> windows(OpTests<Columns> t, List<Integer> sizes, OpTests.Input... inputs) {
    for (ConvOptions o : List.of(ConvOptions.DEFAULT, ConvOptions.DEFAULT.withStride(2, 1).withPadding(1, 0)
        .withDilation(1, 2))) {
      t.attributes(new Columns(List.of(2, 2), sizes, o));
      for (OpTests.Input in : inputs) t.floats(in);
    }
    return t;
  }

  private static void picture(String op, Tensor x, int factor) {
    if (x.getNdim() < 3) throw new ShapeError(op + ": needs [..., channels, height, width], got " + x.describe() + ".");
    if (factor < 1) throw new ShapeError(op + ": the factor must be at least 1, got " + factor + ".");
  }

  /** The shape of x with other sizes in the place of its last three. */
  private static int[] with(Tensor x, int... sizes) {
    int before = x.getNdim() - 3;
    int[] all = new int[before + sizes.length];
    for (int d = 0; d < before; d++) all[d] = x.size(d);
    System.arraycopy(sizes, 0, all, before, sizes.length);
    return all;
  }

  /** The last five dims in another order, of what had n dims before two were cut. */
  private static Tensor swapped(Tensor parts, int n, int... order) {
    int before = n - 3;
    int[] dims = new int[before + order.length];
    for (int d = 0; d < before; d++) dims[d] = d;
    for (int i = 0; i < order.length; i++) dims[before + i] = before + order[i];
    return parts.permute(dims);
  }

  // ---- windows as columns

  /** Where window element {@code k} of {@code kernel} meets each of the places along a dim: one tap after another. */
  private static SparseMatrix taps(int n, int places, int kernel, int stride, int padding, int dilation) {
    return SparseMatrix.of(kernel * places, n, (r, e) -> {
      int at = r % places * stride - padding + r / places * dilation;
      if (at >= 0 && at < n) e.add(at, 1);
    });
  }

  private static int places(String op, Columns by, int d, int size) {
    ConvOptions o = by.options();
    int span = size + 2 * o.paddings(op, 2)[d] - o.dilations(op, 2)[d] * (by.kernel().get(d) - 1) - 1;
    return span < 0 ? 0 : span / o.strides(op, 2)[d] + 1;
  }

  private static SparseMatrix taps(String op, Columns by, int d, int size) {
    ConvOptions o = by.options();
    return taps(size, places(op, by, d, size), by.kernel().get(d), o.strides(op, 2)[d], o.paddings(op, 2)[d],
        o.dilations(op, 2)[d]);
  }

  private static Tensor columns(Tensor given, Columns by) {
    Tensor x = Windows.batched("im2col", 2, given);
    Promotion.floating("im2col", x);
    int h = places("im2col", by, 0, x.size(2)), w = places("im2col", by, 1, x.size(3)), kh = by.kernel().get(0),
        kw = by.kernel().get(1);
    if (h < 1 || w < 1) throw new ShapeError("im2col: the window " + kh + "x" + kw
        + " is larger than the padded input of " + x.describe() + ".");
    Tensor y = Resampling.along(Resampling.along(x, 3, taps("im2col", by, 1, x.size(3))), 2,
        taps("im2col", by, 0, x.size(2)));
    y = y.reshape(x.size(0), x.size(1), kh, h, kw, w).permute(0, 1, 2, 4, 3, 5)
        .reshape(x.size(0), x.size(1) * kh * kw, h * w);
    return given.getNdim() == 3 ? y.squeeze(0) : y;
  }

  private static Tensor folded(Tensor given, Columns by) {
    if (given.getNdim() < 2 || given.getNdim() > 3)
      throw new ShapeError("col2im: needs [batch, channels * kernel, places], or without the batch, got "
          + given.describe() + ".");
    Tensor x = given.getNdim() == 2 ? given.unsqueeze(0) : given;
    Promotion.floating("col2im", x);
    int height = by.sizes().get(0), width = by.sizes().get(1), kh = by.kernel().get(0), kw = by.kernel().get(1);
    int h = places("col2im", by, 0, height), w = places("col2im", by, 1, width);
    if (x.size(1) % (kh * kw) != 0)
      throw new ShapeError("col2im: " + x.size(1) + " rows of " + x.describe() + " cannot be cut into windows of " + kh
          + "x" + kw + ".");
    if (x.size(2) != h * w)
      throw new ShapeError("col2im: a window of " + kh + "x" + kw + " has " + h * w + " places in a picture of "
          + height + "x" + width + ", but " + x.describe() + " has " + x.size(2) + " columns.");
    int channels = x.size(1) / (kh * kw);
    Tensor parts = x.reshape(x.size(0), channels, kh, kw, h, w).permute(0, 1, 2, 4, 3, 5)
        .reshape(x.size(0), channels, kh * h, kw * w);
    Tensor y = Resampling.along(Resampling.along(parts, 2, taps("col2im", by, 0, height).transposed()), 3,
        taps("col2im", by, 1, width).transposed());
    return given.getNdim() == 2 ? y.squeeze(0) : y;
  }

  private static List<Integer> sizes(String op, int... sizes) {
    for (int n : sizes) if (n < 1) throw new ShapeError(op + ": sizes must be at least 1, got "
        + Arrays.toString(sizes) + ".");
    return Arrays.stream(sizes).boxed().toList();
  }

  public static Tensor im2col(Tensor x, int kernelH, int kernelW, ConvOptions options) {
    return Dispatch.call(IM2COL, new Columns(sizes("im2col", kernelH, kernelW), List.of(), options), x);
  }

  public static Tensor col2im(Tensor x, int height, int width, int kernelH, int kernelW, ConvOptions options) {
    return Dispatch.call(COL2IM, new Columns(sizes("col2im", kernelH, kernelW), sizes("col2im", height, width),
        options), x);
  }

  public static Tensor shuffled(Op<By> op, Tensor x, int factor) {
    return Dispatch.call(op, new By(factor), x);
  }
}

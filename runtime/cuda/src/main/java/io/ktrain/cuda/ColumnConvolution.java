package io.ktrain.cuda;

import io.ktrain.op.Conv2dOptions;
import io.ktrain.op.Reductions.Over;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/**
 * Convolution by this jar's kernels: a product of the weights and a matrix of patches, made for as many pictures at
 * once as fit in {@link #BYTES}. Channels in groups, where such products are small and many, are convolved directly.
 *
 * <p>Patches lie as their pictures do: pixel by pixel, each {@code (kh, kw, c)}, where channels lie last, and else
 * weight by weight, {@code (c, kh, kw)}, so that both are written and read in the order of memory.
 */
final class ColumnConvolution {
  private static final Kernels CONVOLUTION = Kernels.file("convolution");
  private static final int THREADS = 256;
  private static final long BYTES = 256L << 20;

  private final long limit;
  private final Gemm gemm;
  private final CopyKernels copies;

  ColumnConvolution(CudaBackend cuda) {
    this(cuda, BYTES);
  }

  /** @param limit bytes of patches that are made at once, where they are of more than one picture */
  ColumnConvolution(CudaBackend cuda, long limit) {
    this.limit = limit;
    gemm = cuda.gemm();
    copies = cuda.copies();
  }

  /** @param y lies as {@code s} says */
  void forward(CudaDevice device, Convolution s, Tensor x, Tensor weight, Tensor bias, Tensor y) {
    if (s.by().groups() > 1) {
      long step = bias == null ? 0 : bias.layout().stride(0);
      launch(device, "grouped_", y.numel(), s, new Args().tensor(x).tensor(weight).tensor(bias).i64(step).tensor(y),
          x, weight, y);
      return;
    }
    Tensor w = weights(device, s, weight);
    Matrix filters = new Matrix(Args.address(w), s.o(), s.patch(), s.patch(), 1, 0).transposed();
    for (int first = 0, count; first < s.n(); first += count) {
      count = Math.min(chunk(s), s.n() - first);
      Convolution part = s.pictures(count);
      Tensor in = pictures(x, first, count), patches = patches(device, part, in);
      gemm.run(device, s.type(), s.type(), stack(part), patches(part, patches), filters,
          results(part, pictures(y, first, count)), Gemm.Bias.of(bias), false);
      free(patches, in);
    }
    free(w, weight);
  }

  /** @param x lies as {@code s} says */
  void inputGrad(CudaDevice device, Convolution s, Tensor g, Tensor weight, Tensor x) {
    if (s.by().groups() > 1) {
      launch(device, "grouped_input_grad_", x.numel(), s, new Args().tensor(g).tensor(weight).tensor(x), x, weight, g);
      return;
    }
    Tensor w = weights(device, s, weight), upstream = laid(device, s, g);
    Matrix filters = new Matrix(Args.address(w), s.o(), s.patch(), s.patch(), 1, 0);
    for (int first = 0, count; first < s.n(); first += count) {
      count = Math.min(chunk(s), s.n() - first);
      Convolution part = s.pictures(count);
      Tensor to = pictures(x, first, count);
      Tensor patches = s.isPointwise() ? to : patchMemory(part, x);
      gemm.run(device, s.type(), s.type(), stack(part), results(part, pictures(upstream, first, count)), filters,
          patches(part, patches), null, false);
      if (patches != to)
        launch(device, "gather_columns_", to.numel(), part, new Args().tensor(patches).tensor(to), to, weight, g);
      free(patches, to);
    }
    free(upstream, g);
    free(w, weight);
  }

  /** The sum over all pictures is one product, or where they are many one for each chunk, in their order. */
  void weightGrad(CudaDevice device, Convolution s, Tensor g, Tensor x, Tensor weight) {
    if (s.by().groups() > 1) {
      device.launch(CONVOLUTION, "grouped_weight_grad_" + s.type(), weight.numel(), THREADS,
          new Args().tensor(g).tensor(x).tensor(weight).struct(fields(s, x, weight, g)));
      return;
    }
    int chunk = chunk(s);
    // Between chunks the sums stay as wide as they are computed.
    DType wide = chunk >= s.n() || s.type() == DType.f64 ? s.type() : DType.f32;
    boolean direct = wide == s.type() && (!s.channelsLast() || s.kh() * s.kw() == 1);
    Tensor sums = direct ? weight : CopyKernels.temporary(Shape.of(s.o(), s.kh(), s.kw(), s.c()), wide, weight);
    Matrix to = new Matrix(Args.address(sums), s.o(), s.patch(), s.patch(), 1, 0);
    for (int first = 0, count; first < s.n(); first += count) {
      count = Math.min(chunk, s.n() - first);
      Convolution part = s.pictures(count);
      Tensor in = pictures(x, first, count), up = pictures(g, first, count);
      // Row-major pictures have one matrix each; their sum takes one of all, with channels first.
      Tensor patches = s.channelsLast() ? patches(device, part, in) : columns(device, part, in);
      Tensor upstream = s.channelsLast() ? laid(device, part, up) : copies.dense(device, permuted(up, 1, 0, 2, 3));
      int pixels = count * s.pixels();
      Matrix channels = new Matrix(Args.address(upstream), s.o(), pixels, s.channelsLast() ? 1 : pixels,
          s.channelsLast() ? s.o() : 1, 0);
      Matrix columns = new Matrix(Args.address(patches), pixels, s.patch(), s.channelsLast() ? s.patch() : 1,
          s.channelsLast() ? 1 : pixels, 0);
      gemm.run(device, s.type(), wide, 1, channels, columns, to, null, first > 0);
      free(patches, in);
      free(upstream, up);
    }
    if (!direct) {
      Layout rows = Layout.contiguous(weight.getShape());
      Tensor from = s.channelsLast() ? permuted(sums, 0, 3, 1, 2) : CopyKernels.window(sums, weight.getShape(), rows);
      copies.copy(device, from, weight);
    }
    free(sums, weight);
  }

  /** The sum of each channel's elements, whatever convolution they are of. */
  static void biasGrad(CudaDevice device, Tensor g, Tensor bias) {
    Fold.run(device, Fold.Kind.SUM, g, new Over(new int[] {0, 2, 3}, false), 1, bias);
  }

  /** Adds the bias to pictures of fewer than 2^31 elements that lie as {@code s} says. */
  void addBias(CudaDevice device, Convolution s, Tensor y, Tensor bias) {
    int pack = 16 / s.type().bytes();
    device.launch(CONVOLUTION, "add_bias_" + s.type(), device.blocks((y.numel() + pack - 1) / pack, THREADS), THREADS,
        new Args().tensor(y).tensor(bias).i64(bias.layout().stride(0)).i32((int) y.numel()).i32(s.o())
            .i32(s.channelsLast() ? 1 : s.pixels()));
  }

  // ---- operands

  private int chunk(Convolution s) {
    long bytes = (long) s.pixels() * s.patch() * s.type().bytes();
    return (int) Math.max(1, Math.min(Math.max(1, s.n()), limit / Math.max(1, bytes)));
  }

  /** The weights in the order of a patch. */
  private Tensor weights(CudaDevice device, Convolution s, Tensor weight) {
    if (!s.channelsLast() || s.kh() * s.kw() == 1) return copies.dense(device, weight);
    return copies.dense(device, permuted(weight, 0, 2, 3, 1));
  }

  /** The tensor, or a copy that lies as {@code s} says. */
  Tensor laid(CudaDevice device, Convolution s, Tensor t) {
    if (!s.channelsLast()) return copies.dense(device, t);
    if (permuted(t, 0, 2, 3, 1).isContiguous()) return t;
    Tensor dense = copies.dense(device, permuted(t, 0, 2, 3, 1));
    return CopyKernels.window(dense, t.getShape(), Pictures.channelsLast(t.getShape()));
  }

  /** Frees a copy, but not a view, of {@code t}. */
  static void free(Tensor copy, Tensor t) {
    if (copy.storage() != t.storage()) copy.storage().free("its operation");
  }

  private static Tensor pictures(Tensor t, int first, int count) {
    return count == t.size(0) ? t : CopyKernels.cut(t, 0, first, count, 1);
  }

  private static Tensor permuted(Tensor t, int... dims) {
    int[] sizes = new int[dims.length];
    long[] strides = new long[dims.length];
    for (int d = 0; d < dims.length; d++) {
      sizes[d] = t.size(dims[d]);
      strides[d] = t.layout().stride(dims[d]);
    }
    return CopyKernels.window(t, Shape.of(sizes), new Layout(strides, t.layout().offset()));
  }

  /** The patches of pictures; pictures that are their own are at most laid out anew. */
  private Tensor patches(CudaDevice device, Convolution s, Tensor x) {
    return s.isPointwise() ? laid(device, s, x) : columns(device, s, x);
  }

  private Tensor columns(CudaDevice device, Convolution s, Tensor x) {
    Tensor to = patchMemory(s, x);
    launch(device, "columns_", to.numel(), s, new Args().tensor(x).tensor(to), x, null, null);
    return to;
  }

  private static Tensor patchMemory(Convolution s, Tensor like) {
    return s.channelsLast() ? CopyKernels.temporary(Shape.of(s.n() * s.pixels(), s.patch()), s.type(), like)
        : CopyKernels.temporary(Shape.of(s.patch(), s.n() * s.pixels()), s.type(), like);
  }

  /** Row-major pictures are a matrix each, those with channels last one together. */
  private static int stack(Convolution s) {
    return s.channelsLast() ? 1 : s.n();
  }

  /** Patches as a matrix of pixels by weights. */
  private static Matrix patches(Convolution s, Tensor t) {
    if (s.channelsLast()) return new Matrix(Args.address(t), s.n() * s.pixels(), s.patch(), s.patch(), 1, 0);
    if (s.isPointwise())
      return new Matrix(Args.address(t), s.pixels(), s.patch(), 1, s.pixels(), (long) s.c() * s.pixels());
    return new Matrix(Args.address(t), s.pixels(), s.patch(), 1, (long) s.n() * s.pixels(), s.pixels());
  }

  /** Output pictures as a matrix of pixels by channels. */
  private static Matrix results(Convolution s, Tensor y) {
    if (s.channelsLast()) return new Matrix(Args.address(y), s.n() * s.pixels(), s.o(), s.o(), 1, 0);
    return new Matrix(Args.address(y), s.pixels(), s.o(), 1, s.pixels(), (long) s.o() * s.pixels());
  }

  private static void launch(CudaDevice device, String name, long elements, Convolution s, Args args, Tensor x,
      Tensor weight, Tensor y) {
    device.launch(CONVOLUTION, name + s.type(), device.blocks(elements, THREADS), THREADS,
        args.struct(fields(s, x, weight, y)));
  }

  /** A struct {@code Convolution}; see convolution.cu. */
  private static long[] fields(Convolution s, Tensor x, Tensor weight, Tensor y) {
    long[] all = new long[29];
    Conv2dOptions by = s.by();
    long[] sizes = {s.n(), s.c(), s.h(), s.w(), s.o(), s.kh(), s.kw(), s.oh(), s.ow(), by.strideH(), by.strideW(),
      by.paddingH(), by.paddingW(), by.dilationH(), by.dilationW(), by.groups(), s.channelsLast() ? 1 : 0};
    System.arraycopy(sizes, 0, all, 0, sizes.length);
    Pictures.strides(x, all, 17);
    Pictures.strides(weight, all, 21);
    Pictures.strides(y, all, 25);
    return all;
  }
}

package io.ktrain.cuda;

import io.ktrain.op.Call;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Normalizations;
import io.ktrain.op.Spec;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Batch normalization, of planes or of channels-last rows: the channels' sums in pieces, then each element by them. */
final class BatchNormKernels {
  private static final Kernels BATCHNORM = Kernels.file("batchnorm");
  private static final int THREADS = 256;

  /** Blocks that the sums are cut into. */
  private static final int BLOCKS = 1024;

  /** Channels whose pieces a block joins; as in batchnorm.cu. */
  private static final int ACROSS = 8;

  private BatchNormKernels() {}

  static void register(CudaBackend cuda) {
    cuda.add(Normalizations.BATCH_NORM, new Normalization(cuda, (device, call) ->
        new Pass(cuda, device, call.in(0), call.attributes().eps()).forward(call), 0));
    cuda.add(Normalizations.BATCH_NORM_GRAD, new Normalization(cuda, (device, call) ->
        new Pass(cuda, device, call.in(1), call.attributes().eps()).backward(call), 1));
  }

  /** What {@code x} is among the inputs; the first output lies as it does. */
  private static final class Normalization extends NormalizationKernels.Floating<Normalizations.Eps> {
    private final int x;

    Normalization(CudaBackend cuda, CudaBackend.Launcher<Normalizations.Eps> launcher, int x) {
      super(cuda, launcher);
      this.x = x;
    }

    @Override
    public boolean takes(Call<Normalizations.Eps> call) {
      Tensor batch = call.in(x);
      return super.takes(call) && batch.numel() > 0 && batch.numel() / batch.size(1) <= Integer.MAX_VALUE;
    }

    @Override
    public Layout layout(Call<Normalizations.Eps> call, List<Spec> specs, int i) {
      return i == 0 && isChannelsLast(call.in(x)) ? channelsLast(call.in(x).getShape()) : null;
    }
  }

  private static Layout channelsLast(Shape shape) {
    int[] order = new int[shape.ndim()];
    for (int d = 1; d < order.length - 1; d++) order[d] = d + 1;
    order[order.length - 1] = 1;
    return Layout.permuted(shape, order);
  }

  private static boolean isChannelsLast(Tensor x) {
    return !x.isContiguous() && lies(x, channelsLast(x.getShape()));
  }

  private static boolean lies(Tensor x, Layout layout) {
    for (int d = 0; d < x.getNdim(); d++) if (x.size(d) != 1 && x.layout().stride(d) != layout.stride(d)) return false;
    return true;
  }

  /** One call's launches. */
  private static final class Pass {
    private final CudaBackend cuda;
    private final CudaDevice device;
    private final Tensor given;
    private final Layout layout;
    private final Tensor x;
    private final DType type;
    private final double eps;
    private final int channels;

    /** Elements of a channel. */
    private final int count;

    /** Elements of a plane; 0 where the elements lie as rows of channels. */
    private final int plane;

    Pass(CudaBackend cuda, CudaDevice device, Tensor given, double eps) {
      this.cuda = cuda;
      this.device = device;
      this.given = given;
      this.eps = eps;
      Shape shape = given.getShape();
      boolean last = isChannelsLast(given);
      layout = last ? channelsLast(shape) : Layout.contiguous(shape);
      x = laid(given);
      type = x.getDtype();
      channels = x.size(1);
      count = (int) (x.numel() / channels);
      plane = last || count == x.size(0) ? 0 : count / x.size(0);
    }

    /** The tensor itself, or a copy that lies as {@code x} does. */
    private Tensor laid(Tensor t) {
      if (lies(t, layout)) return t;
      Tensor copy = Dispatch.allocate("cuda", new Spec(t.getShape(), t.getDtype()), t.getDevice(), layout);
      cuda.copies().copy(device, t, copy);
      return copy;
    }

    private Tensor temporary(long... sizes) {
      int n = 1;
      for (long s : sizes) n = Math.toIntExact(n * s);
      return CopyKernels.temporary(Shape.of(n), Fold.accumulator(type), x);
    }

    private static void free(Tensor t) {
      t.storage().free("its operation");
    }

    /** Elements that a thread takes at once, given the operands. */
    private int wide(Tensor... operands) {
      int wide = NormalizationKernels.wide(type);
      if ((plane > 0 ? plane : channels) % wide != 0) return 1;
      for (Tensor t : operands) if (!NormalizationKernels.isAligned(t)) return 1;
      return wide;
    }

    private String kernel(String name, int wide) {
      return name + (wide > 1 ? "packs_" : "") + type;
    }

    /** How a channel's elements are cut into pieces, each of which a block sums. */
    private record Cut(int across, int width, int piece, int pieces) {}

    private Cut cut(int wide) {
      int width = plane > 0 ? 1 : Fold.power(Fold.ceil(channels, wide), 32);
      int across = plane > 0 ? channels : (int) Fold.ceil(channels, (long) width * wide);
      int n = plane > 0 ? count / wide : count, high = THREADS / width;
      long most = Math.clamp(Fold.ceil(BLOCKS, across), 1, Fold.ceil(n, 4L * high));
      int piece = (int) Fold.ceil(n, most);
      return new Cut(across, width, piece, (int) Fold.ceil(n, piece));
    }

    /** Adds how the channels lie and are cut, and launches. */
    private void sum(String name, int wide, Cut cut, Args args) {
      if (plane > 0) args.i32(plane / wide).i64((long) plane * channels).i64(plane).i32(count / wide).i32(cut.piece);
      else args.i64(count).i64(channels).i64(cut.piece).i32(cut.width);
      String kernel = kernel((plane > 0 ? "plane_" : "row_") + name, wide);
      device.launch(BATCHNORM, kernel, cut.across, cut.pieces, 1, THREADS, 0, args);
    }

    private void each(String name, int wide, Args args) {
      long packs = x.numel() / wide;
      device.launch(BATCHNORM, kernel(name, wide), device.blocks(packs, THREADS), THREADS,
          args.i64(packs).i32(plane / wide).i32(channels));
    }

    /** The statistics, and what normalizes: [4, channels], as {@code moments} in batchnorm.cu. */
    private Tensor moments(Tensor weight, Tensor bias, Tensor mean, Tensor variance) {
      int wide = wide(x);
      Cut cut = cut(wide);
      Tensor partial = temporary(3, cut.pieces, channels), by = temporary(4, channels);
      sum("moments_", wide, cut, new Args().tensor(x).tensor(partial));
      device.launch(BATCHNORM, "moments_" + type, Fold.ceil(channels, ACROSS), THREADS, new Args().tensor(partial)
          .i64(cut.pieces).i64(channels).tensor(weight).tensor(bias).f64(eps).tensor(mean).tensor(variance).tensor(by));
      free(partial);
      return by;
    }

    private Tensor dense(Tensor t) {
      return t == null ? null : cuda.copies().dense(device, t);
    }

    private void free(Tensor dense, Tensor t) {
      if (t != null) CopyKernels.free(dense, t);
    }

    void forward(Call<Normalizations.Eps> call) {
      Tensor weight = dense(call.in(1)), bias = dense(call.in(2)), y = call.out(0);
      Tensor by = moments(weight, bias, call.out(1), call.out(2));
      each("normalize_", wide(x, y), new Args().tensor(x).tensor(by).tensor(y));
      free(by);
      free(weight, call.in(1));
      free(bias, call.in(2));
      CopyKernels.free(x, given);
    }

    void backward(Call<Normalizations.Eps> call) {
      Tensor g = laid(call.in(0)), weight = dense(call.in(2)), dx = call.out(0);
      // Statistics that were rounded to 16 bits are made again.
      boolean rounded = type.bytes() == 2;
      Tensor again = rounded ? moments(null, null, null, null) : null;
      Tensor mean = rounded ? again : dense(call.in(3)), variance = rounded ? null : dense(call.in(4));
      long variances = rounded ? Args.address(again) + 4L * channels : Args.address(variance);
      int wide = wide(g, x, dx, mean);
      Cut cut = cut(wide);
      Tensor partial = temporary(2, cut.pieces, channels), by = temporary(3, channels);
      sum("sums_", wide, cut, new Args().tensor(g).tensor(x).tensor(mean).tensor(partial));
      device.launch(BATCHNORM, "sums_" + type, Fold.ceil(channels, ACROSS), THREADS, new Args().tensor(partial)
          .i64(cut.pieces).i64(channels).i64(count).tensor(weight).i64(variances).f64(eps).tensor(call.out(1))
          .tensor(call.out(2)).tensor(by));
      each("combine_", wide, new Args().tensor(g).tensor(x).tensor(mean).tensor(by).tensor(dx));
      free(partial);
      free(by);
      if (rounded) {
        free(again);
      } else {
        free(mean, call.in(3));
        free(variance, call.in(4));
      }
      free(weight, call.in(2));
      CopyKernels.free(g, call.in(0));
      CopyKernels.free(x, given);
    }
  }
}

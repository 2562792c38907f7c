package io.ktrain.cuda;

import io.ktrain.op.Call;
import io.ktrain.op.Normalizations;
import io.ktrain.op.Reductions.Over;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Group normalization, a block for each group of a sample's channels, and root-mean-square normalization of rows. */
final class GroupNormKernels {
  private static final Kernels GROUPNORM = Kernels.file("groupnorm");
  private static final int THREADS = 256;

  /** Blocks of rows that sum what they give the weight by themselves. */
  private static final int BLOCKS = 1024;

  private final CudaBackend cuda;

  private GroupNormKernels(CudaBackend cuda) {
    this.cuda = cuda;
  }

  static void register(CudaBackend cuda) {
    var k = new GroupNormKernels(cuda);
    cuda.add(Normalizations.GROUP_NORM, new Filled<>(cuda, k::groupNorm, 0));
    cuda.add(Normalizations.GROUP_NORM_GRAD, new Filled<>(cuda, k::groupNormGrad, 1));
    cuda.add(Normalizations.RMS_NORM, new Filled<>(cuda, k::rmsNorm, 0));
    cuda.add(Normalizations.RMS_NORM_GRAD, new Filled<>(cuda, k::rmsNormGrad, 1));
  }

  /** Operands of one floating type, of which input {@code x} has elements, but fewer than 2^31 a sample or row. */
  private static final class Filled<A> extends NormalizationKernels.Floating<A> {
    private final int x;

    Filled(CudaBackend cuda, CudaBackend.Launcher<A> launcher, int x) {
      super(cuda, launcher);
      this.x = x;
    }

    @Override
    public boolean takes(Call<A> call) {
      Tensor t = call.in(x);
      return super.takes(call) && t.numel() > 0 && (t.getNdim() < 2 || t.numel() / t.size(0) <= Integer.MAX_VALUE);
    }
  }

  private Tensor dense(CudaDevice device, Tensor t) {
    return t == null ? null : cuda.copies().dense(device, t);
  }

  private static void free(Tensor dense, Tensor t) {
    if (t != null) CopyKernels.free(dense, t);
  }

  private static Args sizes(Args args, Tensor x, int groups) {
    int run = Math.toIntExact(x.numel() / x.size(0) / x.size(1));
    return args.i64(groups).i32(x.size(1) / groups).i32(run);
  }

  private void groupNorm(CudaDevice device, Call<Normalizations.Groups> call) {
    Tensor x = dense(device, call.in(0)), w = dense(device, call.in(1)), b = dense(device, call.in(2));
    int groups = call.attributes().groups();
    Args args = new Args().tensor(x).tensor(w).tensor(b).tensor(call.out(0)).tensor(call.out(1)).tensor(call.out(2));
    device.launch(GROUPNORM, "group_norm_" + x.getDtype(), (long) x.size(0) * groups, THREADS,
        sizes(args, x, groups).f64(call.attributes().eps()));
    free(x, call.in(0));
    free(w, call.in(1));
    free(b, call.in(2));
  }

  private void groupNormGrad(CudaDevice device, Call<Normalizations.Groups> call) {
    Tensor[] in = new Tensor[5];
    for (int i = 0; i < in.length; i++) in[i] = dense(device, call.in(i));
    Tensor x = in[1];
    int groups = call.attributes().groups(), samples = x.size(0), channels = x.size(1);
    Tensor partial = CopyKernels.temporary(Shape.of(2, samples, channels), Fold.accumulator(x.getDtype()), x);
    Args args = new Args();
    for (Tensor t : in) args.tensor(t);
    args.tensor(call.out(0)).tensor(partial).i64((long) samples * channels);
    device.launch(GROUPNORM, "group_norm_grad_" + x.getDtype(), (long) samples * groups, THREADS,
        sizes(args, x, groups).f64(call.attributes().eps()));
    for (int k = 0; k < 2; k++) sum(device, partial, k, Shape.of(samples, channels), call.out(1 + k));
    partial.storage().free("its operation");
    for (int i = 0; i < in.length; i++) free(in[i], call.in(i));
  }

  /** The columns of part {@code k} of {@code partial}. */
  private static void sum(CudaDevice device, Tensor partial, int k, Shape rows, Tensor out) {
    Layout layout = new Layout(Layout.contiguous(rows).strides(), k * rows.numel());
    Tensor of = CopyKernels.window(partial, rows, layout);
    Fold.run(device, Fold.Kind.SUM, of, new Over(new int[] {0}, false), 1, out);
  }

  private void rmsNorm(CudaDevice device, Call<Normalizations.Layer> call) {
    Tensor x = dense(device, call.in(0)), w = dense(device, call.in(1));
    long rows = call.out(1).numel();
    device.launch(GROUPNORM, "rms_norm_" + x.getDtype(), rows, THREADS, new Args().tensor(x).tensor(w)
        .tensor(call.out(0)).tensor(call.out(1)).i64(x.numel() / rows).f64(call.attributes().eps()));
    free(x, call.in(0));
    free(w, call.in(1));
  }

  private void rmsNormGrad(CudaDevice device, Call<Normalizations.Layer> call) {
    Tensor g = dense(device, call.in(0)), x = dense(device, call.in(1)), w = dense(device, call.in(2));
    long rows = call.in(3).numel(), n = x.numel() / rows;
    int blocks = (int) Math.min(rows, BLOCKS);
    Shape sums = Shape.of(blocks, Math.toIntExact(n));
    Tensor partial = CopyKernels.temporary(sums, Fold.accumulator(x.getDtype()), x);
    device.launch(GROUPNORM, "rms_norm_grad_" + x.getDtype(), blocks, THREADS, new Args().tensor(g).tensor(x).tensor(w)
        .tensor(call.out(0)).tensor(partial).i64(rows).i64(n).f64(call.attributes().eps()));
    sum(device, partial, 0, sums, call.out(1));
    partial.storage().free("its operation");
    free(g, call.in(0));
    free(x, call.in(1));
    free(w, call.in(2));
  }
}

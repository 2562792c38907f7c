package io.ktrain.cuda;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Normalizations;
import io.ktrain.op.Reductions.Over;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Softmax along any dim, and layer normalization of rows that fit the registers of a block. */
final class NormalizationKernels {
  private static final Kernels NORMALIZATION = Kernels.file("normalization");
  private static final int THREADS = 256;

  /** Threads that share a row at most. */
  private static final int MOST_LANES = 512;

  /** Elements of a row that a thread holds: as {@code Held} in rows.cuh. */
  private static final int HELD = 8, HELD_IN_PACKS = 16;

  private NormalizationKernels() {}

  static void register(CudaBackend cuda) {
    cuda.add(Normalizations.SOFTMAX, new Floating<>(cuda, (device, call) -> softmax(device, call, false)));
    cuda.add(Normalizations.LOG_SOFTMAX, new Floating<>(cuda, (device, call) -> softmax(device, call, true)));
    cuda.add(Normalizations.SOFTMAX_GRAD, new Floating<>(cuda, (device, call) -> softmaxGrad(device, call, false)));
    cuda.add(Normalizations.LOG_SOFTMAX_GRAD, new Floating<>(cuda, (device, call) -> softmaxGrad(device, call, true)));
    cuda.add(Normalizations.LAYER_NORM, new Rows(cuda, (device, call) -> layerNorm(cuda, device, call), 0));
    cuda.add(Normalizations.LAYER_NORM_GRAD, new Rows(cuda, (device, call) -> layerNormGrad(cuda, device, call), 1));
    BatchNormKernels.register(cuda);
  }

  /** What takes operands of one floating type. */
  static class Floating<A> implements Kernel<A> {
    private final CudaBackend cuda;
    private final CudaBackend.Launcher<A> launcher;

    Floating(CudaBackend cuda, CudaBackend.Launcher<A> launcher) {
      this.cuda = cuda;
      this.launcher = launcher;
    }

    @Override
    public boolean takes(Call<A> call) {
      DType type = call.in(0).getDtype();
      boolean takes = type.isFloating();
      for (int i = 1; i < call.inputs(); i++) takes &= call.in(i) == null || call.in(i).getDtype() == type;
      return takes;
    }

    @Override
    public void run(Call<A> call) {
      launcher.run(cuda.device(call), call);
    }
  }

  /** Elements of a type that one thread loads at once. */
  static int wide(DType t) {
    return 16 / t.bytes();
  }

  static boolean isAligned(Tensor t) {
    return t == null || Args.address(t) % 16 == 0;
  }

  /** How threads share a row of n elements: how many do, and whether they load packs of neighbours. */
  record Sharing(int lanes, boolean packs) {
    /** Of a warp that can hold a row, as many threads as load it at once; else one for each {@code HELD} elements. */
    static Sharing of(DType t, int n, boolean packs) {
      int each = packs ? wide(t) : 1;
      boolean warp = n <= 32 * held(t, packs);
      return new Sharing(Fold.power(Fold.ceil(n, warp ? each : HELD), warp ? 32 : MOST_LANES), packs);
    }

    /** As few threads as hold a row in packs, since an empty slot costs an exponential too. */
    static Sharing filled(DType t, int n, boolean packs) {
      if (!packs) return of(t, n, false);
      int held = held(t, true);
      return new Sharing(Fold.power(Fold.ceil(n, held), n > 32 * held ? MOST_LANES : 32), true);
    }

    private static int held(DType t, boolean packs) {
      return packs && t != DType.f64 ? HELD_IN_PACKS : HELD;
    }

    /** Threads of a block: one group that needs them all, or several groups. */
    int threads() {
      return lanes <= 32 ? THREADS : lanes;
    }

    long blocks(long rows) {
      return Fold.ceil(rows, threads() / lanes);
    }

    String kernel(String name, DType t) {
      return name + (packs ? "packs_" : "") + t;
    }
  }

  private static Sharing sharing(Runs runs, Tensor... operands) {
    Tensor x = operands[0];
    if (runs.areSideBySide()) return new Sharing(1, false);
    int wide = wide(x.getDtype());
    boolean packs = runs.areDense() && runs.length() % wide == 0;
    for (int k = 0; k < operands.length; k++) {
      packs &= isAligned(operands[k]);
      for (long s : runs.starts()[k]) packs &= s % wide == 0;
    }
    return Sharing.filled(x.getDtype(), runs.length(), packs);
  }

  private static void softmax(CudaDevice device, Call<Normalizations.Dim> call, boolean logarithm) {
    Tensor x = call.in(0), y = call.out(0);
    if (x.numel() == 0) return;
    Runs runs = Runs.of(call.attributes().dim(), x, y);
    Sharing s = sharing(runs, x, y);
    device.launch(NORMALIZATION, s.kernel("softmax_", x.getDtype()), s.blocks(runs.count()), s.threads(),
        new Args().tensor(x).tensor(y).walk(runs.sizes(), runs.starts()).i64(runs.count()).i64(runs.length())
            .i64(runs.steps()[0]).i64(runs.steps()[1]).i32(s.lanes).i32(logarithm ? 1 : 0));
  }

  private static void softmaxGrad(CudaDevice device, Call<Normalizations.Dim> call, boolean logarithm) {
    Tensor g = call.in(0), y = call.in(1), dx = call.out(0);
    if (dx.numel() == 0) return;
    Runs runs = Runs.of(call.attributes().dim(), g, y, dx);
    Sharing s = sharing(runs, g, y, dx);
    device.launch(NORMALIZATION, s.kernel("softmax_grad_", dx.getDtype()), s.blocks(runs.count()), s.threads(),
        new Args().tensor(g).tensor(y).tensor(dx).walk(runs.sizes(), runs.starts()).i64(runs.count()).i64(runs.length())
            .i64(runs.steps()[0]).i64(runs.steps()[1]).i64(runs.steps()[2]).i32(s.lanes).i32(logarithm ? 1 : 0));
  }

  /** Rows that a block holds; longer ones run by the decomposition. */
  private static final class Rows extends Floating<Normalizations.Layer> {
    private final int x;

    Rows(CudaBackend cuda, CudaBackend.Launcher<Normalizations.Layer> launcher, int x) {
      super(cuda, launcher);
      this.x = x;
    }

    @Override
    public boolean takes(Call<Normalizations.Layer> call) {
      Tensor rows = call.in(x);
      return super.takes(call) && rows.numel() > 0 && columns(rows, call.attributes()) <= MOST_LANES * HELD;
    }
  }

  private static int columns(Tensor x, Normalizations.Layer layer) {
    long n = 1;
    for (int d = x.getNdim() - layer.dims(); d < x.getNdim(); d++) n *= x.size(d);
    return (int) Math.min(n, Integer.MAX_VALUE);
  }

  private static void layerNorm(CudaBackend cuda, CudaDevice device, Call<Normalizations.Layer> call) {
    CopyKernels copies = cuda.copies();
    Tensor x = copies.dense(device, call.in(0)), y = call.out(0);
    Tensor w = dense(copies, device, call.in(1)), b = dense(copies, device, call.in(2));
    int n = columns(x, call.attributes());
    boolean packs = n % wide(x.getDtype()) == 0 && isAligned(x) && isAligned(w) && isAligned(b);
    Sharing s = Sharing.of(x.getDtype(), n, packs);
    long rows = x.numel() / n;
    device.launch(NORMALIZATION, s.kernel("layer_norm_", x.getDtype()), s.blocks(rows), s.threads(),
        new Args().tensor(x).tensor(w).tensor(b).tensor(y).tensor(call.out(1)).tensor(call.out(2)).i64(rows).i64(n)
            .f64(call.attributes().eps()).i32(s.lanes));
    CopyKernels.free(x, call.in(0));
    free(w, call.in(1));
    free(b, call.in(2));
  }

  private static void layerNormGrad(CudaBackend cuda, CudaDevice device, Call<Normalizations.Layer> call) {
    CopyKernels copies = cuda.copies();
    Tensor g = copies.dense(device, call.in(0)), x = copies.dense(device, call.in(1));
    Tensor w = dense(copies, device, call.in(2)), dx = call.out(0);
    Tensor mean = copies.dense(device, call.in(3)), rstd = copies.dense(device, call.in(4));
    int n = columns(x, call.attributes());
    boolean packs = n % wide(x.getDtype()) == 0 && isAligned(g) && isAligned(x) && isAligned(w);
    Sharing s = Sharing.of(x.getDtype(), n, packs);
    long rows = x.numel() / n;
    // Each group's sums cost as much memory traffic as four of its rows, and few groups leave a device idle.
    int groups = (int) Math.min(rows, Math.max(32768 / s.lanes, Math.min(131072 / s.lanes, rows / 16)));
    Tensor partial = CopyKernels.temporary(Shape.of(2, groups, n), Fold.accumulator(x.getDtype()), x);
    device.launch(NORMALIZATION, s.kernel("layer_norm_grad_", x.getDtype()), s.blocks(groups), s.threads(),
        new Args().tensor(g).tensor(x).tensor(w).tensor(mean).tensor(rstd).tensor(dx).tensor(partial).i64(rows).i64(n)
            .f64(call.attributes().eps()).i32(s.lanes).i64(groups));
    Shape sums = Shape.of(groups, n);
    for (int k = 0; k < 2; k++) {
      Layout layout = new Layout(Layout.contiguous(sums).strides(), (long) k * groups * n);
      Tensor of = CopyKernels.window(partial, sums, layout);
      Fold.run(device, Fold.Kind.SUM, of, new Over(new int[] {0}, false), 1, call.out(1 + k));
    }
    partial.storage().free("its operation");
    CopyKernels.free(g, call.in(0));
    CopyKernels.free(x, call.in(1));
    free(w, call.in(2));
    CopyKernels.free(mean, call.in(3));
    CopyKernels.free(rstd, call.in(4));
  }

  private static Tensor dense(CopyKernels copies, CudaDevice device, Tensor t) {
    return t == null ? null : copies.dense(device, t);
  }

  private static void free(Tensor dense, Tensor t) {
    if (t != null) CopyKernels.free(dense, t);
  }
}

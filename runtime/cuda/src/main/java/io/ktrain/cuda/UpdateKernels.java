package io.ktrain.cuda;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Updates;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.function.ToIntFunction;

/**
 * What optimizers do to parameters: one launch for all of a group's tensors, whose addresses are a parameter of the
 * kernel. Where the CPU fuses a step, for f32, the arithmetic is the same; halves are stepped in f32 and rounded once.
 */
final class UpdateKernels {
  private static final Kernels UPDATES = Kernels.file("updates");
  private static final int THREADS = 256;

  /** As in updates.cu: a kernel's parameters hold at most 4 KB. */
  private static final int TENSORS = 64;
  private static final int LISTS = 5;
  private static final int CHUNK = 16384;

  private UpdateKernels() {}

  private interface Step<A> {
    void run(CudaDevice device, Call<A> call);
  }

  /**
   * Takes calls whose tensors are all of one floating type; what a step writes must be row-major.
   *
   * @param lists how many tensors belong to one parameter, or 0 where the tensors are read only
   * @param factors how many inputs come before the tensors
   */
  private record Fused<A>(CudaBackend cuda, ToIntFunction<A> lists, int factors, Step<A> step) implements Kernel<A> {
    @Override
    public boolean takes(Call<A> call) {
      if (call.inputs() <= factors) return false;
      for (int i = 0; i < factors; i++) {
        Tensor t = call.in(i);
        if (t.isConstant() || t.numel() != 1 || !t.getDtype().isFloating()) return false;
      }
      DType dtype = call.in(factors).getDtype();
      int k = lists.applyAsInt(call.attributes()), n = k == 0 ? 0 : (call.inputs() - factors) / k;
      for (int i = factors; i < call.inputs(); i++) {
        Tensor t = call.in(i);
        boolean written = k != 0 && (i - factors) / n != 1;
        if (t.getDtype() != dtype || written && !t.isContiguous()) return false;
      }
      return dtype.isFloating();
    }

    @Override
    public void run(Call<A> call) {
      step.run(cuda.device(call), call);
    }
  }

  static void register(CudaBackend cuda) {
    cuda.add(Updates.SGD, new Fused<Updates.Sgd>(cuda, s -> s.momentum() == 0 ? 2 : 3, 0,
        (device, call) -> sgd(cuda, device, call)));
    cuda.add(Updates.ADAM, new Fused<Updates.Adam>(cuda, a -> a.amsgrad() ? 5 : 4, 0,
        (device, call) -> adam(cuda, device, call)));
    cuda.add(Updates.TOTAL_NORM, new Fused<Void>(cuda, none -> 0, 0, (device, call) -> totalNorm(cuda, device, call)));
    cuda.add(Updates.SCALE, new Fused<Void>(cuda, none -> 1, 1, (device, call) -> scale(device, call)));
  }

  private static void sgd(CudaBackend cuda, CudaDevice device, Call<Updates.Sgd> call) {
    Updates.Sgd s = call.attributes();
    boolean momentum = s.momentum() != 0;
    Tensor[] all = inputs(cuda, device, call);
    each(all, momentum ? 3 : 2, (chunks, first, args) -> {
      args.f64(s.lr()).f64(s.weightDecay());
      if (momentum)
        args.f64(s.first() ? 0 : s.momentum()).f64(s.first() ? 1 : 1 - s.dampening())
            .f64(s.nesterov() ? s.momentum() : 1).f64(s.nesterov() ? 1 : 0);
      device.launch(UPDATES, (momentum ? "momentum_" : "sgd_") + all[0].getDtype(), chunks, THREADS, args);
    });
    free(call, all);
  }

  private static void adam(CudaBackend cuda, CudaDevice device, Call<Updates.Adam> call) {
    Updates.Adam a = call.attributes();
    double bias1 = 1 - StrictMath.pow(a.beta1(), a.step()), bias2 = 1 - StrictMath.pow(a.beta2(), a.step());
    int lists = a.amsgrad() ? 5 : 4;
    Tensor[] all = inputs(cuda, device, call);
    each(all, lists, (chunks, first, args) ->
        device.launch(UPDATES, (a.amsgrad() ? "amsgrad_" : "adam_") + all[0].getDtype(), chunks, THREADS, args
            .f64(1 - a.beta1()).f64(a.beta2()).f64(a.eps()).f64(a.decoupled() ? 0 : a.weightDecay())
            .f64(a.decoupled() ? 1 - a.lr() * a.weightDecay() : 1)
            .f64(a.lr() / bias1).f64(Math.sqrt(bias2))));
    free(call, all);
  }

  /** Squares of fixed chunks, then their sum in order. */
  private static void totalNorm(CudaBackend cuda, CudaDevice device, Call<Void> call) {
    Tensor[] all = inputs(cuda, device, call);
    long chunks = 0;
    for (Tensor t : all) chunks += chunks(t);
    Tensor sums = CopyKernels.temporary(Shape.of(Math.toIntExact(chunks)), DType.f64, all[0]);
    each(all, 1, (n, first, args) ->
        device.launch(UPDATES, "squares_" + all[0].getDtype(), n, THREADS, args.i64(Args.address(sums) + 8 * first)));
    device.launch(UPDATES, "root_of_sums", 1, THREADS,
        new Args().tensor(sums).i64(chunks).tensor(call.out(0)).type(call.out(0)));
    sums.storage().free("totalNorm");
    free(call, all);
  }

  /** The factor is read on the device, so that nothing waits for it. */
  private static void scale(CudaDevice device, Call<Void> call) {
    Tensor[] all = new Tensor[call.inputs() - 1];
    for (int i = 0; i < all.length; i++) all[i] = call.in(i + 1);
    each(all, 1, (chunks, first, args) ->
        device.launch(UPDATES, "scale_" + all[0].getDtype(), chunks, THREADS,
            args.tensor(call.in(0)).type(call.in(0))));
  }

  /** All inputs; those that are only read, as row-major copies where they are not so themselves. */
  private static Tensor[] inputs(CudaBackend cuda, CudaDevice device, Call<?> call) {
    Tensor[] all = new Tensor[call.inputs()];
    for (int i = 0; i < all.length; i++) all[i] = cuda.copies().dense(device, call.in(i));
    return all;
  }

  private static void free(Call<?> call, Tensor[] all) {
    for (int i = 0; i < all.length; i++) CopyKernels.free(all[i], call.in(i));
  }

  private static long chunks(Tensor t) {
    return (t.numel() + CHUNK - 1) / CHUNK;
  }

  private interface Launch {
    /** {@code first}: how many chunks were given before; {@code args} begin with the tensors. */
    void run(long chunks, long first, Args args);
  }

  /** Launches for as many tensors at a time as a kernel's parameters hold. */
  private static void each(Tensor[] all, int lists, Launch launch) {
    int n = all.length / lists;
    long before = 0;
    for (int from = 0; from < n; from += TENSORS) {
      int count = Math.min(TENSORS, n - from);
      long[] fields = new long[1 + TENSORS + 1 + TENSORS + LISTS * TENSORS];
      fields[0] = count;
      long chunks = 0;
      for (int i = 0; i < count; i++) {
        Tensor t = all[from + i];
        fields[1 + i] = chunks;
        fields[2 + TENSORS + i] = t.numel();
        for (int k = 0; k < lists; k++) fields[2 + (2 + k) * TENSORS + i] = Args.address(all[k * n + from + i]);
        chunks += chunks(t);
      }
      fields[1 + count] = chunks;
      launch.run(chunks, before, new Args().struct(fields));
      before += chunks;
    }
  }
}

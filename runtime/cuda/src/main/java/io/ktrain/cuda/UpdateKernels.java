package io.ktrain.cuda;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Expr;
import io.ktrain.op.Op;
import io.ktrain.op.Updates;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What optimizers do to parameters: one launch for all of a group's tensors, whose addresses are a parameter of the
 * kernel, which is compiled from the operation's expressions. The arithmetic is the CPU's to the bit; halves are
 * stepped in f32 and rounded once.
 */
final class UpdateKernels implements Kernel<double[]> {
  private static final Kernels UPDATES = Kernels.file("updates");
  private static final int THREADS = 256;

  /** As in tensors.cuh: a kernel's parameters hold at most 4 KB. */
  private static final int TENSORS = 64;
  private static final int LISTS = 5;
  private static final int CHUNK = 16384;

  private record Form(Op<?> op, List<DType> types) {}

  private final CudaBackend cuda;
  private final ConcurrentHashMap<Form, Kernels> forms = new ConcurrentHashMap<>();

  UpdateKernels(CudaBackend cuda) {
    this.cuda = cuda;
  }

  private interface Step {
    void run(CudaDevice device, Call<Void> call);
  }

  /** Takes calls whose tensors, after {@code factors} single values, are all of one floating type. */
  private record Uniform(CudaBackend cuda, int factors, boolean writes, Step step) implements Kernel<Void> {
    @Override
    public boolean takes(Call<Void> call) {
      if (call.inputs() <= factors) return false;
      for (int i = 0; i < factors; i++) {
        Tensor t = call.in(i);
        if (t.isConstant() || t.numel() != 1 || !t.getDtype().isFloating()) return false;
      }
      DType dtype = call.in(factors).getDtype();
      for (int i = factors; i < call.inputs(); i++)
        if (call.in(i).getDtype() != dtype || writes && !call.in(i).isContiguous()) return false;
      return dtype.isFloating();
    }

    @Override
    public void run(Call<Void> call) {
      step.run(cuda.device(call), call);
    }
  }

  static void register(CudaBackend cuda) {
    cuda.add(Updates.TOTAL_NORM, new Uniform(cuda, 0, false, (device, call) -> totalNorm(cuda, device, call)));
    cuda.add(Updates.SCALE, new Uniform(cuda, 1, true, (device, call) -> scale(device, call)));
  }

  @Override
  public void run(Call<double[]> call) {
    CudaDevice device = cuda.device(call);
    List<Expr> values = call.op().update();
    int lists = values.size() + 1, n = call.inputs() / lists;
    if (n == 0) return;
    DType[] types = new DType[lists];
    for (int k = 0; k < lists; k++) types[k] = call.in(k * n).getDtype();
    DType compute = types[0] == DType.f64 ? DType.f64 : DType.f32;
    double[] numbers = call.attributes();
    Kernels kernels = forms.computeIfAbsent(new Form(call.op(), List.of(types)),
        f -> PointwiseSource.update(values, compute, numbers.length, types));
    Tensor[] all = inputs(cuda, device, call);
    each(all, lists, (chunks, first, args) -> {
      for (double number : numbers) {
        if (compute == DType.f64) args.f64(number);
        else args.f32((float) number);
      }
      device.launch(kernels, "update", chunks, THREADS, args);
    });
    for (int i = 0; i < all.length; i++) if (all[i] != call.in(i) && i / n != 1)
      cuda.copies().copy(device, all[i], call.in(i));
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

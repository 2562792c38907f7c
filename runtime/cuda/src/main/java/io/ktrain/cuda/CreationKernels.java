package io.ktrain.cuda;

import io.ktrain.op.Activations;
import io.ktrain.op.Call;
import io.ktrain.op.Creation;
import io.ktrain.random.Generator.Draw;
import io.ktrain.tensor.Tensor;

/** Constants, sequences and random numbers: the same numbers as the CPU's, element by element. */
final class CreationKernels {
  private static final Kernels CREATION = Kernels.file("creation");
  private static final int THREADS = 256;

  private CreationKernels() {}

  static void register(CudaBackend cuda) {
    cuda.add(Creation.FULL, (device, call) -> cuda.copies().fill(device, call.out(0), call.attributes().value()));
    cuda.add(Creation.ARANGE, CreationKernels::arange);
    cuda.add(Creation.UNIFORM, (device, call) -> random(device, "uniform_numbers", call));
    cuda.add(Creation.NORMAL, (device, call) -> random(device, "normal_numbers", call));
    cuda.add(Activations.DROPOUT, (device, call) -> dropout(cuda, device, call));
  }

  private static void arange(CudaDevice device, Call<Creation.Sequence> call) {
    Creation.Sequence s = call.attributes();
    boolean whole = isWhole(s.start()) && isWhole(s.step()) && !s.dtype().isFloating();
    var args = new Args().i64(s.count()).tensor(call.out(0)).type(call.out(0));
    if (whole) args.i64(s.start().longValue()).i64(s.step().longValue());
    else args.f64(s.start().doubleValue()).f64(s.step().doubleValue());
    device.launch(CREATION, whole ? "whole_sequence" : "sequence", device.blocks(s.count(), THREADS), THREADS, args);
  }

  private static boolean isWhole(Number n) {
    return !(n instanceof Double || n instanceof Float);
  }

  private static void random(CudaDevice device, String kernel, Call<Creation.Random> call) {
    Creation.Random r = call.attributes();
    long n = call.out(0).numel();
    launch(device, kernel, n, draw(new Args().i64(n).tensor(call.out(0)).type(call.out(0)), r.draw()).f64(r.a()).f64(r.b()));
  }

  private static void dropout(CudaBackend cuda, CudaDevice device, Call<Activations.Dropout> call) {
    Tensor x = cuda.copies().dense(device, call.in(0));
    long n = x.numel();
    double p = call.attributes().p();
    boolean floating = x.getDtype().isFloating();
    var args = new Args().i64(n).tensor(x);
    if (!floating) args.type(x);
    launch(device, floating ? "dropout_" + x.getDtype() : "dropout_whole", n, draw(args.tensor(call.out(0)), call.attributes().draw())
        .f64(p).f64(p == 1 ? 0 : 1 / (1 - p)));
    CopyKernels.free(x, call.in(0));
  }

  private static Args draw(Args args, Draw draw) {
    return args.i64(draw.key()).i64(draw.stream());
  }

  /** A thread takes the four elements of one Philox block. */
  private static void launch(CudaDevice device, String kernel, long n, Args args) {
    device.launch(CREATION, kernel, device.blocks((n + 3) / 4, THREADS), THREADS, args);
  }
}

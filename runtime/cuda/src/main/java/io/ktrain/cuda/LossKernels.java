package io.ktrain.cuda;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Losses;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;

/** Cross entropy of rows, each of which some threads share. */
final class LossKernels {
  private static final Kernels LOSSES = Kernels.file("losses");

  private LossKernels() {}

  static void register(CudaBackend cuda) {
    cuda.add(Losses.CROSS_ENTROPY_ROWS, new Rows(cuda, LossKernels::crossEntropy));
    cuda.add(Losses.CROSS_ENTROPY_ROWS_GRAD, new Rows(cuda, LossKernels::crossEntropyGrad));
  }

  private record Rows(CudaBackend cuda, CudaBackend.Launcher<Losses.Rows> launcher) implements Kernel<Losses.Rows> {
    @Override
    public boolean takes(Call<Losses.Rows> call) {
      return call.in(0).getDtype().isFloating();
    }

    @Override
    public void run(Call<Losses.Rows> call) {
      launcher.run(cuda.device(call), call);
    }
  }

  private static NormalizationKernels.Sharing sharing(Tensor x, Tensor... others) {
    int wide = NormalizationKernels.wide(x.getDtype()), classes = x.size(1);
    boolean packs = classes % wide == 0 && x.layout().stride(1) == 1 && x.layout().stride(0) % wide == 0;
    packs &= NormalizationKernels.isAligned(x);
    for (Tensor t : others) packs &= NormalizationKernels.isAligned(t);
    return NormalizationKernels.Sharing.filled(x.getDtype(), classes, packs);
  }

  private static Args rows(Args args, Tensor x, Tensor labels, Losses.Rows attributes) {
    return args.tensor(x).i64(x.layout().stride(0)).i64(x.layout().stride(1)).tensor(labels).type(labels)
        .i64(labels.layout().stride(0)).i64(attributes.ignoreIndex());
  }

  private static void crossEntropy(CudaDevice device, Call<Losses.Rows> call) {
    Tensor x = call.in(0), labels = call.in(1);
    int classes = x.size(1);
    var s = sharing(x);
    Args args = rows(new Args(), x, labels, call.attributes()).tensor(call.out(0)).tensor(call.out(1)).i64(x.size(0))
        .i64(classes).i32(s.lanes());
    DType type = x.getDtype();
    Shape shape = x.getShape();
    device.watched(args, found -> new ShapeError("crossEntropy: label " + (int) found + " at index " + (found >> 32)
        + " is out of range for the " + classes + " classes of " + type + shape + ". Fix: labels from 0 to "
        + (classes - 1) + ", or more outputs."));
    device.launch(LOSSES, s.kernel("cross_entropy_", type), s.blocks(x.size(0)), s.threads(), args);
  }

  /** A label out of range was reported by the kernel of the loss. */
  private static void crossEntropyGrad(CudaDevice device, Call<Losses.Rows> call) {
    Tensor g = call.in(0), x = call.in(1), stats = call.in(3), dx = call.out(0);
    var s = sharing(x, dx);
    device.launch(LOSSES, s.kernel("cross_entropy_grad_", x.getDtype()), s.blocks(x.size(0)), s.threads(),
        rows(new Args().tensor(g).i64(g.layout().stride(0)), x, call.in(2), call.attributes()).tensor(stats).tensor(dx)
            .i64(x.size(0)).i64(x.size(1)).i32(s.lanes()));
  }
}

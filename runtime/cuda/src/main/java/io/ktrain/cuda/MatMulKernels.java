package io.ktrain.cuda;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.MatMuls;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Products of matrices. */
final class MatMulKernels {
  private final Gemm gemm;
  private final CopyKernels copies;

  private MatMulKernels(CudaBackend cuda) {
    gemm = cuda.gemm();
    copies = cuda.copies();
  }

  static void register(CudaBackend cuda) {
    var m = new MatMulKernels(cuda);
    cuda.add(MatMuls.MM, (device, call) -> m.product(device, 1, call.in(0), call.in(1), call.out(0), null));
    cuda.add(MatMuls.BMM,
        (device, call) -> m.product(device, call.in(0).size(0), call.in(0), call.in(1), call.out(0), null));
    cuda.add(MatMuls.LINEAR, new Kernel<Void>() {
      @Override
      public boolean takes(Call<Void> call) {
        return call.in(0).getDtype().isFloating();
      }

      @Override
      public void run(Call<Void> call) {
        m.linear(cuda.device(call), call);
      }
    });
  }

  private void product(CudaDevice device, int batches, Tensor a, Tensor b, Tensor c, Gemm.Bias bias) {
    Tensor x = gemm.reads(a) ? a : copies.dense(device, a), y = gemm.reads(b) ? b : copies.dense(device, b);
    gemm.run(device, c.getDtype(), c.getDtype(), batches, Matrix.of(x), Matrix.of(y), Matrix.of(c), bias, false);
    CopyKernels.free(x, a);
    CopyKernels.free(y, b);
  }

  private void linear(CudaDevice device, Call<Void> call) {
    Tensor x = call.in(0), w = call.in(1), y = call.out(0);
    if (y.numel() == 0) return;
    Shape rows = Shape.of(Math.toIntExact(y.numel() / w.size(0)), w.size(1));
    Layout flat = x.layout().reshaped(x.getShape(), rows);
    Tensor dense = flat == null ? copies.dense(device, x) : x;
    Tensor x2 = CopyKernels.window(dense, rows, flat == null ? Layout.contiguous(rows) : flat);
    var turned = new Layout(new long[] {w.layout().stride(1), w.layout().stride(0)}, w.layout().offset());
    Tensor wt = CopyKernels.window(w, Shape.of(w.size(1), w.size(0)), turned);
    Shape results = Shape.of(rows.get(0), w.size(0));
    product(device, 1, x2, wt, CopyKernels.window(y, results, Layout.contiguous(results)), Gemm.Bias.of(call.in(2)));
    CopyKernels.free(dense, x);
  }
}

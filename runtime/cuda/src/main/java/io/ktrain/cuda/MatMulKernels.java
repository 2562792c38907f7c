package io.ktrain.cuda;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.MatMuls;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Products of matrices. */
final class MatMulKernels {
  private MatMulKernels() {}

  static void register(CudaBackend cuda) {
    cuda.add(MatMuls.MM, (device, call) -> product(cuda.gemm(), device, 1, call.in(0), call.in(1), call.out(0), null));
    cuda.add(MatMuls.BMM, (device, call) -> product(cuda.gemm(), device, call.in(0).size(0), call.in(0), call.in(1), call.out(0), null));
    cuda.add(MatMuls.LINEAR, new Kernel<Void>() {
      @Override
      public boolean takes(Call<Void> call) {
        return call.in(0).getDtype().isFloating();
      }

      @Override
      public void run(Call<Void> call) {
        linear(cuda.gemm(), cuda.device(call), call);
      }
    });
  }

  private static void product(Gemm gemm, CudaDevice device, int batches, Tensor a, Tensor b, Tensor c, Gemm.Bias bias) {
    Tensor x = gemm.operand(device, a), y = gemm.operand(device, b);
    gemm.run(device, c.getDtype(), c.getDtype(), batches, Matrix.of(x), Matrix.of(y), Matrix.of(c), bias, false);
    if (x != a) x.storage().free("the kernel");
    if (y != b) y.storage().free("the kernel");
  }

  private static void linear(Gemm gemm, CudaDevice device, Call<Void> call) {
    Tensor x = call.in(0), w = call.in(1), y = call.out(0);
    if (y.numel() == 0) return;
    Shape rows = Shape.of(Math.toIntExact(y.numel() / w.size(0)), w.size(1));
    Layout flat = x.layout().reshaped(x.getShape(), rows);
    Tensor dense = flat == null ? CopyKernels.dense(device, x) : x;
    Tensor x2 = view(dense, rows, flat == null ? Layout.contiguous(rows) : flat);
    Tensor wt = view(w, Shape.of(w.size(1), w.size(0)), new Layout(new long[] {w.layout().stride(1), w.layout().stride(0)}, w.layout().offset()));
    Shape results = Shape.of(rows.get(0), w.size(0));
    product(gemm, device, 1, x2, wt, view(y, results, Layout.contiguous(results)), Gemm.Bias.of(call.in(2)));
    if (dense != x) dense.storage().free("the kernel");
  }

  private static Tensor view(Tensor of, Shape shape, Layout layout) {
    return Tensor.of(shape, of.getDtype(), of.getDevice(), layout, of.storage());
  }
}

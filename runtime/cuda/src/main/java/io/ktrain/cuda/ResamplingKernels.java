package io.ktrain.cuda;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Resampling;
import io.ktrain.op.SparseMatrix;
import io.ktrain.op.Spec;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Products with a sparse matrix along a dim of dense tensors; a result lies as its input did. */
final class ResamplingKernels implements Kernel<Resampling.Along> {
  private static final Kernels RESAMPLING = Kernels.file("resampling");
  private static final int THREADS = 256;

  /** Matrices that stay on their devices: a training step uses the same ones again and again. */
  private static final int KEPT = 256;

  private record Key(int device, SparseMatrix matrix) {}

  /** A matrix in a device's memory. */
  private record Uploaded(Tensor starts, Tensor columns, Tensor weights) {}

  private final CudaBackend cuda;
  private final Map<Key, Uploaded> kept = new LinkedHashMap<>(16, 0.75f, true) {
    @Override
    protected boolean removeEldestEntry(Map.Entry<Key, Uploaded> eldest) {
      return size() > KEPT;
    }
  };

  private ResamplingKernels(CudaBackend cuda) {
    this.cuda = cuda;
  }

  static void register(CudaBackend cuda) {
    cuda.add(Resampling.RESAMPLE, new ResamplingKernels(cuda));
  }

  @Override
  public Layout layout(Call<Resampling.Along> call, List<Spec> specs, int i) {
    Tensor x = call.in(0);
    return x.layout().isDense(x.getShape()) ? Layout.permuted(specs.get(0).shape(), x.layout().order()) : null;
  }

  @Override
  public void run(Call<Resampling.Along> call) {
    CudaDevice device = cuda.device(call);
    Tensor x = call.in(0), y = call.out(0);
    if (y.numel() == 0) return;
    if (x.numel() == 0) {
      cuda.copies().fill(device, y, 0);
      return;
    }
    Tensor from = x.layout().isDense(x.getShape()) ? x : cuda.copies().dense(device, x);
    long inner = 1;
    boolean behind = false;
    for (int d : from.layout().order())
      if (d == call.attributes().dim()) behind = true;
      else if (behind) inner *= x.size(d);
    SparseMatrix by = call.attributes().by();
    Uploaded matrix = uploaded(by, y);
    device.launch(RESAMPLING, "resample_" + y.getDtype(), device.blocks(y.numel(), THREADS), THREADS,
        new Args().tensor(from).tensor(y).tensor(matrix.starts).tensor(matrix.columns).tensor(matrix.weights)
            .i64(y.numel()).i64(by.width()).i64(by.rows()).i64(inner));
    if (from != x) CopyKernels.free(from, x);
  }

  private synchronized Uploaded uploaded(SparseMatrix by, Tensor on) {
    var key = new Key(on.getDevice().index(), by);
    Uploaded known = kept.get(key);
    if (known == null) {
      known = new Uploaded(Tensor.of(by.starts()).to(on.getDevice()).keep(),
          Tensor.of(by.columns()).to(on.getDevice()).keep(), Tensor.of(by.weights()).to(on.getDevice()).keep());
      kept.put(key, known);
    }
    return known;
  }
}

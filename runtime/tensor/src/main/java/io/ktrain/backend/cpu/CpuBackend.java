package io.ktrain.backend.cpu;

import io.ktrain.backend.Backend;
import io.ktrain.backend.Kernel;
import io.ktrain.backend.KernelTable;
import io.ktrain.memory.HostPool;
import io.ktrain.memory.Pool;
import io.ktrain.memory.Storage;
import io.ktrain.op.Call;
import io.ktrain.op.Op;
import io.ktrain.tensor.Device;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The CPU: for each operation the kernels that can run it, best first. {@code cpu:1}, {@code cpu:2}, ... have memory of
 * their own.
 */
public final class CpuBackend implements Backend {
  private final Map<Integer, Pool> pools = new ConcurrentHashMap<>();
  private final Pool first = new HostPool();
  private final KernelTable kernels = new KernelTable();
  private volatile boolean registered;

  /** At the first operation: it links the whole op table, which starting a process must not wait for. */
  private synchronized KernelTable table() {
    if (registered) return kernels;
    CopyKernels.register(this);
    CreationKernels.register(this);
    ReductionKernels.register(this);
    MatMulKernels.register(this);
    ConvolutionKernels.register(this);
    ResamplingKernels.register(this);
    IndexingKernels.register(this);
    NormalizationKernels.register(this);
    NormKernels.register(this);
    GroupNormKernels.register(this);
    CtcKernels.register(this);
    LinalgKernels.register(this);
    FftKernels.register(this);
    UpdateKernels.register(this);
    AttentionKernels.register(this);
    RecurrentKernels.register(this);
    registered = true;
    return kernels;
  }

  /** Adds a kernel behind those already there for the operation. */
  <A> void add(Op<A> op, Kernel<? super A> kernel) {
    kernels.add(op, kernel);
  }

  /** For bf16 and f16 lets the operations' f32 kernels serve. */
  void addInF32(Op<?>... ops) {
    for (Op<?> op : ops) add(op, new InF32<>(() -> true, null));
  }

  @Override
  public String type() {
    return "cpu";
  }

  @Override
  public String status() {
    return ThreadPool.threads() + " threads; vector kernels: " + Vectors.status() + "; native kernels: " + NativeLibrary.status();
  }

  @Override
  public Pool pool(Device device) {
    return device.index() == 0 ? first : pools.computeIfAbsent(device.index(), i -> new HostPool());
  }

  @Override
  @SuppressWarnings("unchecked")
  public <A> Kernel<A> kernel(Call<A> call) {
    if (call.op().pointwise() != null) return (Kernel<A>) PointwiseKernels.KERNEL;
    if (call.op().update() != null) return (Kernel<A>) UpdateKernels.KERNEL;
    return (registered ? kernels : table()).find(call);
  }

  @Override
  public boolean runs(Op<?> op) {
    return op.pointwise() != null || op.update() != null || table().has(op);
  }

  @Override
  public Set<Kernel.Library> libraries(Op<?> op) {
    return op.pointwise() != null || op.update() != null ? Set.of(Kernel.Library.NONE) : table().libraries(op);
  }

  @Override
  public int threads() {
    return ThreadPool.threads();
  }

  @Override
  public void setThreads(int count) {
    ThreadPool.setThreads(count);
  }

  @Override
  public void read(Storage from, long byteOffset, MemorySegment to) {
    MemorySegment.copy(from.host(), byteOffset, to, 0, to.byteSize());
  }

  @Override
  public void write(MemorySegment from, Storage to, long byteOffset) {
    MemorySegment.copy(from, 0, to.host(), byteOffset, from.byteSize());
    to.written();
  }
}

package io.ktrain.cuda;

import io.ktrain.backend.Backend;
import io.ktrain.backend.Kernel;
import io.ktrain.backend.KernelTable;
import io.ktrain.memory.Pool;
import io.ktrain.memory.Storage;
import io.ktrain.op.Call;
import io.ktrain.op.Op;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.DeviceError;
import io.ktrain.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * NVIDIA's GPUs. Found by ServiceLoader where its jar is; asks for a driver at the first question about one, and says
 * from then on why there is none.
 *
 * <p>{@code KTRAIN_CUDA=off} is a machine without GPUs, {@code KTRAIN_CUDA_LIBRARIES} names folders with NVIDIA's
 * libraries, {@code KTRAIN_CUDA_CACHING=off} gives each tensor memory of its own, {@code KTRAIN_CUDA_GRAPHS=on} makes each
 * training step one CUDA graph, {@code KTRAIN_TF32=on} lets f32 products of matrices and convolutions round their operands
 * to what tensor cores take.
 */
public final class CudaBackend implements Backend {
  private final Map<String, String> environment = System.getenv();
  private final CudaLibraries libraries = new CudaLibraries(environment);
  private final KernelTable kernels = new KernelTable();
  private final PointwiseKernels pointwise = new PointwiseKernels(this);
  private final UpdateKernels updates = new UpdateKernels(this);
  private final CopyKernels copies = new CopyKernels(this);
  private final boolean tf32 = environment.getOrDefault("KTRAIN_TF32", "").equals("on");
  private final OptionalLibrary<GpuBlas> blas = new OptionalLibrary<>("cuBLAS", () -> Cublas.find(libraries, tf32));
  private final OptionalLibrary<GpuDnn> dnn = new OptionalLibrary<>("cuDNN", this::findDnn);
  private final Gemm gemm = new Gemm(blas);
  private volatile boolean registered;
  private volatile Verdict verdict;
  private CudaDevice[] devices;
  private KernelCompiler compiler;
  private PinnedPool pinned;

  /** What runs an operation: launches on the device that the call's tensors are on. */
  interface Launcher<A> {
    void run(CudaDevice device, Call<A> call);
  }

  private synchronized KernelTable table() {
    if (registered) return kernels;
    copies.register();
    CreationKernels.register(this);
    ReductionKernels.register(this);
    NormalizationKernels.register(this);
    GroupNormKernels.register(this);
    LossKernels.register(this);
    MatMulKernels.register(this);
    ConvolutionKernels.register(this);
    PoolingKernels.register(this);
    ResamplingKernels.register(this);
    IndexingKernels.register(this);
    UpdateKernels.register(this);
    registered = true;
    return kernels;
  }

  /** Adds a kernel behind those already there for the operation. */
  <A> void add(Op<A> op, Launcher<A> launcher) {
    kernels.add(op, (Kernel<A>) call -> launcher.run(device(call), call));
  }

  /** As {@link #add(Op, Launcher)}, with a condition on the calls it takes or a layout of its outputs. */
  <A> void add(Op<A> op, Kernel<A> kernel) {
    kernels.add(op, kernel);
  }

  /** For kernels that need one before theirs: pointwise ones. */
  PointwiseKernels pointwise() {
    return pointwise;
  }

  /** For kernels that need one before theirs: copies. */
  CopyKernels copies() {
    return copies;
  }

  /** For kernels that are made of products of matrices. */
  Gemm gemm() {
    return gemm;
  }

  /** What convolves, or null. */
  GpuDnn dnn() {
    return dnn.get();
  }

  /** The device of a call that is to run. */
  CudaDevice device(Call<?> call) {
    Tensor t = null;
    for (int i = 0; i < call.outputs() && t == null; i++) t = call.out(i);
    for (int i = 0; i < call.inputs() && (t == null || t.isConstant()); i++) t = call.in(i);
    return device(t.getDevice());
  }

  /** cuDNN needs the other libraries, and finds them where they are loaded. */
  private GpuDnn findDnn() {
    blas.get();
    compiler.nvrtc();
    return Cudnn.find(libraries, tf32);
  }

  private Verdict verdict() {
    if (verdict == null) decide();
    return verdict;
  }

  private synchronized void decide() {
    if (verdict != null) return;
    Verdict found = Verdict.reach(libraries, environment);
    if (found.driver() != null) {
      devices = new CudaDevice[found.driver().devices()];
      compiler = new KernelCompiler(libraries, Cache.folder(environment, "kernels"));
    }
    verdict = found;
  }

  CudaDevice device(Device device) {
    Verdict v = verdict();
    if (v.driver() == null) throw new DeviceError("device: there is no " + device + ": " + v.reason() + ". Fix: --device cpu.");
    if (device.index() >= devices.length)
      throw new DeviceError("device: there is no " + device + "; this machine has cuda:0" + (devices.length == 1 ? "" : " to cuda:" + (devices.length - 1)) + ".");
    CudaDevice d = devices[device.index()];
    return d != null ? d : open(device.index());
  }

  private boolean is(String variable, String value) {
    return environment.getOrDefault(variable, "").equals(value);
  }

  /** How many devices there are. */
  int count() {
    return verdict().driver() == null ? 0 : devices.length;
  }

  private synchronized CudaDevice open(int index) {
    if (devices[index] == null)
      devices[index] = new CudaDevice(index, verdict.driver(), compiler, !is("KTRAIN_CUDA_CACHING", "off"), is("KTRAIN_CUDA_GRAPHS", "on"));
    return devices[index];
  }

  @Override
  public String type() {
    return "cuda";
  }

  @Override
  public boolean isUsable() {
    return verdict().driver() != null;
  }

  @Override
  public String status() {
    Verdict v = verdict();
    if (v.driver() == null) return v.reason();
    return "driver for CUDA " + Verdict.release(v.driver().version()) + ", " + (devices.length == 1 ? "1 device" : devices.length + " devices");
  }

  @Override
  public List<String> details() {
    var lines = new ArrayList<String>();
    GpuDriver driver = verdict().driver();
    for (int i = 0; driver != null && i < devices.length; i++) {
      DeviceProperties p = driver.properties(i);
      lines.add("cuda:" + i + ": " + p.name() + ", " + p.architecture() + ", " + p.multiprocessors() + " multiprocessors, " + (p.memory() >> 20) + " MiB");
    }
    if (driver != null) lines.add(libraries.described("driver", Verdict.LIBRARY));
    lines.add(driver == null ? libraries.described("NVRTC", Nvrtc.NAMES) : compiler.status());
    lines.add(driver == null ? libraries.described("cuBLAS", Cublas.NAMES) : blas.status());
    lines.add(driver == null ? libraries.described("cuDNN", Cudnn.NAME) : dnn.status());
    return lines;
  }

  @Override
  public Pool pool(Device device) {
    return device(device).pool();
  }

  @Override
  public Pool arrivals(Device device, Storage from) {
    return isPinned(from) ? device(device).arrivals() : pool(device);
  }

  @Override
  public synchronized Pool pinned() {
    if (pinned == null) pinned = new PinnedPool(device(new Device("cuda", 0)));
    return pinned;
  }

  @Override
  @SuppressWarnings("unchecked")
  public <A> Kernel<A> kernel(Call<A> call) {
    if (call.op().pointwise() != null) return (Kernel<A>) pointwise;
    if (call.op().update() != null) return (Kernel<A>) updates;
    return (registered ? kernels : table()).find(call);
  }

  @Override
  public boolean runs(Op<?> op) {
    return op.pointwise() != null || op.update() != null || table().has(op);
  }

  @Override
  public void synchronize() {
    if (devices == null) return;
    for (CudaDevice d : devices) if (d != null) d.synchronize();
  }

  @Override
  public void stepDone() {
    if (devices == null) return;
    for (CudaDevice d : devices) if (d != null) d.stepDone();
  }

  @Override
  public void read(Storage from, long byteOffset, MemorySegment to) {
    device(from).read(from.address() + byteOffset, to);
  }

  @Override
  public void write(MemorySegment from, Storage to, long byteOffset) {
    device(to).write(from, to.address() + byteOffset);
    to.written();
  }

  @Override
  public void upload(Storage from, long byteOffset, Storage to, long bytes) {
    if (from.host() == null) device(to).copyFrom(device(from), from.address() + byteOffset, to.address(), bytes);
    else if (isPinned(from)) device(to).upload(pinned, from, byteOffset, to.address(), bytes);
    else Backend.super.upload(from, byteOffset, to, bytes);
  }

  private boolean isPinned(Storage storage) {
    return pinned != null && storage.isFrom(pinned);
  }

  /** The device whose block it is. */
  private CudaDevice device(Storage storage) {
    for (CudaDevice d : devices) if (d != null && (storage.isFrom(d.pool()) || storage.isFrom(d.arrivals()))) return d;
    throw new IllegalStateException("a block of no device of this backend");
  }
}

package io.ktrain.cuda;

import static jcuda.driver.JCudaDriver.*;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;

/** The driver through JCuda. JCuda's objects stay in here; handles outside are places in a list. */
final class JCudaGpuDriver implements GpuDriver {
  /** What loading gives for an image that is well, but not for this device or this driver. */
  private static final Set<Integer> UNFIT = Set.of(CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU, CUresult.CUDA_ERROR_INVALID_IMAGE,
      CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION, CUresult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND);

  /** A device address that can be read back, which JCuda's own type hides. */
  private static final class Address extends CUdeviceptr {
    long value() {
      return getNativePointer();
    }
  }

  private static final class Stream extends CUstream {
    long value() {
      return getNativePointer();
    }
  }

  private static final class Graph extends CUgraph {
    long value() {
      return getNativePointer();
    }
  }

  private static final class ReadyGraph extends CUgraphExec {
    long value() {
      return getNativePointer();
    }
  }

  private static final int GRAPH_EXEC_UPDATE_FAILURE = 910;
  private static final CUdeviceptr DEVICE_ZERO = new CUdeviceptr();
  private static final Pointer HOST_ZERO = new Pointer();

  private final List<NativePointerObject> handles = new ArrayList<>(List.of(new Pointer()));
  private final List<Integer> unused = new ArrayList<>();

  /** cuMemHostAlloc, whose result JCuda wraps in a ByteBuffer, which ends at 2 GiB. */
  private final MethodHandle allocateHost;

  /** cuGraphExecUpdate_v2, which JCuda has no binding to, and where it says what differs. */
  private final MethodHandle updateGraph;
  private final MemorySegment updateResult = Arena.global().allocate(24, 8);

  /** @param library the driver's own, loaded already */
  JCudaGpuDriver(Path library) {
    setExceptionsEnabled(false);
    SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
    allocateHost = function(symbols, "cuMemHostAlloc", ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
    updateGraph = function(symbols, "cuGraphExecUpdate_v2", ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);
  }

  private static MethodHandle function(SymbolLookup symbols, String name, ValueLayout... parameters) {
    return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), FunctionDescriptor.of(ValueLayout.JAVA_INT, parameters));
  }

  private synchronized long handle(NativePointerObject object) {
    if (unused.isEmpty()) {
      handles.add(object);
      return handles.size() - 1;
    }
    int place = unused.removeLast();
    handles.set(place, object);
    return place;
  }

  @SuppressWarnings("unchecked")
  private synchronized <T extends NativePointerObject> T object(long handle) {
    return (T) handles.get((int) handle);
  }

  private synchronized void forget(long handle) {
    handles.set((int) handle, null);
    unused.add((int) handle);
  }

  private static CUdeviceptr device(long address) {
    return DEVICE_ZERO.withByteOffset(address);
  }

  private static Pointer host(long address) {
    return HOST_ZERO.withByteOffset(address);
  }

  private void require(String call, int code) {
    if (code != 0) throw CudaError.of(call, code, name(code));
  }

  @Override
  public int init() {
    return cuInit(0);
  }

  @Override
  public String name(int code) {
    return CUresult.stringFor(code);
  }

  @Override
  public int version() {
    int[] version = new int[1];
    require("cuDriverGetVersion", cuDriverGetVersion(version));
    return version[0];
  }

  @Override
  public int devices() {
    int[] count = new int[1];
    require("cuDeviceGetCount", cuDeviceGetCount(count));
    return count[0];
  }

  @Override
  public DeviceProperties properties(int index) {
    CUdevice device = device(index);
    byte[] name = new byte[256];
    require("cuDeviceGetName", cuDeviceGetName(name, name.length, device));
    int end = 0;
    while (end < name.length && name[end] != 0) end++;
    long[] memory = new long[1];
    require("cuDeviceTotalMem", cuDeviceTotalMem(memory, device));
    return new DeviceProperties(new String(name, 0, end, StandardCharsets.UTF_8).trim(),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT), memory[0],
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
  }

  private CUdevice device(int index) {
    CUdevice device = new CUdevice();
    require("cuDeviceGet", cuDeviceGet(device, index));
    return device;
  }

  private int attribute(CUdevice device, int which) {
    int[] value = new int[1];
    require("cuDeviceGetAttribute", cuDeviceGetAttribute(value, which, device));
    return value[0];
  }

  @Override
  public long retain(int device) {
    CUcontext context = new CUcontext();
    require("cuDevicePrimaryCtxRetain", cuDevicePrimaryCtxRetain(context, device(device)));
    return handle(context);
  }

  @Override
  public void makeCurrent(long context) {
    require("cuCtxSetCurrent", cuCtxSetCurrent(object(context)));
  }

  // ---- memory

  @Override
  public long allocate(long bytes) {
    var address = new Address();
    int code = cuMemAlloc(address, bytes);
    if (code == CUresult.CUDA_ERROR_OUT_OF_MEMORY) return 0;
    require("cuMemAlloc of " + bytes + " bytes", code);
    return address.value();
  }

  @Override
  public void free(long address) {
    require("cuMemFree", cuMemFree(device(address)));
  }

  @Override
  public long available() {
    long[] free = new long[1], total = new long[1];
    require("cuMemGetInfo", cuMemGetInfo(free, total));
    return free[0];
  }

  @Override
  public long allocateHost(long bytes) {
    int code;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(ValueLayout.ADDRESS);
      code = (int) allocateHost.invokeExact(address, bytes, 0);
      if (code == 0) return address.get(ValueLayout.JAVA_LONG, 0);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    if (code == CUresult.CUDA_ERROR_OUT_OF_MEMORY) return 0;
    throw CudaError.of("cuMemHostAlloc of " + bytes + " bytes", code, name(code));
  }

  @Override
  public void freeHost(long address) {
    require("cuMemFreeHost", cuMemFreeHost(host(address)));
  }

  @Override
  public void toDevice(long to, long fromHost, long bytes, long stream) {
    require("cuMemcpyHtoDAsync", cuMemcpyHtoDAsync(device(to), host(fromHost), bytes, object(stream)));
  }

  @Override
  public void toHost(long toHost, long from, long bytes, long stream) {
    require("cuMemcpyDtoHAsync", cuMemcpyDtoHAsync(host(toHost), device(from), bytes, object(stream)));
  }

  @Override
  public void copy(long to, long from, long bytes, long stream) {
    require("cuMemcpyDtoDAsync", cuMemcpyDtoDAsync(device(to), device(from), bytes, object(stream)));
  }

  @Override
  public void copyPeer(long to, long toContext, long from, long fromContext, long bytes, long stream) {
    require("cuMemcpyPeerAsync", cuMemcpyPeerAsync(device(to), object(toContext), device(from), object(fromContext), bytes, object(stream)));
  }

  @Override
  public void fill(long to, byte value, long bytes, long stream) {
    require("cuMemsetD8Async", cuMemsetD8Async(device(to), value, bytes, object(stream)));
  }

  // ---- order

  @Override
  public long createStream() {
    var stream = new Stream();
    require("cuStreamCreate", cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    return handle(stream);
  }

  @Override
  public long pointer(long stream) {
    return this.<Stream>object(stream).value();
  }

  @Override
  public void synchronize(long stream) {
    require("cuStreamSynchronize", cuStreamSynchronize(object(stream)));
  }

  @Override
  public void await(long stream, long event) {
    require("cuStreamWaitEvent", cuStreamWaitEvent(object(stream), object(event), 0));
  }

  @Override
  public long createEvent() {
    CUevent event = new CUevent();
    require("cuEventCreate", cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING));
    return handle(event);
  }

  @Override
  public void destroyEvent(long event) {
    require("cuEventDestroy", cuEventDestroy(object(event)));
    forget(event);
  }

  @Override
  public void record(long event, long stream) {
    require("cuEventRecord", cuEventRecord(object(event), object(stream)));
  }

  @Override
  public boolean isDone(long event) {
    int code = cuEventQuery(object(event));
    if (code == CUresult.CUDA_ERROR_NOT_READY) return false;
    require("cuEventQuery", code);
    return true;
  }

  @Override
  public void synchronizeEvent(long event) {
    require("cuEventSynchronize", cuEventSynchronize(object(event)));
  }

  // ---- kernels

  @Override
  public long load(byte[] image) {
    CUmodule module = new CUmodule();
    require("cuModuleLoadData", cuModuleLoadData(module, image));
    return handle(module);
  }

  @Override
  public Long tryLoad(byte[] image) {
    CUmodule module = new CUmodule();
    int code = cuModuleLoadData(module, image);
    if (UNFIT.contains(code)) return null;
    require("cuModuleLoadData", code);
    return handle(module);
  }

  @Override
  public long function(long module, String name) {
    CUfunction function = new CUfunction();
    require("cuModuleGetFunction of " + name, cuModuleGetFunction(function, object(module), name));
    return handle(function);
  }

  @Override
  public void launch(long function, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int shared, long stream, long parameters) {
    require("cuLaunchKernel", cuLaunchKernel(object(function), gridX, gridY, gridZ, blockX, blockY, blockZ, shared, object(stream), host(parameters), null));
  }

  // ---- graphs

  @Override
  public void beginCapture(long stream) {
    // Relaxed: a pool may ask for memory meanwhile.
    require("cuStreamBeginCapture", cuStreamBeginCapture(object(stream), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED));
  }

  @Override
  public long endCapture(long stream) {
    var graph = new Graph();
    require("cuStreamEndCapture", cuStreamEndCapture(object(stream), graph));
    return handle(graph);
  }

  @Override
  public void destroyGraph(long graph) {
    require("cuGraphDestroy", cuGraphDestroy(object(graph)));
    forget(graph);
  }

  @Override
  public long instantiate(long graph) {
    var ready = new ReadyGraph();
    require("cuGraphInstantiate", cuGraphInstantiate(ready, object(graph), 0));
    return handle(ready);
  }

  @Override
  public boolean update(long ready, long graph) {
    int code;
    try {
      code = (int) updateGraph.invokeExact(this.<ReadyGraph>object(ready).value(), this.<Graph>object(graph).value(), updateResult);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    if (code == GRAPH_EXEC_UPDATE_FAILURE) return false;
    require("cuGraphExecUpdate", code);
    return true;
  }

  @Override
  public void launchGraph(long ready, long stream) {
    require("cuGraphLaunch", cuGraphLaunch(object(ready), object(stream)));
  }

  @Override
  public void destroyReady(long ready) {
    require("cuGraphExecDestroy", cuGraphExecDestroy(object(ready)));
    forget(ready);
  }
}

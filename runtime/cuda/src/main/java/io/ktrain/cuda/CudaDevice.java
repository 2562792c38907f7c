package io.ktrain.cuda;

import io.ktrain.memory.Storage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongFunction;

/** One device: its context, its thread, a stream on which kernels run in order and one for copies, its memory. */
final class CudaDevice {
  /** Host memory that is not page-locked goes through page-locked blocks of this size. */
  private static final long STAGE = 4L << 20;

  private static final int PARAMETERS = 64;
  private static final int PARAMETER_SLOTS = 512;

  private record KernelName(Kernels file, String name) {}

  /** A copy under way: the storage is read until the event is done. */
  private record Upload(long event, Storage storage, CompletableFuture<Void> done) {}

  final int index;
  final DeviceProperties properties;
  final KernelCompiler compiler;
  private final GpuDriver driver;
  private final DeviceThread thread;
  private final CudaPool pool;
  private final ArrivalsPool arrivals;
  private final Faults faults = new Faults();
  private final ConcurrentHashMap<KernelName, Long> functions = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Kernels, Long> modules = new ConcurrentHashMap<>();

  // Only the device's thread touches these.
  private long context;
  private long stream;
  private long copies;
  private long faultBuffer;
  private MemorySegment stage;
  private MemorySegment found;
  private MemorySegment slots;
  private MemorySegment table;
  private final ArrayDeque<Upload> uploads = new ArrayDeque<>();

  CudaDevice(int index, GpuDriver driver, KernelCompiler compiler, boolean caching) {
    this.index = index;
    this.driver = driver;
    this.compiler = compiler;
    thread = new DeviceThread("ktrain cuda:" + index);
    properties = call(d -> d.properties(index));
    call(d -> {
      open();
      return null;
    });
    long free = call(GpuDriver::available);
    pool = new CudaPool(this, free / 100 * 95, caching);
    arrivals = new ArrivalsPool(this, free / 100 * 95, caching);
  }

  private void open() {
    context = driver.retain(index);
    driver.makeCurrent(context);
    stream = driver.createStream();
    copies = driver.createStream();
    faultBuffer = driver.allocate(Faults.BYTES);
    if (faultBuffer == 0) throw CudaError.of("the first allocation on cuda:" + index, 2, "CUDA_ERROR_OUT_OF_MEMORY");
    driver.fill(faultBuffer, (byte) 0, Faults.BYTES, stream);
    slots = Arena.global().allocate(PARAMETER_SLOTS * 8L, 64);
    table = Arena.global().allocate(PARAMETERS * 8L, 64);
    long host = driver.allocateHost(STAGE + Faults.BYTES);
    if (host == 0) throw CudaError.of("the first page-locked allocation", 2, "CUDA_ERROR_OUT_OF_MEMORY");
    MemorySegment locked = MemorySegment.ofAddress(host).reinterpret(STAGE + Faults.BYTES);
    stage = locked.asSlice(0, STAGE);
    found = locked.asSlice(STAGE);
  }

  CudaPool pool() {
    return pool;
  }

  ArrivalsPool arrivals() {
    return arrivals;
  }

  /** Puts a command in order behind all given before; nothing waits for it. */
  void submit(Consumer<GpuDriver> command) {
    thread.submit(() -> command.accept(driver));
  }

  /** Runs a command behind all given before, and waits for its result, though not for kernels. */
  <T> T call(Function<GpuDriver, T> command) {
    return thread.call(() -> command.apply(driver));
  }

  /** The stream that kernels run on, for libraries that launch their own. Asked on the device's thread. */
  long stream() {
    return stream;
  }

  // ---- kernels

  /** Launches a kernel of {@code blocks} blocks in one dim. */
  void launch(Kernels file, String name, long blocks, int threads, Args args) {
    launch(file, name, Math.toIntExact(blocks), 1, 1, threads, 0, args);
  }

  /** Launches a kernel; a grid without blocks is no launch. */
  void launch(Kernels file, String name, int gridX, int gridY, int gridZ, int threads, int shared, Args args) {
    if (gridX == 0 || gridY == 0 || gridZ == 0) return;
    long function = function(file, name);
    thread.submit(() -> {
      for (int i = 0; i < args.slots(); i++) slots.setAtIndex(ValueLayout.JAVA_LONG, i, args.slot(i));
      for (int i = 0; i < args.count(); i++)
        table.setAtIndex(ValueLayout.JAVA_LONG, i, slots.address() + 8L * args.start(i));
      driver.launch(function, gridX, gridY, gridZ, threads, 1, 1, shared, stream, table.address());
    });
  }

  private long function(Kernels file, String name) {
    var key = new KernelName(file, name);
    Long known = functions.get(key);
    if (known != null) return known;
    long module = modules.computeIfAbsent(file, f -> {
      byte[] built = compiler.built(f);
      Long loaded = built == null ? null : call(d -> d.tryLoad(built));
      return loaded != null ? loaded : compiled(f);
    });
    return functions.computeIfAbsent(key, k -> call(d -> d.function(module, name)));
  }

  private long compiled(Kernels file) {
    byte[] image = compiler.compiled(file, properties);
    return call(d -> d.load(image));
  }

  /** How many blocks of {@code threads} cover n elements, each thread walking over as many as it must. */
  int blocks(long n, int threads) {
    return (int) Math.min((n + threads - 1) / threads, properties.multiprocessors() * 16L);
  }

  // ---- values that are wrong

  /** Two parameters of a kernel that may find a value wrong: where to say so, and as which call. */
  Args watched(Args args, LongFunction<RuntimeException> error) {
    return args.i64(faultBuffer).i64(faults.watch(error));
  }

  /** Waits for all kernels given before, and throws what they found wrong. On the device's thread. */
  private void settle() {
    driver.toHost(found.address(), faultBuffer, Faults.BYTES, stream);
    driver.synchronize(stream);
    long call = found.get(ValueLayout.JAVA_LONG, 0);
    if (call == 0) return;
    driver.fill(faultBuffer, (byte) 0, Faults.BYTES, stream);
    throw faults.error(call - 1, found.get(ValueLayout.JAVA_LONG, 8));
  }

  /** Waits until all that was given has run, and throws what kernels found wrong. */
  void synchronize() {
    call(d -> {
      settle();
      finishUploads(true);
      return null;
    });
  }

  // ---- copies

  /** Copies to the host once all kernels given before have run. */
  void read(long from, MemorySegment to) {
    call(d -> {
      for (long at = 0; at < to.byteSize(); at += STAGE) {
        long n = Math.min(STAGE, to.byteSize() - at);
        d.toHost(stage.address(), from + at, n, stream);
        settle();
        MemorySegment.copy(stage, 0, to, at, n);
      }
      return null;
    });
  }

  /** Copies from the host in the order of kernels; {@code from} may change once this returns. */
  void write(MemorySegment from, long to) {
    call(d -> {
      for (long at = 0; at < from.byteSize(); at += STAGE) {
        long n = Math.min(STAGE, from.byteSize() - at);
        MemorySegment.copy(from, at, stage, 0, n);
        d.toDevice(to + at, stage.address(), n, stream);
        d.synchronize(stream);
      }
      return null;
    });
  }

  /**
   * Copies from page-locked memory to a block of {@link #arrivals} without waiting: beside the kernels given before,
   * ahead of those given later.
   */
  void upload(PinnedPool pinned, Storage from, long byteOffset, long to, long bytes) {
    var done = new CompletableFuture<Void>();
    pinned.lend(from.address(), done);
    submit(d -> {
      finishUploads(false);
      arrivals.awaitReaders(d, copies, to);
      d.toDevice(to, from.address() + byteOffset, bytes, copies);
      long event = d.createEvent(false);
      d.record(event, copies);
      d.await(stream, event);
      uploads.add(new Upload(event, from, done));
    });
  }

  /** Waits for the copies under way, so that their page-locked blocks may be written again. */
  void settleUploads() {
    call(d -> {
      finishUploads(true);
      return null;
    });
  }

  /** On the device's thread. */
  private void finishUploads(boolean wait) {
    while (!uploads.isEmpty() && (wait || driver.isDone(uploads.peek().event()))) {
      Upload u = uploads.remove();
      driver.synchronizeEvent(u.event());
      driver.destroyEvent(u.event());
      u.done().complete(null);
    }
  }

  /** Copies from one place of this device to another, in the order of kernels. */
  void copy(long from, long to, long bytes) {
    submit(d -> d.copy(to, from, bytes, stream));
  }

  /** Copies between storages of this device or from another's, in the order of both devices' kernels. */
  void copyFrom(CudaDevice other, long from, long to, long bytes) {
    if (other == this) {
      submit(d -> d.copy(to, from, bytes, stream));
      return;
    }
    long theirs = other.call(d -> {
      d.synchronize(other.stream);
      return other.context;
    });
    call(d -> {
      d.copyPeer(to, context, from, theirs, bytes, stream);
      d.synchronize(stream);
      return null;
    });
  }
}

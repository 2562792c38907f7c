package io.ktrain.cuda;

import io.ktrain.memory.Storage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** One device: its context, its thread, a stream on which kernels run in order and one for copies, its memory. */
final class CudaDevice {
  /** Host memory that is not page-locked goes through page-locked memory of this size; written in parts in turn. */
  private static final long STAGE = 4L << 20;
  private static final int PARTS = 8;
  private static final long PART = STAGE / PARTS;

  /** How often a copy under way is looked at. */
  private static final long LOOK_NANOS = 50_000;

  /** How many steps the host may be ahead of the device: enough that it never starves, and that errors come soon. */
  private static final int STEPS_AHEAD = 4;

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

  /** Steps whose end was given and has not reached the device's thread. */
  private final Semaphore ahead = new Semaphore(STEPS_AHEAD);

  // Only the device's thread touches these.
  private @Nullable StepGraph graph;
  private long context;
  private long stream;
  private long copies;
  private long faultBuffer;
  private MemorySegment stage;
  private MemorySegment found;
  private MemorySegment slots;
  private MemorySegment table;
  private final ArrayDeque<Upload> uploads = new ArrayDeque<>();
  private final long[] partsRead = new long[PARTS];
  private int part;
  private final long[] stepsDone = new long[STEPS_AHEAD];
  private int step;

  /**
   * @param caching whether freed blocks are kept for later tensors
   * @param graphs whether the launches of a step go to the device as one graph
   */
  CudaDevice(int index, GpuDriver driver, KernelCompiler compiler, boolean caching, boolean graphs) {
    this.index = index;
    this.driver = driver;
    this.compiler = compiler;
    thread = new DeviceThread("ktrain cuda:" + index);
    properties = call(d -> d.properties(index));
    call(d -> {
      open();
      if (graphs) graph = new StepGraph(driver, stream);
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
    for (int i = 0; i < PARTS; i++) partsRead[i] = driver.createEvent();
    for (int i = 0; i < STEPS_AHEAD; i++) stepsDone[i] = driver.createEvent();
  }

  CudaPool pool() {
    return pool;
  }

  ArrivalsPool arrivals() {
    return arrivals;
  }

  /**
   * Puts work on the stream of kernels, behind all given before. Nothing waits for it, and in a captured step it runs only
   * when the step ends: what else the command does must not depend on it.
   */
  void put(Consumer<GpuDriver> work) {
    thread.submit(() -> {
      if (graph != null) graph.begin();
      work.accept(driver);
    });
  }

  /** Gives a command behind all given before; nothing waits for it. */
  void submit(Consumer<GpuDriver> command) {
    thread.submit(() -> {
      if (graph != null) graph.end();
      command.accept(driver);
    });
  }

  /** As {@link #submit}, for giving things back: happens after a failure too, and tells of none. */
  void submitAlways(Consumer<GpuDriver> command) {
    thread.submitAlways(() -> {
      try {
        if (graph != null) graph.end();
      } finally {
        command.accept(driver);
      }
    });
  }

  /** Runs a command behind all given before, and waits for its result, though not for kernels. */
  <T> T call(Function<GpuDriver, T> command) {
    return thread.call(() -> {
      if (graph != null) graph.end();
      return command.apply(driver);
    });
  }

  /** A step is over: what is held back of it goes to the device. Waits for the device where it is steps behind. */
  void stepDone() {
    ahead.acquireUninterruptibly();
    thread.submitAlways(() -> {
      try {
        if (graph != null) graph.stepDone();
        driver.synchronizeEvent(stepsDone[step]);
        driver.record(stepsDone[step], stream);
        step = (step + 1) % STEPS_AHEAD;
      } finally {
        ahead.release();
      }
    });
  }

  /** The driver's handle of the stream that kernels run on. Asked on the device's thread. */
  long stream() {
    return stream;
  }

  /** The same for NVIDIA's libraries, which launch kernels of their own. Asked on the device's thread. */
  long libraryStream() {
    return driver.pointer(stream);
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
    put(d -> {
      for (int i = 0; i < args.slots(); i++) slots.setAtIndex(ValueLayout.JAVA_LONG, i, args.slot(i));
      for (int i = 0; i < args.count(); i++)
        table.setAtIndex(ValueLayout.JAVA_LONG, i, slots.address() + 8L * args.start(i));
      d.launch(function, gridX, gridY, gridZ, threads, 1, 1, shared, stream, table.address());
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
    MemorySegment target = forEveryThread(to);
    call(d -> {
      for (long at = 0; at < target.byteSize(); at += STAGE) {
        long n = Math.min(STAGE, target.byteSize() - at);
        d.toHost(stage.address(), from + at, n, stream);
        settle();
        MemorySegment.copy(stage, 0, target, at, n);
      }
      return null;
    });
    Reference.reachabilityFence(to);
  }

  /** Copies from the host in the order of kernels; {@code from} may change once this returns. Waits for no kernel. */
  void write(MemorySegment from, long to) {
    MemorySegment source = forEveryThread(from);
    call(d -> {
      for (long at = 0; at < source.byteSize(); at += PART) {
        long n = Math.min(PART, source.byteSize() - at);
        MemorySegment free = stage.asSlice(part * PART, n);
        d.synchronizeEvent(partsRead[part]);
        MemorySegment.copy(source, at, free, 0, n);
        d.toDevice(to + at, free.address(), n, stream);
        d.record(partsRead[part], stream);
        part = (part + 1) % PARTS;
      }
      return null;
    });
    Reference.reachabilityFence(from);
  }

  /** The same memory for the device's thread too: the caller's may be confined to it. */
  private static MemorySegment forEveryThread(MemorySegment memory) {
    return memory.isNative() ? MemorySegment.ofAddress(memory.address()).reinterpret(memory.byteSize()) : memory;
  }

  /**
   * Copies from page-locked memory to a block of {@link #arrivals} without waiting: beside the kernels given before,
   * ahead of those given later.
   */
  void upload(PinnedPool pinned, Storage from, long byteOffset, long to, long bytes) {
    var done = new CompletableFuture<Void>();
    submit(d -> {
      finishUploads(false);
      arrivals.awaitReaders(d, copies, to);
      d.toDevice(to, from.address() + byteOffset, bytes, copies);
      long event = d.createEvent();
      d.record(event, copies);
      d.await(stream, event);
      uploads.add(new Upload(event, from, done));
    });
    pinned.lend(from.address(), this, done);
  }

  /**
   * Waits for a copy under way, so that its page-locked block may be written again. Not on the device's thread, which has
   * launches to make meanwhile.
   */
  void settleUpload(Future<Void> copy) {
    while (!copy.isDone()) {
      var looked = new CompletableFuture<Boolean>();
      thread.submitAlways(() -> {
        try {
          finishUploads(false);
        } finally {
          looked.complete(uploads.isEmpty());
        }
      });
      if (looked.join()) return;
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /** On the device's thread. */
  private void finishUploads(boolean wait) {
    while (!uploads.isEmpty() && (wait || driver.isDone(uploads.peek().event()))) finishUpload();
  }

  private void finishUpload() {
    Upload u = uploads.remove();
    driver.synchronizeEvent(u.event());
    driver.destroyEvent(u.event());
    u.done().complete(null);
  }

  /** Copies from one place of this device to another, in the order of kernels. */
  void copy(long from, long to, long bytes) {
    put(d -> d.copy(to, from, bytes, stream));
  }

  /** Copies between storages of this device or from another's, in the order of both devices' kernels. */
  void copyFrom(CudaDevice other, long from, long to, long bytes) {
    if (other == this) {
      copy(from, to, bytes);
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

package io.ktrain.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * A driver in Java that runs what is put on a stream as late as it may, or on streams that {@link #runAhead} names as
 * soon as it may, so that a missing wait shows as a wrong value. Refuses what the driver leaves undefined: memory used
 * after it was freed, copies past a block's end, calls in no context, events that are gone.
 *
 * <p>Kernels are bodies in Java, given to {@link #kernel}; their image is the test resource {@code fake.fatbin}, found
 * for {@link #FILE}.
 */
final class FakeDriver implements GpuDriver {
  static final Kernels FILE = new Kernels("fake", "");

  /** What a kernel does, with its parameters. */
  interface Body {
    void run(long[] parameters);
  }

  private record Kernel(int parameters, Body body) {}

  /** A command on a stream: runs once {@code ready}, which {@code force} makes it. */
  private record Command(BooleanSupplier ready, Runnable force, Runnable run) {}

  private static final class Stream {
    final long context;
    final ArrayDeque<Command> waiting = new ArrayDeque<>();
    boolean ahead;

    Stream(long context) {
      this.context = context;
    }
  }

  private static final class Event {
    final long context;
    Stream stream;
    long recorded;
    long done;

    Event(long context) {
      this.context = context;
    }
  }

  final List<String> calls = Collections.synchronizedList(new ArrayList<>());
  private final int devices;
  private long capacity;
  private long nextHandle = 1;
  private final FakeMemory device = new FakeMemory("device", false);
  private final FakeMemory host = new FakeMemory("host", true);
  private final Map<Long, Stream> streams = new TreeMap<>();
  private final Map<Long, Event> events = new HashMap<>();
  private final Map<Long, Kernel> functions = new HashMap<>();
  private final Map<String, Kernel> kernels = new HashMap<>();
  private final Set<Long> modules = new HashSet<>();
  private final ThreadLocal<Long> current = new ThreadLocal<>();
  private RuntimeException failing;

  /** @param capacity bytes of each device */
  FakeDriver(int devices, long capacity) {
    this.devices = devices;
    this.capacity = capacity;
    kernel("fill", 3, p -> at(p[0], p[1]).fill((byte) p[2])); // to, bytes, value
    kernel("copy", 3, p -> at(p[1], p[2]).copyFrom(at(p[0], p[2]))); // from, to, bytes
    kernel("increment", 1, p -> {
      MemorySegment counter = at(p[0], 8);
      counter.set(ValueLayout.JAVA_LONG, 0, counter.get(ValueLayout.JAVA_LONG, 0) + 1);
    });
    kernel("report", 3, p -> { // faults, call, value: as report() of ktrain.cuh
      MemorySegment faults = at(p[0], Faults.BYTES);
      if (faults.get(ValueLayout.JAVA_LONG, 0) != 0) return;
      faults.set(ValueLayout.JAVA_LONG, 0, p[1] + 1);
      faults.set(ValueLayout.JAVA_LONG, 8, p[2]);
    });
  }

  void kernel(String name, int parameters, Body body) {
    kernels.put(name, new Kernel(parameters, body));
  }

  /** From here on the stream of that number, in the order in which they were made, runs commands as soon as it may. */
  synchronized void runAhead(int stream) {
    new ArrayList<>(streams.values()).get(stream).ahead = true;
  }

  /** Lets the device have no more than that. */
  synchronized void capacity(long bytes) {
    capacity = bytes;
  }

  /** The next call that puts something on a stream throws this. */
  synchronized void failNext(RuntimeException e) {
    failing = e;
  }

  synchronized long deviceBlocks() {
    return device.blocks();
  }

  synchronized long deviceBytes() {
    return device.bytes();
  }

  synchronized long liveEvents() {
    return events.size();
  }

  // ---- what the fake notices

  static IllegalStateException misuse(String what) {
    return new IllegalStateException("fake driver: " + what);
  }

  /** The memory of a stretch of a device's block. */
  synchronized MemorySegment at(long address, long bytes) {
    return device.at(address, bytes);
  }

  private long context() {
    Long c = current.get();
    if (c == null) throw misuse("no context is current on " + Thread.currentThread().getName());
    return c;
  }

  private Stream stream(long handle) {
    Stream s = streams.get(handle);
    if (s == null) throw misuse("no stream " + handle);
    if (s.context != context()) throw misuse("a stream of another context");
    return s;
  }

  private Event event(long handle) {
    Event e = events.get(handle);
    if (e == null) throw misuse("no event " + handle);
    return e;
  }

  private void put(long stream, String what, Runnable run) {
    put(stream(stream), what, () -> true, () -> {}, run);
  }

  private void put(Stream s, String what, BooleanSupplier ready, Runnable force, Runnable run) {
    calls.add(what);
    if (failing != null) {
      RuntimeException e = failing;
      failing = null;
      throw e;
    }
    s.waiting.add(new Command(ready, force, run));
    streams.values().stream().filter(x -> x.ahead).forEach(FakeDriver::runReady);
  }

  private static void runReady(Stream s) {
    while (!s.waiting.isEmpty() && s.waiting.peek().ready.getAsBoolean()) s.waiting.remove().run.run();
  }

  private static void finish(Stream s) {
    while (!s.waiting.isEmpty()) {
      s.waiting.peek().force.run();
      s.waiting.remove().run.run();
    }
  }

  private static void finishUntil(Event e, long version) {
    while (e.done < version) {
      e.stream.waiting.peek().force.run();
      e.stream.waiting.remove().run.run();
    }
  }

  // ---- the driver

  @Override
  public int init() {
    return 0;
  }

  @Override
  public String name(int code) {
    return "CUDA_ERROR_" + code;
  }

  @Override
  public int version() {
    return 13000;
  }

  @Override
  public int devices() {
    return devices;
  }

  @Override
  public DeviceProperties properties(int device) {
    return new DeviceProperties("fake", 9, 0, 4, capacity, 232448);
  }

  @Override
  public long retain(int device) {
    return 0xC0 + device;
  }

  @Override
  public void makeCurrent(long context) {
    current.set(context);
  }

  @Override
  public synchronized long allocate(long bytes) {
    if (bytes <= 0) throw misuse("an allocation of " + bytes + " bytes");
    if (bytes > available()) return 0;
    calls.add("allocate " + bytes);
    return device.add(context(), bytes);
  }

  /** Waits for all that runs, as the driver does. */
  @Override
  public synchronized void free(long address) {
    long context = context();
    for (Stream s : streams.values()) if (s.context == context) finish(s);
    device.remove(context, address);
    calls.add("free");
  }

  @Override
  public synchronized long available() {
    return capacity - device.bytes(context());
  }

  @Override
  public synchronized long allocateHost(long bytes) {
    return host.add(context(), bytes);
  }

  /** Unlike {@link #free}, waits for nothing. */
  @Override
  public synchronized void freeHost(long address) {
    host.remove(context(), address);
  }

  @Override
  public synchronized void toDevice(long to, long fromHost, long bytes, long stream) {
    at(to, bytes);
    host.at(fromHost, bytes);
    put(stream, "toDevice " + bytes, () -> at(to, bytes).copyFrom(host.at(fromHost, bytes)));
  }

  @Override
  public synchronized void toHost(long toHost, long from, long bytes, long stream) {
    at(from, bytes);
    host.at(toHost, bytes);
    put(stream, "toHost " + bytes, () -> host.at(toHost, bytes).copyFrom(at(from, bytes)));
  }

  @Override
  public synchronized void copy(long to, long from, long bytes, long stream) {
    at(from, bytes);
    at(to, bytes);
    put(stream, "copy " + bytes, () -> at(to, bytes).copyFrom(at(from, bytes)));
  }

  @Override
  public synchronized void copyPeer(long to, long toContext, long from, long fromContext, long bytes, long stream) {
    boolean theirs = device.context(to) == toContext && device.context(from) == fromContext;
    if (!theirs) throw misuse("copyPeer between other contexts");
    copy(to, from, bytes, stream);
  }

  @Override
  public synchronized void fill(long to, byte value, long bytes, long stream) {
    at(to, bytes);
    put(stream, "fill " + bytes, () -> at(to, bytes).fill(value));
  }

  @Override
  public synchronized long createStream() {
    streams.put(nextHandle, new Stream(context()));
    return nextHandle++;
  }

  @Override
  public long pointer(long stream) {
    return stream;
  }

  @Override
  public synchronized void synchronize(long stream) {
    calls.add("synchronize");
    finish(stream(stream));
  }

  /** Waits for the last time the event was recorded before now. */
  @Override
  public synchronized void await(long stream, long event) {
    Event e = event(event);
    long version = e.recorded;
    put(stream(stream), "await", () -> e.done >= version, () -> finishUntil(e, version), () -> {});
  }

  @Override
  public synchronized long createEvent() {
    events.put(nextHandle, new Event(context()));
    return nextHandle++;
  }

  @Override
  public synchronized void destroyEvent(long event) {
    event(event);
    events.remove(event);
  }

  @Override
  public synchronized void record(long event, long stream) {
    Event e = event(event);
    if (e.context != context()) throw misuse("an event of another context is recorded");
    e.stream = stream(stream);
    long version = ++e.recorded;
    put(stream, "record", () -> e.done = version);
  }

  @Override
  public synchronized boolean isDone(long event) {
    Event e = event(event);
    boolean done = e.done >= e.recorded;
    if (!done) finishUntil(e, e.recorded); // a device goes on while it is asked
    return done;
  }

  @Override
  public synchronized void synchronizeEvent(long event) {
    Event e = event(event);
    finishUntil(e, e.recorded);
  }

  @Override
  public synchronized long load(byte[] image) {
    context();
    modules.add(nextHandle);
    return nextHandle++;
  }

  @Override
  public Long tryLoad(byte[] image) {
    return load(image);
  }

  @Override
  public synchronized long function(long module, String name) {
    if (!modules.contains(module) || !kernels.containsKey(name)) throw misuse("no kernel " + name);
    functions.put(nextHandle, kernels.get(name));
    return nextHandle++;
  }

  /** Parameters are read now, as the driver does. */
  @Override
  public synchronized void launch(long function, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ,
      int shared, long stream, long parameters) {
    Kernel k = functions.get(function);
    if (k == null) throw misuse("no function " + function);
    long[] values = new long[k.parameters];
    MemorySegment table = MemorySegment.ofAddress(parameters).reinterpret(8L * k.parameters);
    for (int i = 0; i < values.length; i++)
      values[i] = MemorySegment.ofAddress(table.getAtIndex(ValueLayout.JAVA_LONG, i)).reinterpret(8)
          .get(ValueLayout.JAVA_LONG, 0);
    put(stream, "launch", () -> k.body.run(values));
  }

  // ---- graphs are not faked: the stand-in driver has them

  @Override
  public void beginCapture(long stream) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long endCapture(long stream) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void destroyGraph(long graph) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long instantiate(long graph) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean update(long ready, long graph) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void launchGraph(long ready, long stream) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void destroyReady(long ready) {
    throw new UnsupportedOperationException();
  }
}
